#include "rewards/tasks/expression_value.h"

#include <numeric>
#include <optional>

#include "rewards/tags.h"

namespace hone::rewards {
namespace {

struct Fraction {
  int64_t numerator, denominator;
};

// Operators and numbers wait on two stacks until one of a lower rank comes (Dijkstra's shunting yard).
class Evaluator {
 public:
  ExpressionValue run(std::string_view text) {
    ExpressionValue value;
    value.state = read(text, value.numbers);
    if (value.state != Evaluation::kDone) return value;
    value.numerator = values_.back().numerator;
    value.denominator = values_.back().denominator;
    return value;
  }

 private:
  Evaluation read(std::string_view text, std::vector<int64_t>& numbers) {
    bool wants_number = true;
    for (text = trim(text); !text.empty(); text = trim(text)) {
      if (wants_number) {
        if (take(text, "(")) {
          operators_.push_back('(');
          continue;
        }
        const auto number = take_number(text);
        if (!number) return Evaluation::kMalformed;
        numbers.push_back(*number);
        values_.push_back({*number, 1});
        wants_number = false;
      } else if (take(text, ")")) {
        if (!apply_down_to(0)) return problem_;
        if (operators_.empty()) return Evaluation::kMalformed;
        operators_.pop_back();
      } else {
        const char sign = take_operator(text);
        if (sign == 0) return Evaluation::kMalformed;
        if (!apply_down_to(rank(sign))) return problem_;
        operators_.push_back(sign);
        wants_number = true;
      }
    }
    if (wants_number) return Evaluation::kMalformed;
    if (!apply_down_to(0)) return problem_;
    return operators_.empty() ? Evaluation::kDone : Evaluation::kMalformed;
  }

  static int rank(char sign) { return sign == '(' ? 0 : sign == '+' || sign == '-' ? 1 : 2; }

  static bool take(std::string_view& text, std::string_view token) {
    if (!text.starts_with(token)) return false;
    text.remove_prefix(token.size());
    return true;
  }

  static char take_operator(std::string_view& text) {
    if (take(text, "\u00D7")) return '*';
    if (take(text, "\u00F7")) return '/';
    if (take(text, "\u2212")) return '-';
    for (char sign : {'+', '-', '*', '/'})
      if (take(text, std::string_view(&sign, 1))) return sign;
    return 0;
  }

  static std::optional<int64_t> take_number(std::string_view& text) {
    constexpr size_t kMaxDigits = 9;
    size_t digits = 0;
    int64_t number = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      if (digits == kMaxDigits) return std::nullopt;
      number = 10 * number + (text[digits] - '0');
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    return number;
  }

  // Applies what waits and ranks at least `least` and above parentheses.
  bool apply_down_to(int least) {
    while (!operators_.empty() && operators_.back() != '(' && rank(operators_.back()) >= least) {
      const Fraction b = values_.back();
      values_.pop_back();
      const Fraction a = values_.back();
      values_.pop_back();
      if (!push(operators_.back(), a, b)) return false;
      operators_.pop_back();
    }
    return true;
  }

  bool push(char sign, Fraction a, Fraction b) {
    __extension__ using Wide = __int128;
    constexpr Wide kLargest = 1'000'000'000'000'000;
    if (sign == '/') {
      if (b.numerator == 0) return problem_ = Evaluation::kDivisionByZero, false;
      std::swap(b.numerator, b.denominator);
    }
    const bool product = sign == '*' || sign == '/';
    const Wide cross = Wide{b.numerator} * a.denominator;
    Wide numerator = product ? Wide{a.numerator} * b.numerator
                             : Wide{a.numerator} * b.denominator + (sign == '+' ? cross : -cross);
    Wide denominator = Wide{a.denominator} * b.denominator;
    if (denominator < 0) numerator = -numerator, denominator = -denominator;
    const Wide divisor = gcd(numerator < 0 ? -numerator : numerator, denominator);
    numerator /= divisor;
    denominator /= divisor;
    if (numerator > kLargest || numerator < -kLargest || denominator > kLargest)
      return problem_ = Evaluation::kTooLarge, false;
    values_.push_back({static_cast<int64_t>(numerator), static_cast<int64_t>(denominator)});
    return true;
  }

  template <class T>
  static T gcd(T a, T b) {
    while (b != 0) {
      const T rest = a % b;
      a = b;
      b = rest;
    }
    return a;
  }

  std::vector<Fraction> values_;
  std::vector<char> operators_;
  Evaluation problem_ = Evaluation::kMalformed;
};

}  // namespace

ExpressionValue evaluate_expression(std::string_view text) { return Evaluator().run(text); }

}  // namespace hone::rewards
