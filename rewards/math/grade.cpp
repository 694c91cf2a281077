#include "rewards/math/grade.h"

#include <algorithm>
#include <optional>

#include "rewards/math/ascii.h"
#include "rewards/math/compare.h"
#include "rewards/math/extract.h"
#include "rewards/math/parser.h"
#include "rewards/math/plain_text.h"
#include "rewards/math/print.h"

namespace hone::math {
namespace {

// About 20 ms of arithmetic (numeric_evaluator.h gives the unit).
constexpr int64_t kStepsPerAnswer = 300000;

uint64_t fnv1a(std::string_view text, uint64_t hash = 0xcbf29ce484222325u) {
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

// One side of a comparison. A text that reads as words is compared as words.
struct Side {
  std::string text;  // ASCII
  std::optional<std::string> words;
  Parsed parsed;                          // root kNone: words only, or not readable
  NodeId with_decimal_comma = kNone;      // the other reading of 1,22
  NodeId with_natural_logarithm = kNone;  // the other reading of log

  bool readable() const { return words.has_value() || parsed.root != kNone; }
};

// "1,22": a comma that might be a decimal point, the only one.
bool may_have_decimal_comma(std::string_view text) {
  const size_t comma = text.find(',');
  if (comma == text.npos || text.find(',', comma + 1) != text.npos || comma == 0 || comma + 1 == text.size())
    return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return is_digit(text[comma - 1]) && is_digit(text[comma + 1]);
}

Side read_side(Tree& tree, std::string_view text, const Policy& policy) {
  Side side;
  text = trim_answer(text);
  if (text.size() > kMaxAnswerBytes) {
    side.parsed = {kNone, "an answer of more than 4096 bytes", true};
    return side;
  }
  side.text = is_ascii(text) ? std::string(text) : to_ascii(text);
  if (side.words = plain_words(side.text); side.words) return side;
  Policy first = policy;
  first.decimal_comma = DecimalComma::kNever;
  side.parsed = parse(tree, side.text, first);
  if (side.parsed.root != kNone && policy.decimal_comma == DecimalComma::kAuto && may_have_decimal_comma(side.text))
    side.with_decimal_comma = parse(tree, side.text, policy).root;
  if (side.parsed.root != kNone && policy.logarithm == Logarithm::kEither && side.text.find("log") != side.text.npos) {
    first.logarithm = Logarithm::kNatural;
    side.with_natural_logarithm = parse(tree, side.text, first).root;
  }
  if (side.parsed.root != kNone || side.parsed.limit) return side;
  if (const auto choice = choice_letter(side.text))
    side.parsed.root = tree.symbol(std::string(1, *choice - 'a' + 'A'));
  else
    side.words = prose(side.text);
  return side;
}

std::string canonical(const Tree& tree, const Side& side) {
  if (side.words) return *side.words;
  if (side.parsed.root == kNone) return {};
  Budget budget(2000);
  const Values none;
  const auto value = ExactEvaluator(tree, none, budget).evaluate(side.parsed.root);
  return value ? value->str() : print(tree, side.parsed.root);
}

// The answer in a gold that may be a whole solution.
std::vector<std::string> gold_candidates(std::string_view gold) {
  Policy boxes_only;
  boxes_only.extraction = Extraction::kBoxed;
  boxes_only.after_think = false;
  const Found found = find_answer(gold, boxes_only);
  if (found.boxed) {
    std::string joined;
    for (std::string_view box : found.boxes) (joined += joined.empty() ? "" : ", ") += box;
    return {joined};
  }
  if (const size_t at = gold.rfind("####"); at != gold.npos) return {std::string(gold.substr(at + 4))};
  std::vector<std::string> candidates;
  if (!is_sentence(trim_answer(gold)))
    candidates.emplace_back(gold);
  else
    for (std::string_view text : find_gold(gold)) candidates.emplace_back(text);
  if (candidates.empty()) candidates.emplace_back(gold);
  return candidates;
}

Side read_gold(Tree& tree, std::string_view gold, const Policy& policy) {
  Side first;
  const std::vector<std::string> candidates = gold_candidates(gold);
  for (size_t i = 0; i < candidates.size(); ++i) {
    Side side = read_side(tree, candidates[i], policy);
    if (side.parsed.root != kNone || (side.words && i + 1 == candidates.size())) return side;
    if (i == 0) first = std::move(side);
  }
  return first;
}

class Grader {
 public:
  Grader(std::string_view gold, const Policy& policy)
      : policy_(policy), whole_gold_(trim_answer(gold)), gold_(read_gold(tree_, gold, policy)) {}

  bool gold_ok() const { return gold_.readable() && gold_.words != "nan"; }
  bool gold_is_words() const { return gold_.words.has_value(); }
  const std::string& gold_error() const { return gold_.parsed.error; }
  std::string gold_canonical() const { return canonical(tree_, gold_); }
  bool gold_is_list() const {
    return gold_.parsed.root != kNone &&
           (tree_[gold_.parsed.root].kind == Kind::kList || tree_[gold_.parsed.root].kind == Kind::kSet ||
            tree_[gold_.parsed.root].kind == Kind::kTuple || tree_[gold_.parsed.root].kind == Kind::kPlusMinus);
  }

  Grade check(std::string_view text) {
    Grade result;
    const Side answer = read_side(tree_, text, policy_);
    result.extracted = std::string(trim_answer(text));
    result.canonical = canonical(tree_, answer);
    result.gold_canonical = gold_canonical();
    if (answer.text.empty() && !answer.parsed.limit) {
      result.outcome = Outcome::kNoAnswer;
      result.reason = "the answer is empty";
      return result;
    }
    if (matches(answer)) {
      result.outcome = Outcome::kCorrect;
    } else if (answer.parsed.limit || budget_.exhausted()) {
      result.outcome = Outcome::kLimit;
      result.reason = budget_.exhausted() ? "the comparison took too many steps" : answer.parsed.error;
    } else if (!answer.readable()) {
      result.outcome = Outcome::kParseError;
      result.reason = answer.parsed.error;
    } else {
      result.outcome = Outcome::kWrong;
    }
    return result;
  }

 private:
  bool matches(const Side& answer) {
    if (!answer.parsed.limit && (answer.text == gold_.text || answer.text == whole_gold_)) return true;
    if (gold_.words && answer.words) return *gold_.words == *answer.words;
    if (const auto choice = choice_letter(gold_.text); choice && choice_letter(answer.text) == choice) return true;
    const NodeId golds[] = {root_of(gold_), gold_.with_decimal_comma},
                 answers[] = {root_of(answer), answer.with_decimal_comma};
    for (NodeId gold : golds)
      for (NodeId candidate : answers)
        if (gold != kNone && candidate != kNone && equal(gold, candidate, answer)) return true;
    if (gold_.with_natural_logarithm == kNone && answer.with_natural_logarithm == kNone) return false;
    const auto natural = [&](const Side& side, NodeId other) {
      return side.with_natural_logarithm != kNone ? side.with_natural_logarithm : other;
    };
    const NodeId gold = natural(gold_, golds[0]), candidate = natural(answer, answers[0]);
    return gold != kNone && candidate != kNone && equal(gold, candidate, answer);
  }

  // Words against an expression: the letters may have been meant as a product.
  NodeId root_of(const Side& side) {
    if (side.parsed.root != kNone || !side.words) return side.parsed.root;
    return parse(tree_, side.text, policy_).root;
  }

  bool equal(NodeId gold, NodeId candidate, const Side& answer) {
    const uint64_t seed = fnv1a(answer.text, fnv1a(gold_.text));
    return Comparer(tree_, policy_, budget_, seed).equal(gold, candidate) && !budget_.exhausted();
  }

  const Policy& policy_;
  Tree tree_;
  std::string_view whole_gold_;
  Side gold_;
  Budget budget_{kStepsPerAnswer};  // of all that this gold is compared with
};

std::string joined(const std::vector<std::string_view>& parts) {
  std::string text;
  for (std::string_view part : parts) {
    if (text.size() > kMaxAnswerBytes) break;
    if (!text.empty()) text += ", ";
    text += part.substr(0, kMaxAnswerBytes + 1);
  }
  return text;
}

// Every text that the policy lets count as the answer, best first; the first that is right decides, else the first.
std::vector<std::string> answers_of(const Found& found, const Policy& policy, bool gold_is_list) {
  std::vector<std::string> answers;
  if (!found.boxed) return answers;
  if (policy.boxes == Boxes::kJoined) return {joined(found.all_boxes)};
  if (policy.boxes == Boxes::kLast && found.hedged) return {joined(found.boxes)};
  answers.emplace_back(found.candidates[0]);
  if (found.percent_follows) answers[0] += "\\%";
  if (policy.boxes == Boxes::kLast && gold_is_list && found.boxes.size() > 1) answers.push_back(joined(found.boxes));
  if (policy.boxes == Boxes::kAny)
    for (size_t i = found.all_boxes.size(); i-- > 0;) answers.emplace_back(found.all_boxes[i]);
  return answers;
}

Grade grade_one(std::string_view gold, const Found& found, const Policy& policy) {
  Grader grader(gold, policy);
  Grade result;
  if (!grader.gold_ok()) {
    result.reason = grader.gold_error();
    return result;
  }
  result.gold_canonical = grader.gold_canonical();
  if (!found.sentence.empty() && grader.gold_is_words()) {
    Grade whole = grader.check(found.sentence);
    if (whole.outcome == Outcome::kCorrect) return whole;
  }
  if (found.candidates.empty()) {
    result.outcome = Outcome::kNoAnswer;
    result.reason = found.reason;
    return result;
  }
  if (found.boxed) {
    std::optional<Grade> first;
    for (const std::string& answer : answers_of(found, policy, grader.gold_is_list())) {
      Grade one = grader.check(answer);
      if (one.outcome == Outcome::kCorrect) return one;
      if (!first) first = std::move(one);
    }
    return *first;
  }
  std::optional<Grade> unreadable;
  for (std::string_view candidate : found.candidates) {
    Grade one = grader.check(candidate);
    if (one.outcome != Outcome::kParseError && one.outcome != Outcome::kNoAnswer) return one;
    if (!unreadable) unreadable = std::move(one);
  }
  return *unreadable;
}

}  // namespace

Result<void> check_gold(std::string_view gold, const Policy& policy) {
  const Grader grader(gold, policy);
  if (grader.gold_ok()) return {};
  return Error{.message = grader.gold_error().empty() ? "is empty" : grader.gold_error(), .field = "gold"};
}

Grade grade(const std::vector<std::string>& golds, std::string_view completion, bool bare, const Policy& policy) {
  Found found;
  if (bare) {
    if (!trim_answer(completion).empty()) found.candidates = {completion};
    found.reason = "the answer is empty";
  } else {
    found = find_answer(completion, policy);
  }
  Grade result;
  for (const std::string& gold : golds) {
    Grade one = grade_one(gold, found, policy);
    if (one.outcome == Outcome::kCorrect || one.outcome == Outcome::kGoldError) return one;
    if (result.outcome == Outcome::kGoldError) result = std::move(one);
  }
  return result;
}

}  // namespace hone::math
