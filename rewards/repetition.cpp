#include "rewards/repetition.h"

#include <algorithm>
#include <bit>

#include "rewards/script.h"
#include "rewards/tags.h"
#include "rewards/utf8_text.h"

namespace hone::rewards {
namespace {

using rl::Verdict;

constexpr const char* kUnits[] = {"words", "tokens"};
constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;

uint64_t multiply(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  const uint64_t sum = static_cast<uint64_t>(product & kPrime) + static_cast<uint64_t>(product >> 61);
  return sum >= kPrime ? sum - kPrime : sum;
}

uint64_t mix(uint64_t h) {
  h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCDull;
  h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53ull;
  return h ^ (h >> 33);
}

// Counts values that were not there before; room for `most` of them.
class DistinctCounter {
 public:
  explicit DistinctCounter(size_t most) : slots_(std::bit_ceil(2 * most + 1), kEmpty) {}

  void add(uint64_t value) {
    const size_t mask = slots_.size() - 1;
    size_t at = mix(value) & mask;
    while (slots_[at] != kEmpty && slots_[at] != value) at = (at + 1) & mask;
    count_ += slots_[at] == kEmpty;
    slots_[at] = value;
  }
  size_t count() const { return count_; }

 private:
  static constexpr uint64_t kEmpty = UINT64_MAX;  // no residue
  std::vector<uint64_t> slots_;
  size_t count_ = 0;
};

}  // namespace

HONE_CHECKER("repetition", RepetitionChecker, "penalty for n-grams that come again");

std::span<const char* const> enum_names(RepetitionUnit) { return kUnits; }

std::vector<uint64_t> word_hashes(std::string_view text) {
  constexpr uint64_t kStart = 0xCBF29CE484222325ull, kFactor = 0x100000001B3ull;
  std::vector<uint64_t> words;
  uint64_t word = kStart;
  const auto end_word = [&] {
    if (word != kStart) words.push_back(mix(word));
    word = kStart;
  };
  while (!text.empty()) {
    const CodePoint letter = first_code_point(text);
    const std::string_view bytes = text.substr(0, std::max<size_t>(letter.length, 1));
    text.remove_prefix(bytes.size());
    if (bytes.size() == 1 && is_space(bytes[0])) {
      end_word();
      continue;
    }
    const bool alone = letter.length > 1 && is_spaceless(script_of(letter.value));
    if (alone) end_word();
    for (char c : bytes) word = (word ^ static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + 32 : c)) * kFactor;
    if (alone) end_word();
  }
  end_word();
  return words;
}

double repeated_share(std::span<const uint64_t> items, int64_t n) {
  HONE_CHECK_LE(1, n);
  const size_t length = static_cast<size_t>(n);
  if (items.size() < length) return 0;
  constexpr uint64_t kBase = 0x1234567890ABCDEull;  // any residue
  uint64_t first_power = 1;                         // kBase^(n - 1): the weight of the item that leaves
  for (size_t i = 1; i < length; ++i) first_power = multiply(first_power, kBase);
  const size_t count = items.size() - length + 1;
  DistinctCounter distinct(count);
  uint64_t hash = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i >= length) hash = (hash + kPrime - multiply(mix(items[i - length]) % kPrime, first_power)) % kPrime;
    hash = (multiply(hash, kBase) + mix(items[i]) % kPrime) % kPrime;
    if (i + 1 >= length) distinct.add(hash);
  }
  return 1 - static_cast<double>(distinct.count()) / static_cast<double>(count);
}

Fields RepetitionChecker::Options::fields() {
  return {field("unit", unit, {.help = "What an n-gram is made of."}),
          field("ngram", ngram, {.help = "Length of an n-gram.", .range = between(1, 1024)}),
          field("max_penalty", max_penalty,
                {.help = "Score of a text that only repeats itself.", .range = between(-1e6, 0)})};
}

Result<std::unique_ptr<Checker>> RepetitionChecker::make(const Options& options, const CheckerContext&) {
  return std::unique_ptr<Checker>(new RepetitionChecker(options));
}

CheckResult RepetitionChecker::check(const CheckInput& input) const {
  std::vector<uint64_t> items;
  if (options_.unit == RepetitionUnit::kWords) {
    items = word_hashes(input.completion);
  } else {
    if (input.tokens.empty() && !input.completion.empty())
      return {.verdict = Verdict::kNotApplicable, .reason = "the tokens of the completion are not known"};
    items.assign(input.tokens.begin(), input.tokens.end());
  }
  const double share = repeated_share(items, options_.ngram);
  // Not -0.0 where nothing repeats.
  return {.verdict = Verdict::kScored, .score = share > 0 ? share * options_.max_penalty : 0};
}

}  // namespace hone::rewards
