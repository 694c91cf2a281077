#include "rewards/math/exact.h"

#include <algorithm>

namespace hone::math {
namespace {

using boost::multiprecision::denominator;
using boost::multiprecision::numerator;

bool is_integer(const Rational& x) { return denominator(x) == 1; }

unsigned bits(const Integer& x) { return x == 0 ? 0 : static_cast<unsigned>(msb(abs(x))) + 1; }

Integer read_digits(std::string_view digits, unsigned base) {
  if (base == 10) {
    constexpr size_t kFitsInt64 = 18;
    if (digits.size() <= kFitsInt64) {
      int64_t value = 0;
      for (char c : digits) value = value * 10 + (c - '0');
      return value;
    }
    return Integer(std::string(digits));
  }
  Integer value = 0;
  for (char c : digits) value = value * base + (c - '0');
  return value;
}

Integer power_of_ten(unsigned exponent) { return boost::multiprecision::pow(Integer(10), exponent); }

// The largest whole root not above x >= 0; exact says whether it is one.
Integer integer_root(const Integer& x, unsigned degree, bool& exact) {
  Integer root = 0;
  if (degree == 2) {
    root = boost::multiprecision::sqrt(x);
  } else {
    for (int bit = static_cast<int>(bits(x) / degree) + 1; bit >= 0; --bit) {
      Integer next = root;
      bit_set(next, static_cast<unsigned>(bit));
      if (boost::multiprecision::pow(next, degree) <= x) root = next;
    }
  }
  exact = boost::multiprecision::pow(root, degree) == x;
  return root;
}

Integer floor_of(const Rational& x) {
  Integer quotient, remainder;
  divide_qr(numerator(x), denominator(x), quotient, remainder);
  return remainder < 0 ? Integer(quotient - 1) : quotient;
}

}  // namespace

Rational value_of(const Literal& literal) {
  Integer digits = read_digits(literal.digits, literal.base);
  Rational value;
  if (literal.repeat > 0) {
    // digits without the period, subtracted, over a number of nines: 0.1(6) = (16 - 1) / 90.
    const size_t kept = literal.digits.size() - std::min(literal.digits.size(), static_cast<size_t>(literal.repeat));
    const Integer before = read_digits(std::string_view(literal.digits).substr(0, kept), literal.base);
    const Integer nines = power_of_ten(static_cast<unsigned>(literal.repeat)) - 1;
    value = Rational(digits - before, nines * power_of_ten(static_cast<unsigned>(literal.scale - literal.repeat)));
  } else {
    const Integer unit = boost::multiprecision::pow(Integer(literal.base), static_cast<unsigned>(literal.scale));
    value = literal.scale == 0 ? Rational(digits) : Rational(digits, unit);
  }
  if (literal.exponent > 0) value *= power_of_ten(static_cast<unsigned>(literal.exponent));
  if (literal.exponent < 0) value /= power_of_ten(static_cast<unsigned>(-literal.exponent));
  return value;
}

std::optional<Rational> ExactEvaluator::checked(Rational value) {
  const unsigned size = bits(numerator(value)) + bits(denominator(value));
  // Reducing a fraction takes time quadratic in its words.
  const int64_t words = size / 64;
  if (!budget_.spend(3 + words * words / 8)) return fail(Failure::kBudget);
  if (size > 2 * kMaxExactBits) return fail(Failure::kUnsupported);
  return value;
}

std::optional<Rational> ExactEvaluator::evaluate(NodeId id) {
  const Node& n = tree_[id];
  if (!budget_.spend(2)) return fail(Failure::kBudget);
  switch (n.kind) {
    case Kind::kNumber: {
      constexpr int32_t kLargestExponent = 1000;
      if (std::abs(tree_.literal(id).exponent) > kLargestExponent) return fail(Failure::kUnsupported);
      return value_of(tree_.literal(id));
    }
    case Kind::kSymbol:
      if (n.payload < values_.size() && values_[n.payload]) return values_[n.payload];
      return fail(Failure::kUnsupported);
    case Kind::kNegate:
    case Kind::kPercent: {
      auto x = evaluate(tree_.child(id, 0));
      if (!x) return x;
      return n.kind == Kind::kNegate ? Rational(-*x) : Rational(*x / 100);
    }
    case Kind::kAdd:
    case Kind::kMultiply: {
      std::optional<Rational> total;
      for (NodeId child : tree_.children(id)) {
        const auto x = evaluate(child);
        if (!x) return x;
        if (!total)
          total = x;
        else if (total = checked(n.kind == Kind::kAdd ? Rational(*total + *x) : Rational(*total * *x)); !total)
          return total;
      }
      return total;
    }
    case Kind::kDivide: {
      const auto x = evaluate(tree_.child(id, 0)), y = x ? evaluate(tree_.child(id, 1)) : std::nullopt;
      if (!y) return std::nullopt;
      if (*y == 0) return fail(Failure::kUndefined);
      return checked(*x / *y);
    }
    case Kind::kPower:
      return power(id);
    case Kind::kFunction:
      return call(id);
    case Kind::kSum:
    case Kind::kProduct:
      return series(id);
    default:
      return fail(Failure::kUnsupported);
  }
}

std::optional<Rational> ExactEvaluator::power(NodeId id) {
  const auto base = evaluate(tree_.child(id, 0)), exponent = base ? evaluate(tree_.child(id, 1)) : std::nullopt;
  if (!exponent) return std::nullopt;
  if (*exponent == 0) return Rational(1);
  if (*base == 0) return *exponent < 0 ? fail(Failure::kUndefined) : std::optional<Rational>(0);
  if (!is_integer(*exponent)) return fail(Failure::kUnsupported);
  if (*base == 1) return Rational(1);
  if (*base == -1) return Rational(numerator(*exponent) % 2 == 0 ? 1 : -1);
  const Integer size = abs(numerator(*exponent)) * (bits(numerator(*base)) + bits(denominator(*base)) - 1);
  if (size > kMaxExactBits) return fail(Failure::kUnsupported);
  const auto times = static_cast<unsigned>(abs(numerator(*exponent)));
  const Integer up = boost::multiprecision::pow(numerator(*base), times);
  const Integer down = boost::multiprecision::pow(denominator(*base), times);
  return checked(*exponent > 0 ? Rational(up, down) : Rational(down) / Rational(up));
}

std::optional<Rational> ExactEvaluator::call(NodeId id) {
  std::vector<Rational> arguments;
  for (NodeId child : tree_.children(id)) {
    auto x = evaluate(child);
    if (!x) return std::nullopt;
    arguments.push_back(std::move(*x));
  }
  const Rational& x = arguments[0];
  switch (static_cast<Function>(tree_[id].tag)) {
    case Function::kSqrt:
    case Function::kRoot: {
      const Rational degree = arguments.size() > 1 ? arguments[1] : Rational(2);
      if (!is_integer(degree) || degree < 2 || degree > 64) return fail(Failure::kUnsupported);
      const auto n = static_cast<unsigned>(numerator(degree));
      if (x < 0 && n % 2 == 0) return fail(Failure::kUnsupported);
      if (!budget_.spend(bits(numerator(x)) / 8)) return fail(Failure::kBudget);
      bool up_exact = false, down_exact = false;
      const Integer up = integer_root(abs(numerator(x)), n, up_exact);
      const Integer down = up_exact ? integer_root(denominator(x), n, down_exact) : Integer(1);
      if (!up_exact || !down_exact) return fail(Failure::kUnsupported);
      return Rational(x < 0 ? Integer(-up) : up, down);
    }
    case Function::kAbs:
      return Rational(abs(x));
    case Function::kFloor:
      return Rational(floor_of(x));
    case Function::kCeil:
      return Rational(-floor_of(-x));
    case Function::kSign:
      return Rational(x.sign());
    case Function::kRe:
    case Function::kConjugate:
      return x;
    case Function::kIm:
      return Rational(0);
    case Function::kFactorial:
      return factorial(x, 1);
    case Function::kDoubleFactorial:
      return factorial(x, 2);
    case Function::kBinomial:
      return arguments.size() == 2 ? binomial(x, arguments[1]) : fail(Failure::kUnsupported);
    case Function::kMin:
      return *std::min_element(arguments.begin(), arguments.end());
    case Function::kMax:
      return *std::max_element(arguments.begin(), arguments.end());
    case Function::kGcd:
    case Function::kLcm:
    case Function::kMod:
      return divisor_function(static_cast<Function>(tree_[id].tag), arguments);
    default:
      return fail(Failure::kUnsupported);
  }
}

// The largest rational of which both are multiples.
Rational gcd_of(const Rational& x, const Rational& y) {
  return Rational(gcd(Integer(numerator(x) * denominator(y)), Integer(numerator(y) * denominator(x))),
                  denominator(x) * denominator(y));
}

std::optional<Rational> ExactEvaluator::divisor_function(Function f, const std::vector<Rational>& arguments) {
  Rational result = arguments[0];
  for (size_t i = 1; i < arguments.size(); ++i) {
    const Rational& next = arguments[i];
    if (next == 0 && f != Function::kGcd) return fail(Failure::kUndefined);
    if (f == Function::kMod)
      result = result - next * floor_of(result / next);
    else if (f == Function::kGcd)
      result = gcd_of(result, next);
    else if (result != 0)
      result = result * next / gcd_of(result, next);
    if (!checked(result)) return std::nullopt;
  }
  return f == Function::kMod ? result : Rational(abs(result));
}

std::optional<Rational> ExactEvaluator::factorial(const Rational& n, unsigned step) {
  constexpr unsigned kLargest = 2100;  // 2100! has 20,140 bits
  if (!is_integer(n) || n > kLargest) return fail(Failure::kUnsupported);
  if (n < 0) return fail(Failure::kUndefined);
  Integer product = 1;
  const auto last = static_cast<unsigned>(numerator(n));
  if (!budget_.spend(1 + last / 8)) return fail(Failure::kBudget);
  for (unsigned k = last; k > 1; k -= std::min(step, k)) product *= k;
  return Rational(product);
}

// n may be any rational: n (n-1) ... (n-k+1) / k!
std::optional<Rational> ExactEvaluator::binomial(const Rational& n, const Rational& k) {
  if (!is_integer(k)) return fail(Failure::kUnsupported);
  if (k < 0) return Rational(0);
  const bool mirrored = is_integer(n) && n >= k && n - k < k;
  const Rational times = mirrored ? Rational(n - k) : k;
  const unsigned largest = is_integer(n) ? 4096 : 64;
  if (times > largest || bits(numerator(n)) > 64) return fail(Failure::kUnsupported);
  const auto count = static_cast<unsigned>(numerator(times));
  if (!budget_.spend(1 + int64_t{count} * (1 + count / 64))) return fail(Failure::kBudget);
  if (is_integer(n)) {
    Integer whole = 1;
    for (unsigned i = 0; i < count; ++i) whole = whole * (numerator(n) - i) / (i + 1);
    return checked(Rational(whole));
  }
  Rational result = 1;
  for (unsigned i = 0; i < count; ++i) result *= (n - i) / (i + 1);
  return checked(result);
}

std::optional<Rational> ExactEvaluator::series(NodeId id) {
  const auto low = evaluate(tree_.child(id, 1)), high = low ? evaluate(tree_.child(id, 2)) : std::nullopt;
  if (!high) return std::nullopt;
  if (!is_integer(*low) || !is_integer(*high)) return fail(Failure::kUnsupported);
  const bool is_sum = tree_[id].kind == Kind::kSum;
  Rational total = is_sum ? 0 : 1;
  const uint32_t variable = tree_[tree_.child(id, 0)].payload;
  if (values_.size() <= variable) values_.resize(variable + 1);
  const auto outside = values_[variable];
  for (Rational k = *low; k <= *high; k += 1) {
    if (!budget_.spend(10)) return fail(Failure::kBudget);
    values_[variable] = k;
    const auto x = evaluate(tree_.child(id, 3));
    const auto next = x ? checked(is_sum ? Rational(total + *x) : Rational(total * *x)) : std::nullopt;
    if (!next) {
      values_[variable] = outside;
      return std::nullopt;
    }
    total = *next;
  }
  values_[variable] = outside;
  return total;
}

}  // namespace hone::math
