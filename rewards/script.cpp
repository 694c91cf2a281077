#include "rewards/script.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace hone::rewards {
namespace {

using enum Script;

struct Block {
  char32_t first, last;
  Script script;
};

// In order, without overlap. What lies between two blocks is kOther.
constexpr Block kBlocks[] = {
    {0x0000, 0x0040, kNone},     {0x0041, 0x005A, kLatin},      {0x005B, 0x0060, kNone},
    {0x0061, 0x007A, kLatin},    {0x007B, 0x00A9, kNone},       {0x00AA, 0x00AA, kLatin},
    {0x00AB, 0x00B9, kNone},     {0x00BA, 0x00BA, kLatin},      {0x00BB, 0x00BF, kNone},
    {0x00C0, 0x00D6, kLatin},    {0x00D7, 0x00D7, kNone},       {0x00D8, 0x00F6, kLatin},
    {0x00F7, 0x00F7, kNone},     {0x00F8, 0x02B8, kLatin},      {0x02B9, 0x036F, kNone},
    {0x0370, 0x0374, kGreek},    {0x0375, 0x0375, kNone},       {0x0376, 0x037D, kGreek},
    {0x037E, 0x037E, kNone},     {0x037F, 0x037F, kGreek},      {0x0384, 0x0385, kNone},
    {0x0386, 0x0386, kGreek},    {0x0387, 0x0387, kNone},       {0x0388, 0x03E1, kGreek},
    {0x03F0, 0x03F5, kGreek},    {0x03F6, 0x03F6, kNone},       {0x03F7, 0x03FF, kGreek},
    {0x0400, 0x0481, kCyrillic}, {0x0482, 0x0489, kNone},       {0x048A, 0x052F, kCyrillic},
    {0x0531, 0x0559, kArmenian}, {0x055A, 0x055F, kNone},       {0x0560, 0x0588, kArmenian},
    {0x0589, 0x05CF, kNone},     {0x05D0, 0x05F2, kHebrew},     {0x05F3, 0x061F, kNone},
    {0x0620, 0x064A, kArabic},   {0x064B, 0x066D, kNone},       {0x066E, 0x06D3, kArabic},
    {0x06D4, 0x06D4, kNone},     {0x06D5, 0x06D5, kArabic},     {0x06D6, 0x06ED, kNone},
    {0x06EE, 0x06EF, kArabic},   {0x06F0, 0x06F9, kNone},       {0x06FA, 0x06FC, kArabic},
    {0x06FD, 0x06FE, kNone},     {0x06FF, 0x06FF, kArabic},     {0x0700, 0x070F, kNone},
    {0x0750, 0x077F, kArabic},   {0x0870, 0x08C9, kArabic},     {0x08CA, 0x08FF, kNone},
    {0x0900, 0x0963, kDevanagari}, {0x0964, 0x0970, kNone},     {0x0971, 0x097F, kDevanagari},
    {0x0980, 0x09E3, kBengali},  {0x09E4, 0x09EF, kNone},       {0x09F0, 0x09F1, kBengali},
    {0x09F2, 0x09FB, kNone},     {0x09FC, 0x09FE, kBengali},    {0x0A01, 0x0A5E, kGurmukhi},
    {0x0A5F, 0x0A6F, kNone},     {0x0A70, 0x0A75, kGurmukhi},   {0x0A76, 0x0A80, kNone},
    {0x0A81, 0x0AE3, kGujarati}, {0x0AE4, 0x0AF1, kNone},       {0x0AF9, 0x0AFF, kGujarati},
    {0x0B01, 0x0B63, kOdia},     {0x0B64, 0x0B70, kNone},       {0x0B71, 0x0B71, kOdia},
    {0x0B72, 0x0B77, kNone},     {0x0B82, 0x0BD7, kTamil},      {0x0BE6, 0x0BFA, kNone},
    {0x0C00, 0x0C63, kTelugu},   {0x0C64, 0x0C7F, kNone},       {0x0C80, 0x0CE3, kKannada},
    {0x0CE4, 0x0CEF, kNone},     {0x0CF1, 0x0CF3, kKannada},    {0x0D00, 0x0D63, kMalayalam},
    {0x0D64, 0x0D79, kNone},     {0x0D7A, 0x0D7F, kMalayalam},  {0x0D81, 0x0DDF, kSinhala},
    {0x0DE6, 0x0DEF, kNone},     {0x0DF2, 0x0DF3, kSinhala},    {0x0DF4, 0x0DF4, kNone},
    {0x0E01, 0x0E3A, kThai},     {0x0E3B, 0x0E3F, kNone},       {0x0E40, 0x0E4E, kThai},
    {0x0E4F, 0x0E5B, kNone},     {0x0E81, 0x0ECE, kLao},        {0x0ED0, 0x0ED9, kNone},
    {0x0EDC, 0x0EDF, kLao},      {0x0F00, 0x0F00, kTibetan},    {0x0F01, 0x0F3F, kNone},
    {0x0F40, 0x0FBC, kTibetan},  {0x0FBE, 0x0FDA, kNone},       {0x1000, 0x103F, kMyanmar},
    {0x1040, 0x104F, kNone},     {0x1050, 0x108F, kMyanmar},    {0x1090, 0x1099, kNone},
    {0x109A, 0x109D, kMyanmar},  {0x109E, 0x109F, kNone},       {0x10A0, 0x10FA, kGeorgian},
    {0x10FB, 0x10FB, kNone},     {0x10FC, 0x10FF, kGeorgian},   {0x1100, 0x11FF, kHangul},
    {0x1200, 0x135A, kEthiopic}, {0x135D, 0x137C, kNone},       {0x1380, 0x138F, kEthiopic},
    {0x1390, 0x1399, kNone},     {0x1780, 0x17D3, kKhmer},      {0x17D4, 0x17D6, kNone},
    {0x17D7, 0x17D7, kKhmer},    {0x17D8, 0x17DB, kNone},       {0x17DC, 0x17DD, kKhmer},
    {0x17E0, 0x1819, kNone},     {0x1C80, 0x1C8A, kCyrillic},   {0x1C90, 0x1CBF, kGeorgian},
    {0x1D00, 0x1D25, kLatin},    {0x1D26, 0x1D2A, kGreek},      {0x1D2B, 0x1D2B, kCyrillic},
    {0x1D2C, 0x1D5C, kLatin},    {0x1D5D, 0x1D61, kGreek},      {0x1D62, 0x1D65, kLatin},
    {0x1D66, 0x1D6A, kGreek},    {0x1D6B, 0x1D77, kLatin},      {0x1D78, 0x1D78, kCyrillic},
    {0x1D79, 0x1DBE, kLatin},    {0x1DBF, 0x1DBF, kGreek},      {0x1DC0, 0x1DFF, kNone},
    {0x1E00, 0x1EFF, kLatin},    {0x1F00, 0x1FFF, kGreek},      {0x2000, 0x2070, kNone},
    {0x2071, 0x2071, kLatin},    {0x2072, 0x207E, kNone},       {0x207F, 0x207F, kLatin},
    {0x2080, 0x208F, kNone},     {0x2090, 0x209C, kLatin},      {0x209D, 0x2129, kNone},
    {0x212A, 0x212B, kLatin},    {0x212C, 0x2BFF, kNone},       {0x2C60, 0x2C7F, kLatin},
    {0x2D00, 0x2D2D, kGeorgian}, {0x2D80, 0x2DDE, kEthiopic},   {0x2DE0, 0x2E7F, kNone},
    {0x2E80, 0x2FD5, kHan},      {0x2FD6, 0x3004, kNone},       {0x3005, 0x3007, kHan},
    {0x3008, 0x3020, kNone},     {0x3021, 0x3029, kHan},        {0x302A, 0x3040, kNone},
    {0x3041, 0x3096, kKana},     {0x3097, 0x309C, kNone},       {0x309D, 0x309F, kKana},
    {0x30A0, 0x30A0, kNone},     {0x30A1, 0x30FA, kKana},       {0x30FB, 0x30FB, kNone},
    {0x30FC, 0x30FF, kKana},     {0x3131, 0x318E, kHangul},     {0x3190, 0x319F, kNone},
    {0x31C0, 0x31EF, kNone},     {0x31F0, 0x31FF, kKana},       {0x3200, 0x33FF, kNone},
    {0x3400, 0x4DBF, kHan},      {0x4DC0, 0x4DFF, kNone},       {0x4E00, 0x9FFF, kHan},
    {0xA640, 0xA66E, kCyrillic}, {0xA66F, 0xA67F, kNone},       {0xA680, 0xA69D, kCyrillic},
    {0xA69E, 0xA69F, kNone},     {0xA700, 0xA721, kNone},       {0xA722, 0xA787, kLatin},
    {0xA788, 0xA78A, kNone},     {0xA78B, 0xA7FF, kLatin},      {0xA8E0, 0xA8FF, kDevanagari},
    {0xA960, 0xA97C, kHangul},   {0xA9E0, 0xA9FE, kMyanmar},    {0xAA60, 0xAA7F, kMyanmar},
    {0xAB01, 0xAB2E, kEthiopic}, {0xAB30, 0xAB5A, kLatin},      {0xAB5B, 0xAB5B, kNone},
    {0xAB5C, 0xAB64, kLatin},    {0xAB65, 0xAB65, kGreek},      {0xAB66, 0xAB69, kLatin},
    {0xAC00, 0xD7FB, kHangul},   {0xD800, 0xF8FF, kNone},       {0xF900, 0xFAD9, kHan},
    {0xFB00, 0xFB06, kLatin},    {0xFB13, 0xFB17, kArmenian},   {0xFB1D, 0xFB4F, kHebrew},
    {0xFB50, 0xFDFF, kArabic},   {0xFE00, 0xFE6F, kNone},       {0xFE70, 0xFEFC, kArabic},
    {0xFEFD, 0xFF20, kNone},     {0xFF21, 0xFF3A, kLatin},      {0xFF3B, 0xFF40, kNone},
    {0xFF41, 0xFF5A, kLatin},    {0xFF5B, 0xFF65, kNone},       {0xFF66, 0xFF9F, kKana},
    {0xFFA0, 0xFFDC, kHangul},   {0xFFE0, 0x1003F, kNone},      {0x10100, 0x101FF, kNone},
    {0x1B000, 0x1B16F, kKana},   {0x1D000, 0x1D3FF, kNone},     {0x1D400, 0x1D6A7, kLatin},
    {0x1D6A8, 0x1D7CB, kGreek},  {0x1D7CC, 0x1D7FF, kNone},     {0x1DF00, 0x1DF2A, kLatin},
    {0x1E7E0, 0x1E7FE, kEthiopic}, {0x1EE00, 0x1EEFF, kArabic}, {0x1F000, 0x1FBFF, kNone},
    {0x20000, 0x3FFFF, kHan},    {0xE0000, 0x10FFFF, kNone},
};

constexpr bool ordered() {
  for (size_t i = 0; i < std::size(kBlocks); ++i) {
    if (kBlocks[i].last < kBlocks[i].first) return false;
    if (i > 0 && kBlocks[i].first <= kBlocks[i - 1].last) return false;
  }
  return true;
}
static_assert(ordered());

constexpr Script find_script(char32_t code_point) {
  size_t low = 0, high = std::size(kBlocks);
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (code_point > kBlocks[middle].last) low = middle + 1;
    else high = middle;
  }
  return low < std::size(kBlocks) && code_point >= kBlocks[low].first ? kBlocks[low].script : kOther;
}

