// The vocabulary: LaTeX commands and plain words.
#include <algorithm>
#include <array>

#include "rewards/math/token.h"

namespace hone::math {
namespace {

struct Command {
  std::string_view name;
  Tok kind;
  uint32_t code = 0;
  std::string_view text = {};
};

constexpr uint32_t code(Function f) { return static_cast<uint32_t>(f); }
constexpr uint32_t code(Constant c) { return static_cast<uint32_t>(c); }

template <size_t n>
constexpr std::array<Command, n> sorted(std::array<Command, n> list) {
  std::sort(list.begin(), list.end(), [](const Command& a, const Command& b) { return a.name < b.name; });
  return list;
}

template <size_t n>
const Command* find(const std::array<Command, n>& list, std::string_view name) {
  const auto at = std::lower_bound(list.begin(), list.end(), name,
                                   [](const Command& a, std::string_view key) { return a.name < key; });
  return at != list.end() && at->name == name ? &*at : nullptr;
}

using enum Tok;
using F = Function;

// kEnd stands for commands without meaning: spacing, sizes, styles.
constexpr auto kCommands = sorted(std::to_array<Command>({
    {"left", kEnd}, {"right", kEnd}, {"mleft", kEnd}, {"mright", kEnd}, {"middle", kEnd}, {"big", kEnd}, {"Big", kEnd}, {"bigg", kEnd}, {"Bigg", kEnd},
    {"bigl", kEnd}, {"bigr", kEnd}, {"Bigl", kEnd}, {"Bigr", kEnd}, {"biggl", kEnd}, {"biggr", kEnd}, {"Biggl", kEnd},
    {"Biggr", kEnd}, {"quad", kEnd}, {"qquad", kEnd}, {"enspace", kEnd}, {"thinspace", kEnd}, {"medspace", kEnd},
    {"displaystyle", kEnd}, {"textstyle", kEnd}, {"scriptstyle", kEnd}, {"limits", kEnd}, {"nolimits", kEnd},
    {"hfill", kEnd}, {"noindent", kEnd}, {"boldmath", kEnd}, {"bf", kEnd}, {"rm", kEnd}, {"it", kEnd},
    {"hline", kEnd}, {"nobreak", kEnd}, {"allowbreak", kEnd}, {"left.", kEnd}, {"dots", kDots}, {"ldots", kDots},
    {"cdots", kDots}, {"dotsc", kDots}, {"dotsb", kDots},
    {"text", kText}, {"textbf", kText}, {"textit", kText}, {"textrm", kText}, {"textsf", kText}, {"texttt", kText},
    {"textnormal", kText}, {"mbox", kText}, {"hbox", kText}, {"emph", kText}, {"textup", kText}, {"operatorname", kFont, 'o'},
    {"mathrm", kFont, 'o'}, {"mathbf", kFont}, {"mathit", kFont}, {"mathsf", kFont}, {"mathtt", kFont}, {"mathcal", kFont},
    {"mathscr", kFont}, {"mathfrak", kFont}, {"boldsymbol", kFont}, {"bm", kFont}, {"pmb", kFont}, {"ensuremath", kFont},
    {"vec", kFont, 'v'}, {"hat", kFont, 'v'}, {"tilde", kFont, 'v'}, {"widehat", kFont, 'v'}, {"widetilde", kFont, 'v'},
    {"overrightarrow", kFont, 'v'}, {"underline", kFont}, {"mathop", kFont}, {"mathbin", kFont}, {"mathrel", kFont},
    {"displaylines", kFont}, {"color", kFont, 'c'}, {"textcolor", kFont, 'c'}, {"mathbb", kFont, 'b'}, {"Bbb", kFont, 'b'},
    {"phantom", kFont, 'p'}, {"hphantom", kFont, 'p'}, {"vphantom", kFont, 'p'}, {"hspace", kFont, 'p'}, {"vspace", kFont, 'p'},
    {"label", kFont, 'p'}, {"tag", kFont, 'p'}, {"mathstrut", kEnd},
    {"overline", kOverline}, {"bar", kOverline}, {"dot", kOverline, 'd'}, {"boxed", kBox}, {"fbox", kBox},
    {"frac", kFraction}, {"dfrac", kFraction}, {"tfrac", kFraction}, {"cfrac", kFraction}, {"sfrac", kFraction},
    {"nicefrac", kFraction}, {"binom", kBinomial}, {"dbinom", kBinomial}, {"tbinom", kBinomial},
    {"sqrt", kFunction, code(F::kSqrt)}, {"surd", kFunction, code(F::kSqrt)}, {"exp", kFunction, code(F::kExp)}, {"ln", kFunction, code(F::kLn)},
    {"log", kFunction, code(F::kLog)}, {"lg", kFunction, code(F::kLog10)}, {"sin", kFunction, code(F::kSin)},
    {"cos", kFunction, code(F::kCos)}, {"tan", kFunction, code(F::kTan)}, {"tg", kFunction, code(F::kTan)},
    {"cot", kFunction, code(F::kCot)}, {"ctg", kFunction, code(F::kCot)}, {"sec", kFunction, code(F::kSec)},
    {"csc", kFunction, code(F::kCsc)}, {"cosec", kFunction, code(F::kCsc)},
    {"arcsin", kFunction, code(F::kAsin)}, {"arccos", kFunction, code(F::kAcos)}, {"arctan", kFunction, code(F::kAtan)},
    {"arctg", kFunction, code(F::kAtan)}, {"arccot", kFunction, code(F::kAcot)}, {"arcctg", kFunction, code(F::kAcot)},
    {"arcsec", kFunction, code(F::kAsec)}, {"arccsc", kFunction, code(F::kAcsc)}, {"sinh", kFunction, code(F::kSinh)},
    {"cosh", kFunction, code(F::kCosh)}, {"tanh", kFunction, code(F::kTanh)}, {"coth", kFunction, code(F::kCoth)},
    {"sech", kFunction, code(F::kSech)}, {"csch", kFunction, code(F::kCsch)}, {"arcsinh", kFunction, code(F::kAsinh)},
    {"arccosh", kFunction, code(F::kAcosh)}, {"arctanh", kFunction, code(F::kAtanh)}, {"arsinh", kFunction, code(F::kAsinh)},
    {"arcosh", kFunction, code(F::kAcosh)}, {"artanh", kFunction, code(F::kAtanh)},
    {"gcd", kFunction, code(F::kGcd)}, {"lcm", kFunction, code(F::kLcm)},
    {"min", kFunction, code(F::kMin)}, {"max", kFunction, code(F::kMax)}, {"Re", kFunction, code(F::kRe)},
    {"Im", kFunction, code(F::kIm)}, {"sgn", kFunction, code(F::kSign)}, {"abs", kFunction, code(F::kAbs)},
    {"floor", kFunction, code(F::kFloor)}, {"ceil", kFunction, code(F::kCeil)}, {"asin", kFunction, code(F::kAsin)},
    {"acos", kFunction, code(F::kAcos)}, {"atan", kFunction, code(F::kAtan)},
    {"asinh", kFunction, code(F::kAsinh)}, {"acosh", kFunction, code(F::kAcosh)}, {"atanh", kFunction, code(F::kAtanh)},
    {"acot", kFunction, code(F::kAcot)}, {"asec", kFunction, code(F::kAsec)}, {"acsc", kFunction, code(F::kAcsc)},
    {"pi", kConstant, code(Constant::kPi)}, {"infty", kConstant, code(Constant::kInfinity)},
    {"infinity", kConstant, code(Constant::kInfinity)}, {"imath", kConstant, code(Constant::kI)},
    {"cdot", kTimes}, {"times", kTimes}, {"ast", kTimes}, {"star", kTimes}, {"bullet", kTimes}, {"div", kDivide, 'd'},
    {"pm", kPlusMinus}, {"mp", kMinusPlus}, {"over", kDivide, 'o'}, {"choose", kDivide, 'b'},
    {"eq", kRelation, kEqual}, {"ne", kRelation, kNotEqual}, {"neq", kRelation, kNotEqual}, {"lt", kRelation, kLess},
    {"gt", kRelation, kGreater}, {"le", kRelation, kLessEqual}, {"leq", kRelation, kLessEqual},
    {"leqslant", kRelation, kLessEqual}, {"leqq", kRelation, kLessEqual}, {"ge", kRelation, kGreaterEqual},
    {"geq", kRelation, kGreaterEqual}, {"geqslant", kRelation, kGreaterEqual}, {"geqq", kRelation, kGreaterEqual},
    {"in", kRelation, kIn}, {"notin", kRelation, kNotIn}, {"approx", kRelation, kApprox}, {"simeq", kRelation, kApprox},
    {"sim", kRelation, kApprox}, {"cong", kRelation, kApprox}, {"thickapprox", kRelation, kApprox},
    {"approxeq", kRelation, kApprox}, {"doteq", kRelation, kEqual}, {"subset", kRelation, kSubset},
    {"subseteq", kRelation, kSubset}, {"equiv", kRelation, kCongruent}, {"to", kRelation, kTo},
    {"rightarrow", kRelation, kTo}, {"mapsto", kRelation, kTo}, {"coloneqq", kRelation, kEqual},
    {"implies", kRelation, kImplies}, {"Rightarrow", kRelation, kImplies}, {"Longrightarrow", kRelation, kImplies},
    {"longrightarrow", kRelation, kTo}, {"iff", kRelation, kImplies}, {"Leftrightarrow", kRelation, kImplies},
    {"not", kSlashed}, {"cup", kUnion}, {"bigcup", kUnion}, {"cap", kIntersection}, {"bigcap", kIntersection},
    {"setminus", kDifference}, {"smallsetminus", kDifference}, {"backslash", kDifference},
    {"emptyset", kNamedSet, 'E'}, {"varnothing", kNamedSet, 'E'}, {"R", kNamedSet, 'R'}, {"Z", kNamedSet, 'Z'},
    {"N", kNamedSet, 'N'}, {"Q", kNamedSet, 'Q'}, {"C", kNamedSet, 'C'}, {"reals", kNamedSet, 'R'},
    {"lbrace", kOpen, 'B'}, {"rbrace", kClose, 'B'}, {"lbrack", kOpen, '['}, {"rbrack", kClose, '['},
    {"lfloor", kOpen, 'f'}, {"rfloor", kClose, 'f'}, {"lceil", kOpen, 'c'}, {"rceil", kClose, 'c'},
    {"ulcorner", kOpen, 'c'}, {"urcorner", kClose, 'c'}, {"llcorner", kOpen, 'f'}, {"lrcorner", kClose, 'f'},
    {"langle", kOpen, '<'}, {"rangle", kClose, '<'}, {"lparen", kOpen, '('}, {"rparen", kClose, '('},
    {"vert", kBar}, {"lvert", kBar, 'l'}, {"rvert", kBar, 'r'}, {"mid", kBar, 'm'}, {"Vert", kNorm}, {"lVert", kNorm},
    {"rVert", kNorm}, {"colon", kColon}, {"land", kAnd}, {"wedge", kAnd}, {"lor", kOr}, {"vee", kOr},
    {"sum", kSum}, {"prod", kProduct}, {"begin", kBegin}, {"end", kEnd_}, {"prime", kPrime},
    {"degree", kDegree}, {"degrees", kDegree}, {"circ", kDegree}, {"percent", kPercent},
    {"pmod", kMod, 'p'}, {"bmod", kMod, 0, "mod"}, {"mod", kMod}, {"cr", kRow}, {"newline", kRow},
    {"int", kOpaque, 0, "int"}, {"iint", kOpaque, 0, "iint"}, {"oint", kOpaque, 0, "oint"}, {"lim", kOpaque, 0, "lim"},
    {"det", kOpaque, 0, "det"}, {"nabla", kOpaque, 0, "nabla"}, {"partial", kOpaque, 0, "partial"},
    {"angle", kOpaque, 0, "angle"}, {"triangle", kOpaque, 0, "triangle"}, {"euro", kCurrency, 0, "EUR"},
    {"pounds", kCurrency, 0, "GBP"}, {"yen", kCurrency, 0, "JPY"}, {"textdollar", kCurrency, 0, "USD"},
    {"perp", kOpaque, 0, "perp"}, {"parallel", kOpaque, 0, "parallel"}, {"ell", kSymbol, 0, "l"},
    {"hbar", kSymbol, 0, "hbar"}, {"dagger", kSymbol, 0, "dagger"},
    {"alpha", kSymbol, 0, "alpha"}, {"beta", kSymbol, 0, "beta"}, {"gamma", kSymbol, 0, "gamma"},
    {"delta", kSymbol, 0, "delta"}, {"epsilon", kSymbol, 0, "epsilon"}, {"varepsilon", kSymbol, 0, "epsilon"},
    {"zeta", kSymbol, 0, "zeta"}, {"eta", kSymbol, 0, "eta"}, {"theta", kSymbol, 0, "theta"},
    {"vartheta", kSymbol, 0, "theta"}, {"iota", kSymbol, 0, "iota"}, {"kappa", kSymbol, 0, "kappa"},
    {"lambda", kSymbol, 0, "lambda"}, {"mu", kSymbol, 0, "mu"}, {"nu", kSymbol, 0, "nu"}, {"xi", kSymbol, 0, "xi"},
    {"rho", kSymbol, 0, "rho"}, {"varrho", kSymbol, 0, "rho"}, {"sigma", kSymbol, 0, "sigma"}, {"tau", kSymbol, 0, "tau"},
    {"upsilon", kSymbol, 0, "upsilon"}, {"phi", kSymbol, 0, "phi"}, {"varphi", kSymbol, 0, "phi"},
    {"chi", kSymbol, 0, "chi"}, {"psi", kSymbol, 0, "psi"}, {"omega", kSymbol, 0, "omega"}, {"Gamma", kSymbol, 0, "Gamma"},
    {"Delta", kSymbol, 0, "Delta"}, {"Theta", kSymbol, 0, "Theta"}, {"Lambda", kSymbol, 0, "Lambda"},
    {"Xi", kSymbol, 0, "Xi"}, {"Pi", kSymbol, 0, "Pi"}, {"Sigma", kSymbol, 0, "Sigma"}, {"Phi", kSymbol, 0, "Phi"},
    {"Psi", kSymbol, 0, "Psi"}, {"Omega", kSymbol, 0, "Omega"},
}));

// What a word of plain text means where it is not that of the command of the same name.
constexpr auto kWords = sorted(std::to_array<Command>({
    {"and", kAnd}, {"or", kOr}, {"inf", kConstant, code(Constant::kInfinity)}, {"oo", kConstant, code(Constant::kInfinity)},
    {"union", kUnion}, {"intersect", kIntersection}, {"percentage", kPercent}, {"pct", kPercent}, {"deg", kDegree},
    {"binomial", kFunction, code(F::kBinomial)}, {"Abs", kFunction, code(F::kAbs)}, {"ceiling", kFunction, code(F::kCeil)},
    {"Min", kFunction, code(F::kMin)}, {"Max", kFunction, code(F::kMax)}, {"Mod", kFunction, code(F::kMod)}, {"choose", kError}, {"factorial", kFunction, code(F::kFactorial)},
    {"cbrt", kFunction, code(F::kRoot)}, 
}));

// Commands whose name is an English word or a likely product of letters: not read as commands in plain text.
constexpr auto kNotWords = std::to_array<std::string_view>(
    {"R",    "Z",   "N",   "Q",   "C",    "to",    "not",   "big",  "Big",   "left",  "right", "middle", "text", "color",
     "over", "dot", "bar", "hat", "tilde", "end",   "begin", "tag",  "label", "star",  "it",    "rm",     "bf",   "limits",
     "bullet", "land", "mid", "cr", "lim", "int", "angle", "triangle", "det", "parallel", "prime", "underline", "vec",
     "phantom", "dots", "partial", "box", "ne", "sim", "iff", "implies", "colon", "label", "yen", "pounds", "euro", "eq", "star", "dagger", "emph", "reals", "Im", "Re", "lt", "gt", "le", "ge", "sgn", "lg", "tg"});

Token token_of(const Command* command) {
  if (command == nullptr) return {.kind = kError};
  return {.kind = command->kind, .code = command->code, .text = command->text.empty() ? command->name : command->text};
}

}  // namespace

Token find_command(std::string_view name) { return token_of(find(kCommands, name)); }

Token find_word(std::string_view word) {
  if (const Command* found = find(kWords, word)) return token_of(found);
  if (std::find(kNotWords.begin(), kNotWords.end(), word) != kNotWords.end()) return {.kind = kError};
  return token_of(find(kCommands, word));
}

}  // namespace hone::math
