// Right answers in another form, and wrong ones that look alike.
#include "tests/rewards/math/pairs.h"

namespace hone::math {
namespace {

constexpr Pair kEqual[] = {
    // numbers
    {"42", "42.0"}, {"42", "+42"}, {"42", "42."}, {"42", "\\boxed{42}"}, {"42", "$42$"}, {"42", "84/2"}, {"42", "6\\cdot 7"},
    {"-5", "−5"}, {"1000000", "1,000,000"}, {"1000000", "10^6"}, {"1e6", "1000000"}, {"1234", "1{,}234"}, {"0.5", "\\frac12"},
    {"\\frac{1}{2}", "0.5"}, {"\\frac{1}{2}", "\\frac{2}{4}"}, {"\\frac{1}{3}", "0.\\overline{3}"}, {"1", "0.\\overline{9}"},
    {"3/4", "75/100"}, {"-\\frac{3}{4}", "\\frac{-3}{4}"}, {"-\\frac{3}{4}", "\\frac{3}{-4}"}, {"3.5", "3\\frac12"},
    {"\\frac{7}{2}", "3 1/2"}, {"-3.5", "-3\\frac{1}{2}"}, {"5", "101_2"}, {"101_2", "101_{2}"}, {"255", "377_8"},
    {"1.2\\times 10^{-3}", "0.0012"}, {"6.02e23", "6.02 \\times 10^{23}"}, {"120", "5!"}, {"10", "\\binom{5}{2}"},
    {"2^{100}", "1267650600228229401496703205376"}, {"\\frac{1}{2004!}", "\\frac{2005}{2005!}"}, {"3", "\\lfloor \\pi\\rfloor"},
    {"0.3333", "1/3"}, {"3.14159", "\\pi"}, {"\\sqrt{2}", "1.41421356"}, {"1.5", "1,5"}, {"1000.99", "1000,99"},
    // expressions
    {"\\sqrt{12}", "2\\sqrt3"}, {"\\frac{1}{\\sqrt2}", "\\frac{\\sqrt2}{2}"}, {"2\\sqrt{3}", "√12"}, {"(x+1)^2", "x^2+2x+1"},
    {"x^2-1", "(x-1)(x+1)"}, {"\\frac{x^2-1}{x-1}", "x+1"}, {"a+b", "b+a"}, {"xy", "yx"}, {"2x", "x+x"}, {"x/2", "\\frac12 x"},
    {"e^{x+y}", "e^xe^y"}, {"\\exp(x)", "e^x"}, {"\\sqrt{x}", "x^{1/2}"}, {"\\sqrt[3]{x}", "x^\\frac13"}, {"\\ln x^2", "2\\ln x"},
    {"\\log_2 8", "3"}, {"\\log 100", "2"}, {"\\log 2", "\\ln 2"}, {"\\sin^2 x+\\cos^2 x", "1"}, {"2\\sin x\\cos x", "\\sin 2x"},
    {"\\tan x", "\\frac{\\sin x}{\\cos x}"}, {"\\binom{n}{3}", "\\frac{n(n-1)(n-2)}{6}"}, {"n!", "n\\cdot(n-1)!"},
    {"\\sum_{k=1}^{n} k", "\\frac{n(n+1)}{2}"}, {"|x|", "\\sqrt{x^2}"}, {"-(a-b)", "b-a"}, {"i", "\\sqrt{-1}"}, {"-1", "i^2"},
    {"1+2i", "i(2-i)"}, {"e^{i\\pi}", "-1"}, {"\\frac{5}{1-2i}", "1+2i"}, {"-i", "\\frac1i"}, {"\\sin 30^\\circ", "1/2"},
    {"\\cos(\\frac{\\pi}{3})", "0.5"}, {"3\\pi", "\\pi\\cdot 3"}, {"2\\pi", "2π"}, {"x_1+x_2", "x_2+x_1"}, {"f(x)+1", "1+f(x)"},
    {"\\frac{1}{2}\\pi r^2", "\\frac{\\pi r^2}{2}"}, {"a^{-1}", "1/a"}, {"C + x", "x + C"}, {"2^{n+1}", "2\\cdot 2^n"},
    // percent, units, degrees
    {"0.07", "7\\%"}, {"7", "7\\%"}, {"7\\%", "7"}, {"7\\%", "0.07"}, {"7\\%", "7 percent"}, {"12", "12 \\text{ cm}"}, {"12", "12 cm"},
    {"12 \\text{ cm}", "12"}, {"12 cm", "120 mm"}, {"1.5 hours", "90 minutes"}, {"5 \\text{ km}^2", "5 square kilometers"},
    {"\\$5", "5"}, {"5", "\\$5.00"}, {"10", "10 \\text{ apples}"}, {"10 apples", "10 apple"}, {"90", "90^\\circ"}, {"90°", "90^{\\circ}"},
    {"3 m", "3m"}, {"12\\text{ m/s}", "12 m/s"}, {"100", "100 dollars"}, {"\\frac{\\pi}{2}", "90^\\circ"},
    // names and relations
    {"5", "x = 5"}, {"x=5", "5"}, {"5", "5 = x"}, {"x=5", "5=x"}, {"5", "x = 2+3 = 5"}, {"f(x)=2x", "2x"}, {"y=2x+1", "2x+1"},
    {"|AB| = 3", "3"}, {"\\frac{AB}{CD}=2", "2"}, {"1/3", "x = 1/3 \\approx 0.33"}, {"11", "x \\approx 11"},
    {"x+y=1", "y=1-x"}, {"2x+4y=6", "x+2y-3=0"}, {"x^2+y^2=4", "4=y^2+x^2"}, {"x>5", "5<x"}, {"x > 5", "-x < -5"}, {"x \\ge 2", "2x \\ge 4"},
    {"x \\ne 3", "3 \\neq x"}, {"x>5", "(5,\\infty)"}, {"(5,\\infty)", "x>5"}, {"-2\\le x\\le 7", "[-2,7]"}, {"1<x<2", "2>x>1"},
    {"x \\in [0,1]", "0 \\le x \\le 1"}, {"x<1 \\text{ or } x>2", "(-\\infty,1)\\cup(2,\\infty)"}, {"x\\in\\{1,2\\}", "\\{1,2\\}"},
    {"1<x<3", "x>1 \\text{ and } x<3"}, {"x<-1 \\text{ or } x>2", "x<-1, x>2"}, {"x\\ne 0", "\\mathbb{R}\\setminus\\{0\\}"}, {"0<f(x)<1", "(0,1)"},
    // lists, tuples, sets
    {"1,2,3", "3, 2, 1"}, {"1,2", "2 and 1"}, {"1, 2", "\\{1,2\\}"}, {"\\{1,2,3\\}", "\\{3,1,2\\}"}, {"\\{1,2\\}", "\\{1,2,2\\}"},
    {"x=1 \\text{ or } x=2", "1, 2"}, {"x=1,\\ y=2", "(1,2)"}, {"(x,y)=(1,2)", "(1,2)"}, {"x=1, y=2", "y=2, x=1"},
    {"(1,2)", "(1, 2)"}, {"(1,2)", "\\left(\\frac22, 2\\right)"}, {"(1,2)", "1,2"}, {"(1;2)", "(1,2)"}, {"(1,2),(3,4)", "(3,4),(1,2)"},
    {"1\\pm\\sqrt2", "1+\\sqrt2, 1-\\sqrt2"}, {"\\pm 3", "-3, 3"}, {"x=\\pm 3", "\\{-3,3\\}"}, {"n=1,2,3", "1,2,3"},
    {"[0,1)", "[0, 1)"}, {"[0,\\infty)", "[0,+\\infty)"}, {"(-\\infty,0)\\cup(0,\\infty)", "(0,\\infty)\\cup(-\\infty,0)"},
    {"[0,2]", "[0,1]\\cup[1,2]"}, {"(0,1)", "]0,1["}, {"\\emptyset", "\\{\\}"}, {"\\mathbb{R}", "(-\\infty,\\infty)"},
    {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}"},
    {"\\begin{pmatrix}6\\\\8\\end{pmatrix}", "2\\begin{pmatrix}3\\\\4\\end{pmatrix}"},
    {"-2", "\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}"}, {"3:4", "6:8"}, {"3:4", "\\frac34"}, {"12:00", "12:00"},
    // words and letters
    {"even", "Even"}, {"\\text{Evelyn}", "Evelyn"}, {"C", "(C)"}, {"\\text{(C)}", "C"}, {"C", "C) 12"}, {"\\text{no solution}", "No solution."},
    {"e", "\\text{e}"}, {"\\text{yes}", "yes"}, {"-\\infty", "-\\infty"}, {"\\infty", "+\\infty"},
    {"\\boxed{1}\\text{ and }\\boxed{2}", "1,2"}, {"The answer is $\\boxed{7}$.", "7"}, {"so 3+4=7\n#### 7", "7"},
};

constexpr Pair kUnequal[] = {
    // numbers
    {"42", "41"}, {"42", "-42"}, {"42", "41.9999"}, {"42", "42.0000001"}, {"42", "4 2"}, {"42", "42 or 43"}, {"42", "42, 43"}, {"42", "\\neq 42"},
    {"42", "> 42"}, {"42", "17 \\to 42"}, {"42", "x"}, {"42", "42x"}, {"42", "420\\%"}, {"99999999999", "100000000000"}, {"32349", "32, 349"},
    {"1/2^{99}", "1/2^{98}"}, {"\\frac{1}{2004!}", "\\frac{1}{2006!}"}, {"\\sqrt2", "\\sqrt2+10^{-20}"}, {"\\sqrt2", "1.414"}, {"1/3", "0.333"},
    {"0.5", "0.5001"}, {"0.7500001", "0.75"}, {"3/4", "0.7500001"}, {"16386.17", "16386.2"}, {"2.23", "2.232"}, {"2.232", "2.23"}, {"\\pi", "22/7"}, {"\\pi", "3.14"},
    {"204_5", "204_6"}, {"2004!", "2005!"}, {"2^{2^{5}}", "2^{32}+1"}, {"0.25", "25"}, {"1-\\frac1e", "1+\\frac1e"}, {"10^{-400}", "10^{-401}"},
    {"\\pi\\sqrt{163}", "\\ln(640320^3+744)"}, {"e-1", "\\sum_{k=1}^{20}\\frac1{k!}"}, {"1/0", "2/0"}, {"1", "0/0"}, {"0", "1/\\infty"},
    // expressions
    {"x", "y"}, {"x", "X"}, {"x+1", "x-1"}, {"\\sqrt{x^2}", "x"}, {"|x+y|", "|x|+|y|"}, {"x^2", "x^3"}, {"\\sin x", "\\cos x"}, {"f(x)", "f(y)"},
    {"x^2+x+41", "x^2+x+42"}, {"\\sin(x+y)", "\\sin x+\\sin y"}, {"\\ln(x+y)", "\\ln x+\\ln y"}, {"(a+b)^2", "a^2+b^2"}, {"i", "-i"}, {"\\binom{n}{2}", "\\frac{n^2}{2}"},
    {"\\sin 30", "1/2"}, {"\\log_2 3", "\\log_3 2"}, {"x_1", "x_2"}, {"2^x", "x^2"}, {"\\sqrt[3]{x}", "\\sqrt{x}"}, {"\\int x dx", "\\int y dy"},
    // units
    {"12 cm", "12 m"}, {"12 cm", "12 cm^2"}, {"12 kg", "12 cm"}, {"1 hour", "60 hours"}, {"5 \\text{ apples}", "5 \\text{ oranges}"}, {"90^\\circ", "\\pi"}, {"\\$5", "5 \\text{ cents}"},
    // relations
    {"5", "x > 5"}, {"1", "2x+z=1"}, {"0", "a+3z=0"}, {"x=5", "y=5"}, {"x+y=1", "x-y=1"}, {"x>5", "x\\ge5"}, {"x>5", "x<5"}, {"x<1", "x>-1"}, {"y=2x", "y=2x+1"},
    {"x<1 \\text{ or } x>2", "x<1 \\text{ and } x>2"}, {"x<1 \\text{ or } x>2", "y<1 \\text{ or } y>2"}, {"7=11a+c", "11a+c"}, {"x\\ge 0", "x \\ne 0"}, {"[0,1]", "[0,1)"}, {"(-\\infty,0)", "(-\\infty,0]"}, {"(0,1)", "(0,2)"}, {"[-2,7]", "-2,7"}, {"x\\in[0,1]", "x\\in[0,2]"},
    {"42", "[0,100]"}, {"x", "x=x"}, {"3 \\pmod 5", "3 \\pmod 7"}, {"2+2", "2+2=5"},
    // lists, tuples, sets
    {"(1,2)", "(2,1)"}, {"(1,2)", "[1,2]"}, {"(1,2)", "(1,2,3)"}, {"1,2", "1,2,3"}, {"1,2,3", "1,2"}, {"\\{1,2\\}", "\\{1,3\\}"}, {"(3,1)", "{1,3}"}, {"x=1,y=2", "2,1"},
    {"x=1,y=2", "x=2,y=1"}, {"(x,y)=(1,2)", "(y,x)=(1,2)"}, {"\\pm 3", "3"}, {"3", "\\pm 3"}, {"1\\pm\\sqrt2", "1+\\sqrt2"}, {"1,1,2", "1,2,3"}, {"5", "1,2,3,4,5"},
    {"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}2\\\\1\\end{pmatrix}"}, {"\\begin{pmatrix}1&2\\end{pmatrix}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}"}, {"3:4", "4:3"}, {"12:00", "1:00"},
    // words and letters
    {"even", "odd"}, {"odd", "oddd"}, {"C", "D"}, {"C", "(D)"}, {"C", "A, B, C, D"}, {"yes", "no"}, {"yes", "yes and no"}, {"dog", "god"}, {"\\text{yes}", "\\text{not yes}"},
    {"42", "\\text{the correct answer}"}, {"42", "answer"}, {"42", "42 if n>3, 43 otherwise"}, {"42", "__import__('os')"}, {"0", "\\emptyset"}, {"\\infty", "-\\infty"}, {"\\infty", "10^{100}"},
};

TEST(Equal, RightInAnotherForm) {
  for (const Pair& pair : kEqual) EXPECT_TRUE(is_correct(pair.gold, pair.answer)) << describe(pair.gold, pair.answer);
}

TEST(Equal, WrongThoughAlike) {
  for (const Pair& pair : kUnequal) EXPECT_FALSE(is_correct(pair.gold, pair.answer)) << describe(pair.gold, pair.answer);
}

TEST(Equal, EveryGoldMatchesItself) {
  for (const Pair& pair : kEqual) EXPECT_TRUE(is_correct(pair.gold, pair.gold)) << describe(pair.gold, pair.gold);
}

// Whatever one side is equal to is equal to it, but where the policy favours the gold: units it lacks, digits it has.
TEST(Equal, ExactPairsAreSymmetric) {
  Policy exact;
  exact.tolerance = Tolerance::kExact;
  for (const Pair& pair : kEqual) {
    if (!is_correct(pair.gold, pair.answer, exact) || pair.gold.find("\\boxed") != pair.gold.npos || pair.gold.find("####") != pair.gold.npos) continue;
    EXPECT_TRUE(is_correct(pair.answer, pair.gold, exact)) << describe(pair.answer, pair.gold, exact);
  }
}

TEST(Equal, AnyAlternativeSuffices) {
  EXPECT_EQ(grade({"1", "2"}, "2", true, {}).outcome, Outcome::kCorrect);
  EXPECT_EQ(grade({"1", "2"}, "3", true, {}).outcome, Outcome::kWrong);
}

TEST(Equal, GoldsThatCannotBeReadAreErrors) {
  for (std::string_view gold : {"", "  ", "\\frac{1}{", "{{{", "1 +", "\\boxed{}", "3 4", "nan", "$$"}) {
    EXPECT_FALSE(check_gold(gold, {}).ok()) << gold;
    EXPECT_EQ(grade_bare(gold, "1").outcome, Outcome::kGoldError) << gold;
  }
}

}  // namespace
}  // namespace hone::math