// The Basic Multilingual Plane up to the end of Devanagari, where most letters of alphabets lie.
constexpr auto kFirst = [] {
  std::array<Script, 0x980> scripts;
  for (size_t i = 0; i < scripts.size(); ++i) scripts[i] = find_script(static_cast<char32_t>(i));
  return scripts;
}();

struct Language {
  std::string_view names;  // separated by spaces
  ScriptSet scripts;
};

constexpr Language kLanguages[] = {
    {"latin en de fr es it pt nl sv da no nb nn fi is et lv lt pl cs sk sl hr bs hu ro sq tr az uz vi id ms tl sw ca "
     "eu gl ga cy mt af eo la", set_of(kLatin)},
    {"greek el", set_of(kGreek)},
    {"cyrillic ru uk be bg mk kk ky mn tg", set_of(kCyrillic)},
    {"armenian hy", set_of(kArmenian)},
    {"hebrew he yi", set_of(kHebrew)},
    {"arabic ar fa ur ps ug", set_of(kArabic)},
    {"devanagari hi mr ne sa", set_of(kDevanagari)},
    {"bengali bn as", set_of(kBengali)},
    {"gurmukhi pa", set_of(kGurmukhi)},
    {"gujarati gu", set_of(kGujarati)},
    {"odia or", set_of(kOdia)},
    {"tamil ta", set_of(kTamil)},
    {"telugu te", set_of(kTelugu)},
    {"kannada kn", set_of(kKannada)},
    {"malayalam ml", set_of(kMalayalam)},
    {"sinhala si", set_of(kSinhala)},
    {"thai th", set_of(kThai)},
    {"lao lo", set_of(kLao)},
    {"tibetan bo dz", set_of(kTibetan)},
    {"myanmar my", set_of(kMyanmar)},
    {"georgian ka", set_of(kGeorgian)},
    {"ethiopic am ti", set_of(kEthiopic)},
    {"khmer km", set_of(kKhmer)},
    {"hangul ko", set_of(kHangul)},
    {"kana", set_of(kKana)},
    {"han zh", set_of(kHan)},
    {"ja", set_of(kKana) | set_of(kHan)},
};

template <class Visit>
void for_each_language(const Visit& visit) {
  for (const auto& [names, scripts] : kLanguages)
    for (size_t begin = 0; begin < names.size();) {
      const size_t end = std::min(names.find(' ', begin), names.size());
      visit(names.substr(begin, end - begin), scripts);
      begin = end + 1;
    }
}

}  // namespace

Script script_of(char32_t code_point) {
  return code_point < kFirst.size() ? kFirst[code_point] : find_script(code_point);
}

std::optional<ScriptSet> scripts_of_language(std::string_view language) {
  std::optional<ScriptSet> found;
  for_each_language([&](std::string_view name, ScriptSet scripts) {
    if (name == language) found = scripts;
  });
  return found;
}

std::vector<std::string> known_languages() {
  std::vector<std::string> names;
  for_each_language([&](std::string_view name, ScriptSet) { names.emplace_back(name); });
  return names;
}

}  // namespace hone::rewards
