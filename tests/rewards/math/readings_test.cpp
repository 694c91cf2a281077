// What an answer is read as: its written form against the form in which it is compared.
#include <gtest/gtest.h>

#include "rewards/math/ascii.h"
#include "rewards/math/parser.h"
#include "rewards/math/print.h"

namespace hone::math {
namespace {

struct Reading {
  std::string_view written;
  std::string_view read;
};

constexpr Reading kReadings[] = {
    // numerals
    {"007", "7"},
    {".5", "0.5"},
    {"1,234,567", "1234567"},
    {"1{,}234", "1234"},
    {"1,\\!234", "1234"},
    {"1\\,234\\,567", "1234567"},
    {"12 345", "12345"},
    {"1,234.50", "1234.50"},
    {"0.\\overline{3}", "0.(3)"},
    {"0.1\\bar6", "0.1(6)"},
    {"0.(27)", "0.(27)"},
    {"0.333\\ldots", "0.33(3)"},
    {"2.5e-3", "2.5e-3"},
    {"101_2", "101_2"},
    {"FF", "F*F"},
    // fractions, roots, powers
    {"\\frac12", "1/2"},
    {"\\frac1{72}", "1/72"},
    {"\\frac{1}2", "1/2"},
    {"\\dfrac{a+b}{c}", "(a+b)/c"},
    {"\\tfrac34 x", "3/4*x"},
    {"\\cfrac{1}{1+\\cfrac{1}{2}}", "1/(1+1/2)"},
    {"{a \\over b}", "a/b"},
    {"\\sqrt3", "sqrt(3)"},
    {"\\sqrt[3]{x}", "root(x, 3)"},
    {"\\sqrt{\\sqrt2}", "sqrt(sqrt(2))"},
    {"sqrt(3)/2", "sqrt(3)/2"},
    {"√12", "sqrt(12)"},
    {"x²", "x^2"},
    {"2^{-1}", "2^(-1)"},
    {"2^-1", "2^(-1)"},
    {"2^3^2", "2^(3^2)"},
    {"-x^2", "-x^2"},
    {"x^{10}y", "x^10*y"},
    {"2**5", "2^5"},
    {"½", "1/2"},
    // products
    {"2\\cdot 3", "2*3"},
    {"2×3÷4", "2*3/4"},
    {"3x(y+1)", "3*x*(y+1)"},
    {"2\\pi r", "2*pi*r"},
    {"1/2x", "1/2*x"},
    {"2 \\cdot -3", "2*(-3)"},
    {"2^6 3^5", "2^6*3^5"},
    {"3\\frac{1}{2}", "3+1/2"},
    {"3 1/2", "3+1/2"},
    {"3\\frac{5}{2}", "3*5/2"},
    // functions
    {"\\sin x", "sin(x)"},
    {"\\sin 2x", "sin(2*x)"},
    {"\\sin^2 x", "sin(x)^2"},
    {"\\sin^{-1} x", "asin(x)"},
    {"\\cos\\frac{\\pi}{7}", "cos(pi/7)"},
    {"\\sin x \\cos y", "sin(x)*cos(y)"},
    {"sin(x)/x", "sin(x)/x"},
    {"sinx", "sin(x)"},
    {"\\tan 45^\\circ", "tan(degrees(45))"},
    {"\\log_2 8", "log(8, 2)"},
    {"\\log_{10} x", "log(x, 10)"},
    {"\\ln|x|", "ln(abs(x))"},
    {"\\lg 100", "log10(100)"},
    {"e^{i\\pi}", "e^(i*pi)"},
    {"\\exp(2)", "exp(2)"},
    {"\\arcsin\\frac12", "asin(1/2)"},
    {"\\operatorname{arctan} 1", "atan(1)"},
    {"|x-1|", "abs(x-1)"},
    {"\\left|\\frac{x}{2}\\right|", "abs(x/2)"},
    {"|x||y|", "abs(x)*abs(y)"},
    {"\\lfloor x\\rfloor", "floor(x)"},
    {"\\left\\lceil 2.5 \\right\\rceil", "ceil(2.5)"},
    {"5!", "factorial(5)"},
    {"n!!", "factorial2(n)"},
    {"\\binom{n}{2}", "binomial(n, 2)"},
    {"{n \\choose 2}", "binomial(n, 2)"},
    {"\\gcd(12, 18)", "gcd(12, 18)"},
    {"\\max(1,2)", "max(1, 2)"},
    {"17 \\bmod 5", "mod(17, 5)"},
    {"\\sum_{k=1}^{10} k^2", "sum(k, 1, 10, k^2)"},
    {"\\prod_{i=1}^3 i", "product(i, 1, 3, i)"},
    {"f(x+1)", "f(x+1)"},
    {"f'(x)", "f'*x"},
    {"x_1", "x_1"},
    {"a_{n+1}", "a_n+1"},
    // signs
    {"1\\pm\\sqrt2", "1+(+-sqrt(2))"},
    {"--5", "5"},
    {"-\\$5", "(-5) dollar"},
    // collections
    {"(1, 2)", "(1, 2)"},
    {"[0,1)", "[0, 1)"},
    {"\\left(-\\infty, 3\\right]", "(-oo, 3]"},
    {"]0,1[", "(0, 1)"},
    {"\\{1,2,3\\}", "{1, 2, 3}"},
    {"\\lbrace 1, 2\\rbrace", "{1, 2}"},
    {"1, 2 \\text{ and } 3", "1, 2, 3"},
    {"x=1 \\text{ or } x=2", "x = 1, x = 2"},
    {"1,2;3,4", "(1, 2), (3, 4)"},
    {"(-\\infty,1)\\cup(2,\\infty)", "(-oo, 1) U (2, oo)"},
    {"\\mathbb{R}\\setminus\\{0\\}", "R \\ {0}"},
    {"\\emptyset", "{}"},
    {"\\varnothing", "{}"},
    {"\\{x \\mid x>0\\}", "x > 0"},
    {"\\{x : x>0\\}", "x > 0"},
    {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "[1, 2; 3, 4]"},
    {"\\left[\\begin{array}{cc}1&2\\\\3&4\\end{array}\\right]", "[1, 2; 3, 4]"},
    {"\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}", "det[1, 2; 3, 4]"},
    {"3:4:5", "3:4:5"},
    // relations
    {"x \\ge 5", "x >= 5"},
    {"x <= 5", "x <= 5"},
    {"a < x < b", "a < x < b"},
    {"x \\not= 3", "x != 3"},
    {"x\\in[0,1]", "x in [0, 1]"},
    {"y = 2x+1", "y = 2*x+1"},
    {"= 5", "5"},
    {"x \\approx 3.14", "x ~ 3.14"},
    {"3 \\pmod{5}", "3 mod 5"},
    // units and percent
    {"5 \\text{ cm}", "5 cm"},
    {"5 cm", "5 cm"},
    {"5 \\text{ square centimeters}", "5 cm^2"},
    {"5\\,\\mathrm{m/s}", "5 m/s"},
    {"60 km/h", "60 km/h"},
    {"\\$5", "5 dollar"},
    {"10 dollars", "10 dollar"},
    {"7\\%", "7%"},
    {"7 percent", "7%"},
    {"7\\text{ percent}", "7%"},
    {"90^\\circ", "degrees(90)"},
    {"90°", "degrees(90)"},
    {"20^{\\circ}C", "20 degC"},
    // markup without meaning
    {"\\text{42}", "42"},
    {"\\boxed{42}", "42"},
    {"\\displaystyle \\frac12", "1/2"},
    {"\\mathbf{x}", "x"},
    {"\\left(\\big(3\\big)\\right)", "3"},
    {"$x$", "x"},
    {"\\( x \\)", "x"},
    {"\\\\frac{1}{2}", "1/2"},
    {"\\quad x", "x"},
    {"\\color{red} 5", "5"},
    {"\\mathrm{e}^2", "e^2"},
    {"\\int_0^1 x\\,dx", "int _ 0 ^ 1 x dx "},
};

std::string read(std::string_view text) {
  Tree tree;
  const Policy policy{.decimal_comma = DecimalComma::kNever};
  const std::string ascii = to_ascii(text);
  const Parsed parsed = parse(tree, ascii, policy);
  return parsed.root == kNone ? "error: " + parsed.error : print(tree, parsed.root);
}

TEST(Readings, FormsOfLatexAndPlainText) {
  for (const Reading& reading : kReadings) EXPECT_EQ(read(reading.written), reading.read) << reading.written;
}

TEST(Readings, WhatIsNoExpressionIsRefused) {
  for (std::string_view text : {"",
                                "1 +",
                                "\\frac{1}",
                                "(1",
                                "1)",
                                "{",
                                "}",
                                "\\sqrt",
                                "x^",
                                "3 4",
                                "*",
                                "|x",
                                "\\left(1\\right",
                                "\\begin{pmatrix}1&2\\\\3\\end{pmatrix}",
                                "\\sum_{k=1} k",
                                "1 + * 2",
                                "129_8",
                                "#",
                                "\\{1,2",
                                "a @ b"})
    EXPECT_TRUE(read(text).starts_with("error: ")) << text << " was read as " << read(text);
}

}  // namespace
}  // namespace hone::math
