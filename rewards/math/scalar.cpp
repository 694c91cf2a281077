#include "rewards/math/scalar.h"

#include <algorithm>

#include "base/philox.h"
#include "rewards/math/numeric.h"

namespace hone::math {
namespace {

constexpr int kPoints = 3;            // points at which an identity must hold
constexpr uint32_t kSignedDraws = 8;  // points at which symbols have either sign
constexpr uint32_t kSmallDraws = 14;  // from here on symbols are below one
constexpr uint32_t kDraws = 24;       // points tried until enough are defined

// Two balls of one precision. `trusted_bits`: what must be left of a value for its bound to mean anything.
template <class Real>
std::optional<bool> agree(const Ball<Real>& a, const Ball<Real>& b, double trusted_bits) {
  const Ball<Real> difference = a - b;
  const double error = log2_sum(a.error, b.error) + 2;
  if (difference.size() > error) return false;
  const double size = std::max({a.size(), b.size()});
  // A value that is all error, as sqrt(2)-sqrt(2), is told from zero by the bound alone.
  const double scale = size > error ? size : 0.0;
  if (error > scale - trusted_bits) return std::nullopt;
  return true;
}

}  // namespace

std::optional<Rational> ScalarComparer::exact(NodeId id) const {
  const Values none;
  return ExactEvaluator(tree_, none, budget_).evaluate(id);
}

int ScalarComparer::infinity(NodeId id) const {
  if (tree_.is_constant(id, Constant::kInfinity)) return 1;
  if (tree_[id].kind == Kind::kPercent) return infinity(tree_.child(id, 0));
  if (tree_[id].kind == Kind::kNegate) return -infinity(tree_.child(id, 0));
  return 0;
}

// What decides how symbols are drawn.
void ScalarComparer::survey(NodeId id, Survey& found) const {
  const Node& n = tree_[id];
  if (n.kind == Kind::kSymbol) found.symbols[n.payload] = true;
  if (tree_.is_constant(id, Constant::kI)) found.imaginary = true;
  const bool series = n.kind == Kind::kSum || n.kind == Kind::kProduct;
  found.whole |= series;
  if (n.kind == Kind::kPower) found.branches |= !tree_.is_integer_literal(tree_.child(id, 1));
  if (n.kind == Kind::kFunction) {
    const auto f = static_cast<Function>(n.tag);
    found.whole |= f == Function::kFactorial || f == Function::kDoubleFactorial || f == Function::kBinomial ||
                   f == Function::kGcd || f == Function::kLcm || f == Function::kMod;
    found.branches = true;
  }
  for (uint32_t i = series ? 1 : 0; i < n.count; ++i) survey(tree_.child(id, i), found);
}

bool ScalarComparer::has_symbols(NodeId id) const {
  Survey found(tree_.names());
  survey(id, found);
  return std::find(found.symbols.begin(), found.symbols.end(), true) != found.symbols.end();
}

bool ScalarComparer::contains(NodeId id, NodeId symbol) const {
  if (tree_[id].kind == Kind::kSymbol && tree_[id].payload == tree_[symbol].payload) return true;
  const auto children = tree_.children(id);
  return std::any_of(children.begin(), children.end(), [&](NodeId child) { return contains(child, symbol); });
}

// Values for one attempt: the first all positive, the next with every pattern of signs of three symbols, then positive
// again, then below one. False when there is nothing to draw.
bool ScalarComparer::draw(uint32_t attempt, const Survey& found, Values& values) const {
  PhiloxStream random(seed_, attempt);
  values.assign(found.symbols.size(), std::nullopt);
  size_t place = 0;
  for (size_t i = 0; i < found.symbols.size(); ++i) {
    if (!found.symbols[i]) continue;
    ++place;
    if (found.whole) {
      values[i] = Rational(5 + random.below(attempt < 2 ? 8 : 20));
      continue;
    }
    const uint32_t numerator = 1 + random.below(60);
    const Rational size(numerator, attempt < kSmallDraws ? 7 + random.below(13) : 61 + random.below(13));
    values[i] = attempt < kSignedDraws && (attempt >> (place % 3) & 1) == 1 ? Rational(-size) : size;
  }
  return place > 0;
}

template <class Real>
std::optional<bool> agree_at(const Tree& tree, NodeId a, NodeId b, const Values& values, Budget& budget, bool real_only,
                             double trusted_bits, Failure& failure) {
  NumericEvaluator<Real> left(tree, values, budget, real_only), right(tree, values, budget, real_only);
  const auto x = left.evaluate(a), y = x ? right.evaluate(b) : std::nullopt;
  failure = x ? right.failure() : left.failure();
  if (!y) return std::nullopt;
  return agree(*x, *y, trusted_bits);
}

ScalarComparer::Answer ScalarComparer::same_at(NodeId a, NodeId b, const Values& values, bool real_only,
                                               bool thorough) const {
  ExactEvaluator left(tree_, values, budget_), right(tree_, values, budget_);
  const auto x = left.evaluate(a);
  const auto y = right.evaluate(b);
  if (x && y) return *x == *y ? Answer::kSame : Answer::kDifferent;
  if (left.failure() == Failure::kUndefined || right.failure() == Failure::kUndefined) return Answer::kUndefined;
  Failure failure = Failure::kNone;
  const auto rough = agree_at<double>(tree_, a, b, values, budget_, real_only, 20, failure);
  if (failure == Failure::kUndefined && real_only) return Answer::kUndefined;
  if (rough == false) return Answer::kDifferent;
  const auto fine = agree_at<Float50>(tree_, a, b, values, budget_, real_only, 90, failure);
  if (failure == Failure::kUndefined) return Answer::kUndefined;
  if (fine == false) return Answer::kDifferent;
  if (fine == true && !thorough) return Answer::kSame;
  const auto finest = agree_at<Float100>(tree_, a, b, values, budget_, real_only, 250, failure);
  if (finest == true) return Answer::kSame;
  return finest == false ? Answer::kDifferent : Answer::kUnknown;
}

bool ScalarComparer::same(NodeId a, NodeId b) const {
  if (const int sign = infinity(a); sign != 0 || infinity(b) != 0) return sign == infinity(b);
  Survey found(tree_.names());
  survey(a, found);
  survey(b, found);
  Values values;
  // Without symbols there is one point.
  if (!draw(0, found, values)) return same_at(a, b, values, false, true) == Answer::kSame;
  // Equal where both are real, or, where they never are, as complex functions.
  const std::optional<bool> verdict = found.imaginary ? std::nullopt : same_at_points(a, b, found, true);
  return verdict ? *verdict : same_at_points(a, b, found, false) == true;
}

// nullopt when too few points are defined.
std::optional<bool> ScalarComparer::same_at_points(NodeId a, NodeId b, const Survey& found, bool real_only) const {
  Values values;
  int held = 0;
  for (uint32_t attempt = 0; attempt < kDraws; ++attempt) {
    if (budget_.exhausted()) return false;
    if (held >= kPoints && (!found.branches || attempt >= kSignedDraws)) break;
    draw(attempt, found, values);
    const Answer answer = same_at(a, b, values, real_only, held == 0);
    if (answer == Answer::kDifferent || answer == Answer::kUnknown) return false;
    held += answer == Answer::kSame;
  }
  if (held == 0) return std::nullopt;
  return held >= kPoints;
}

bool ScalarComparer::within(NodeId gold, NodeId answer, const Rational& tolerance) const {
  const auto x = exact(gold), y = exact(answer);
  if (x && y) return abs(*x - *y) <= tolerance;
  const Values none;
  const auto a = NumericEvaluator<Float50>(tree_, none, budget_).evaluate(gold);
  const auto b = NumericEvaluator<Float50>(tree_, none, budget_).evaluate(answer);
  if (!a || !b || !a->is_real() || !b->is_real() || a->error > -90 || b->error > -90) return false;
  const Float50 difference = abs(a->re - b->re);
  return difference <= to_ball<Float50>(tolerance).re;
}

bool ScalarComparer::equal(NodeId gold, NodeId answer) const {
  if (same(gold, answer)) return true;
  if (policy_.tolerance == Tolerance::kExact || infinity(gold) != 0 || infinity(answer) != 0) return false;
  if (has_symbols(gold) || has_symbols(answer)) return false;
  if (policy_.tolerance == Tolerance::kRelative) {
    const auto size = exact(gold);
    const Values none;
    const auto rough = NumericEvaluator<Float50>(tree_, none, budget_).evaluate(gold);
    const Rational scale = size ? *size : rough ? Rational(rough->re) : Rational(0);
    return within(gold, answer, Rational(abs(scale) * Rational(policy_.relative)));
  }
  constexpr int kFewestDigits = 4, kFewestOfAnswer = 5;
  const auto gold_digits = decimal_of(tree_, gold), answer_digits = decimal_of(tree_, answer);
  if (!gold_digits && !answer_digits) return false;
  const auto value = exact(gold);
  if (!gold_digits && value && denominator(*value) == 1) return false;
  if (gold_digits && gold_digits->significant_digits < kFewestDigits) return false;
  if (!gold_digits && answer_digits->significant_digits < kFewestOfAnswer) return false;
  // A double printed with all its digits is right to fifteen of them.
  constexpr int kDigitsOfDouble = 15;
  Rational tolerance = gold_digits ? gold_digits->half_unit : answer_digits->half_unit;
  if ((gold_digits ? gold_digits : answer_digits)->significant_digits > kDigitsOfDouble) tolerance *= 20;
  return within(gold, answer, tolerance);
}

std::optional<int> ScalarComparer::order(NodeId a, NodeId b) const {
  if (infinity(a) != infinity(b)) return infinity(a) < infinity(b) ? -1 : 1;
  if (infinity(a) != 0) return 0;
  const auto x = exact(a), y = exact(b);
  if (x && y) return *x < *y ? -1 : *x == *y ? 0 : 1;
  if (has_symbols(a) || has_symbols(b)) return std::nullopt;
  if (same(a, b)) return 0;
  const Values none;
  const auto p = NumericEvaluator<Float50>(tree_, none, budget_).evaluate(a);
  const auto q = NumericEvaluator<Float50>(tree_, none, budget_).evaluate(b);
  if (!p || !q || !p->is_real() || !q->is_real()) return std::nullopt;
  return p->re < q->re ? -1 : 1;
}

std::optional<Decimal> decimal_of(const Tree& tree, NodeId id) {
  const Node& n = tree[id];
  if (n.kind == Kind::kNegate) return decimal_of(tree, tree.child(id, 0));
  if (n.kind == Kind::kPercent) {
    auto decimal = decimal_of(tree, tree.child(id, 0));
    if (decimal) decimal->half_unit /= 100;
    return decimal;
  }
  if (n.kind == Kind::kMultiply && n.count == 2 && tree[tree.child(id, 1)].kind == Kind::kPower) {
    auto decimal = decimal_of(tree, tree.child(id, 0));
    const Values none;
    Budget budget(100);
    const NodeId power = tree.child(id, 1);
    const bool of_ten =
        tree.is_integer_literal(tree.child(power, 0)) && tree.literal(tree.child(power, 0)).digits == "10";
    const auto scale = decimal && of_ten ? ExactEvaluator(tree, none, budget).evaluate(power) : std::nullopt;
    if (!scale) return std::nullopt;
    decimal->half_unit *= *scale;
    return decimal;
  }
  if (n.kind != Kind::kNumber || !tree.literal(id).decimal) return std::nullopt;
  Literal unit = tree.literal(id);
  if (std::abs(unit.exponent) > 400) return std::nullopt;
  Decimal decimal;
  const size_t zeros = std::min(unit.digits.find_first_not_of('0'), unit.digits.size());
  decimal.significant_digits = static_cast<int>(unit.digits.size() - zeros);
  unit.digits = "1";
  decimal.half_unit = value_of(unit) / 2;
  return decimal;
}

}  // namespace hone::math
