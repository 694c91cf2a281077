// Which script a letter belongs to, after Scripts.txt of Unicode 15.0, in ranges of our own: whole blocks without their
// digits and punctuation. Vowel signs count as letters of their script.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hone::rewards {

enum class Script : uint8_t {
  kNone,   // no letter: digits, punctuation, symbols, marks
  kOther,  // a letter of a script without a name here
  kLatin, kGreek, kCyrillic, kArmenian, kHebrew, kArabic, kDevanagari, kBengali, kGurmukhi, kGujarati, kOdia, kTamil,
  kTelugu, kKannada, kMalayalam, kSinhala, kThai, kLao, kTibetan, kMyanmar, kGeorgian, kEthiopic, kKhmer, kHangul,
  kKana, kHan,
};
inline constexpr size_t kNumScripts = static_cast<size_t>(Script::kHan) + 1;

Script script_of(char32_t code_point);

// Written without spaces between words.
constexpr bool is_spaceless(Script script) {
  switch (script) {
    case Script::kHan: case Script::kKana: case Script::kThai: case Script::kLao: case Script::kKhmer:
    case Script::kMyanmar: case Script::kTibetan: return true;
    default: return false;
  }
}

// One bit for each script.
using ScriptSet = uint32_t;
constexpr ScriptSet set_of(Script script) { return ScriptSet{1} << static_cast<int>(script); }
constexpr bool contains(ScriptSet set, Script script) { return (set & set_of(script)) != 0; }
static_assert(kNumScripts <= 32);

// The scripts of a language by its ISO 639-1 code ("ja": kana and Han), or of a script by its name ("greek").
std::optional<ScriptSet> scripts_of_language(std::string_view language);
// All codes and names that scripts_of_language knows.
std::vector<std::string> known_languages();

}  // namespace hone::rewards
