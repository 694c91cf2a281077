// Identities that need more than rearranging, and near misses.
#include "tests/rewards/math/pairs.h"

namespace hone::math {
namespace {

constexpr Pair kTrue[] = {
    {"1", "\\sqrt[3]{2+\\sqrt5}+\\sqrt[3]{2-\\sqrt5}"},
    {"4", "\\sqrt[3]{20+14\\sqrt2}+\\sqrt[3]{20-14\\sqrt2}"},
    {"-\\frac18", "\\cos\\frac{2\\pi}{7}\\cos\\frac{4\\pi}{7}\\cos\\frac{8\\pi}{7}\\cdot(-1)"},
    {"\\frac18", "\\cos\\frac{\\pi}{7}\\cos\\frac{2\\pi}{7}\\cos\\frac{3\\pi}{7}"},
    {"\\frac12", "\\cos\\frac{\\pi}{7}-\\cos\\frac{2\\pi}{7}+\\cos\\frac{3\\pi}{7}"},
    {"\\sqrt7", "\\tan\\frac{\\pi}{7}\\tan\\frac{2\\pi}{7}\\tan\\frac{3\\pi}{7}"},
    {"\\frac{1}{16}", "\\sin 10^\\circ \\sin 30^\\circ \\sin 50^\\circ \\sin 70^\\circ"},
    {"4", "\\frac{1}{\\sin 10^\\circ}-\\frac{\\sqrt3}{\\cos 10^\\circ}"},
    {"\\frac{\\sqrt5-1}{4}", "\\sin 18^\\circ"},
    {"\\frac{\\sqrt6-\\sqrt2}{4}", "\\sin 15^\\circ"},
    {"1+\\sqrt2", "\\sqrt{3+2\\sqrt2}"},
    {"\\sqrt2+\\sqrt3", "\\sqrt{5+2\\sqrt6}"},
    {"\\sqrt5-\\sqrt2", "\\sqrt{7-2\\sqrt{10}}"},
    {"\\sqrt[3]{\\frac19}-\\sqrt[3]{\\frac29}+\\sqrt[3]{\\frac49}", "\\sqrt[3]{\\sqrt[3]2-1}"},
    {"\\frac{\\pi}{4}", "4\\arctan\\frac15-\\arctan\\frac1{239}"},
    {"\\frac\\pi2", "\\arcsin\\frac35+\\arcsin\\frac45"},
    {"\\pi", "\\arctan 1+\\arctan 2+\\arctan 3"},
    {"\\frac{\\pi}{2}", "\\arcsin x+\\arccos x"},
    {"\\sqrt{1-x^2}", "\\sin(\\arccos x)"},
    {"\\tan\\frac{x}{2}", "\\frac{\\sin x}{1+\\cos x}"},
    {"\\cos 3x", "4\\cos^3x-3\\cos x"},
    {"\\sec^2x", "1+\\tan^2x"},
    {"\\cosh^2x-\\sinh^2x", "1"},
    {"\\ln(x+\\sqrt{x^2+1})", "\\operatorname{arcsinh} x"},
    {"x^{\\ln y}", "y^{\\ln x}"},
    {"\\log_2 3\\cdot\\log_3 8", "3"},
    {"\\log_{4} 8", "\\frac32"},
    {"-4", "(1+i)^4"},
    {"1024", "(1+i)^{20}\\cdot(-1)"},
    {"e^{-\\pi/2}", "i^i"},
    {"\\cos x+i\\sin x", "e^{ix}"},
    {"5", "|3+4i|"},
    {"-\\frac12+\\frac{\\sqrt3}{2}i", "e^{2\\pi i/3}"},
    {"9", "\\sum_{k=1}^{99}\\frac{1}{\\sqrt k+\\sqrt{k+1}}"},
    {"5050", "\\sum_{k=1}^{100}k"},
    {"\\frac{99}{100}", "\\sum_{k=1}^{99}\\frac{1}{k(k+1)}"},
    {"\\frac{7}{64}", "\\prod_{k=1}^{6}\\sin\\frac{k\\pi}{7}"},
    {"-1", "\\sum_{k=1}^{6}\\cos\\frac{2\\pi k}{7}"},
    {"2^{10}", "\\sum_{k=0}^{10}\\binom{10}{k}"},
    {"\\frac{n(n+1)(2n+1)}{6}", "\\sum_{k=1}^n k^2"},
    {"2^n", "\\sum_{k=0}^n\\binom nk"},
    {"\\binom{2n}{n}", "\\frac{(2n)!}{(n!)^2}"},
    {"\\frac{1+\\sqrt5}{2}", "2\\cos 36^\\circ"},
    {"\\frac{x^n-1}{x-1}", "\\sum_{k=0}^{n-1}x^k"},
    {"|x||y|", "|xy|"},
    {"\\sqrt{x}\\sqrt{y}", "\\sqrt{xy}"},
    {"\\gcd(84,36)", "12"},
};

constexpr Pair kFalse[] = {
    {"1", "\\sqrt[3]{2+\\sqrt5}-\\sqrt[3]{2-\\sqrt5}"},
    {"\\frac18", "\\cos\\frac{\\pi}{7}\\cos\\frac{2\\pi}{7}\\cos\\frac{4\\pi}{7}"},
    {"\\sqrt2+\\sqrt3", "\\pi"},
    {"1+\\sqrt2", "\\sqrt{3+2\\sqrt{2.000000000000000000000001}}"},
    {"\\frac{355}{113}", "\\pi"},
    {"e^{\\pi\\sqrt{163}}", "640320^3+744"},
    {"e^\\pi-\\pi", "20"},
    {"\\cos 3x", "4\\cos^3x-3\\cos x+10^{-30}"},
    {"\\sum_{k=1}^{n}k^2", "\\frac{n(n+1)}{2}"},
    {"\\arctan x", "\\tan^{-1}x+\\pi"},
    {"\\sqrt{1-x^2}", "\\cos(\\arccos x)"},
    {"10^{40}+1", "10^{40}"},
    {"10^{40}\\sqrt2+1", "10^{40}\\sqrt2"},
};

TEST(Identities, True) {
  for (const Pair& pair : kTrue) {
    EXPECT_TRUE(is_correct(pair.gold, pair.answer)) << describe(pair.gold, pair.answer);
    EXPECT_TRUE(is_correct(pair.answer, pair.gold)) << describe(pair.answer, pair.gold);
  }
}

TEST(Identities, NearMisses) {
  for (const Pair& pair : kFalse) EXPECT_FALSE(is_correct(pair.gold, pair.answer)) << describe(pair.gold, pair.answer);
}

}  // namespace
}  // namespace hone::math
