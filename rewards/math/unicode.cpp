#include "rewards/math/unicode.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace hone::math {
namespace {

struct Entry {
  std::string_view utf8;
  std::string_view latex;
};

constexpr auto sorted(auto list) {
  std::sort(list.begin(), list.end(), [](const Entry& a, const Entry& b) { return a.utf8 < b.utf8; });
  return list;
}

std::string_view look_up(const auto& list, std::string_view key) {
  const auto at = std::lower_bound(list.begin(), list.end(), key,
                                   [](const Entry& a, std::string_view text) { return a.utf8 < text; });
  return at != list.end() && at->utf8 == key ? at->latex : std::string_view();
}

constexpr auto kPlain = sorted(std::to_array<Entry>({
    {"π", "\\pi "},
    {"Π", "\\Pi "},
    {"𝜋", "\\pi "},
    {"∞", "\\infty "},
    {"√", "\\surd "},
    {"∛", "\\sqrt[3]"},
    {"∜", "\\sqrt[4]"},
    {"−", "-"},
    {"–", "-"},
    {"—", "-"},
    {"‐", "-"},
    {"‑", "-"},
    {"﹣", "-"},
    {"－", "-"},
    {"＋", "+"},
    {"×", "\\times "},
    {"✕", "\\times "},
    {"⋅", "\\cdot "},
    {"·", "\\cdot "},
    {"∙", "\\cdot "},
    {"•", "\\cdot "},
    {"÷", "\\div "},
    {"∗", "*"},
    {"⁄", "/"},
    {"∕", "/"},
    {"／", "/"},
    {"±", "\\pm "},
    {"∓", "\\mp "},
    {"≤", "\\le "},
    {"≥", "\\ge "},
    {"⩽", "\\le "},
    {"⩾", "\\ge "},
    {"≦", "\\le "},
    {"≧", "\\ge "},
    {"≠", "\\ne "},
    {"≈", "\\approx "},
    {"≅", "\\cong "},
    {"≡", "\\equiv "},
    {"＝", "="},
    {"＜", "<"},
    {"＞", ">"},
    {"∈", "\\in "},
    {"∉", "\\notin "},
    {"∪", "\\cup "},
    {"∩", "\\cap "},
    {"∖", "\\setminus "},
    {"⊂", "\\subset "},
    {"⊆", "\\subseteq "},
    {"∅", "\\emptyset "},
    {"Ø", "\\emptyset "},
    {"ø", "\\emptyset "},
    {"ℝ", "\\mathbb{R}"},
    {"ℤ", "\\mathbb{Z}"},
    {"ℕ", "\\mathbb{N}"},
    {"ℚ", "\\mathbb{Q}"},
    {"ℂ", "\\mathbb{C}"},
    {"°", "\\degree "},
    {"º", "\\degree "},
    {"˚", "\\degree "},
    {"∘", "\\degree "},
    {"′", "'"},
    {"’", "'"},
    {"‘", "'"},
    {"…", "\\dots "},
    {"⋯", "\\dots "},
    {"％", "%"},
    {"（", "("},
    {"）", ")"},
    {"［", "["},
    {"］", "]"},
    {"｛", "\\{"},
    {"｝", "\\}"},
    {"，", ","},
    {"、", ","},
    {"；", ";"},
    {"：", ":"},
    {"。", " "},
    {"．", "."},
    {"｜", "|"},
    {"∣", "|"},
    {"！", "!"},
    {"⟨", "\\langle "},
    {"⟩", "\\rangle "},
    {"〈", "\\langle "},
    {"〉", "\\rangle "},
    {"⌊", "\\lfloor "},
    {"⌋", "\\rfloor "},
    {"⌈", "\\lceil "},
    {"⌉", "\\rceil "},
    {"∑", "\\sum "},
    {"∏", "\\prod "},
    {"∫", "\\int "},
    {"→", "\\to "},
    {"⇒", "\\implies "},
    {"∧", "\\land "},
    {"∨", "\\lor "},
    {"€", "\\euro "},
    {"£", "\\pounds "},
    {"¥", "\\yen "},
    {"＄", "\\$"},
    {"∠", "\\angle "},
    {"△", "\\triangle "},
    {"½", "{\\frac{1}{2}}"},
    {"⅓", "{\\frac{1}{3}}"},
    {"⅔", "{\\frac{2}{3}}"},
    {"¼", "{\\frac{1}{4}}"},
    {"¾", "{\\frac{3}{4}}"},
    {"⅕", "{\\frac{1}{5}}"},
    {"⅖", "{\\frac{2}{5}}"},
    {"⅗", "{\\frac{3}{5}}"},
    {"⅘", "{\\frac{4}{5}}"},
    {"⅙", "{\\frac{1}{6}}"},
    {"⅚", "{\\frac{5}{6}}"},
    {"⅛", "{\\frac{1}{8}}"},
    {"⅜", "{\\frac{3}{8}}"},
    {"⅝", "{\\frac{5}{8}}"},
    {"⅞", "{\\frac{7}{8}}"},
    {"α", "\\alpha "},
    {"β", "\\beta "},
    {"γ", "\\gamma "},
    {"δ", "\\delta "},
    {"ε", "\\epsilon "},
    {"ϵ", "\\epsilon "},
    {"ζ", "\\zeta "},
    {"η", "\\eta "},
    {"θ", "\\theta "},
    {"ϑ", "\\theta "},
    {"ι", "\\iota "},
    {"κ", "\\kappa "},
    {"λ", "\\lambda "},
    {"μ", "\\mu "},
    {"µ", "\\mu "},
    {"ν", "\\nu "},
    {"ξ", "\\xi "},
    {"ρ", "\\rho "},
    {"σ", "\\sigma "},
    {"τ", "\\tau "},
    {"υ", "\\upsilon "},
    {"φ", "\\phi "},
    {"ϕ", "\\phi "},
    {"χ", "\\chi "},
    {"ψ", "\\psi "},
    {"ω", "\\omega "},
    {"Γ", "\\Gamma "},
    {"Δ", "\\Delta "},
    {"Θ", "\\Theta "},
    {"Λ", "\\Lambda "},
    {"Ξ", "\\Xi "},
    {"Σ", "\\Sigma "},
    {"Φ", "\\Phi "},
    {"Ψ", "\\Psi "},
    {"Ω", "\\Omega "},
    {"ℓ", "l"},
    {"ⅈ", "i"},
    {"ⅇ", "e"},
    // Spaces of several widths, and marks that print nothing.
    {"\u00A0", " "},
    {"\u2002", " "},
    {"\u2003", " "},
    {"\u2004", " "},
    {"\u2005", " "},
    {"\u2006", " "},
    {"\u2007", " "},
    {"\u2008", " "},
    {"\u2009", " "},
    {"\u200A", " "},
    {"\u202F", " "},
    {"\u205F", " "},
    {"\u3000", " "},
    {"\u200B", " "},
    {"\u200C", " "},
    {"\u200D", " "},
    {"\u2060", " "},
    {"\uFEFF", " "},
    {"\u2061", " "},
    {"\u2062", " "},
    {"０", "0"},
    {"１", "1"},
    {"２", "2"},
    {"３", "3"},
    {"４", "4"},
    {"５", "5"},
    {"６", "6"},
    {"７", "7"},
    {"８", "8"},
    {"９", "9"},
}));

constexpr auto kSuperscripts = sorted(std::to_array<Entry>({
    {"⁰", "0"}, {"¹", "1"}, {"²", "2"}, {"³", "3"}, {"⁴", "4"}, {"⁵", "5"}, {"⁶", "6"}, {"⁷", "7"},
    {"⁸", "8"}, {"⁹", "9"}, {"⁺", "+"}, {"⁻", "-"}, {"⁼", "="}, {"⁽", "("}, {"⁾", ")"}, {"ⁿ", "n"},
    {"ⁱ", "i"}, {"ˣ", "x"}, {"ᵏ", "k"}, {"ᵐ", "m"}, {"ᵃ", "a"}, {"ᵇ", "b"}, {"ᵗ", "t"}, {"ʸ", "y"},
}));

constexpr auto kSubscripts = sorted(std::to_array<Entry>({
    {"₀", "0"}, {"₁", "1"}, {"₂", "2"}, {"₃", "3"}, {"₄", "4"}, {"₅", "5"}, {"₆", "6"},
    {"₇", "7"}, {"₈", "8"}, {"₉", "9"}, {"₊", "+"}, {"₋", "-"}, {"ₙ", "n"}, {"ₖ", "k"},
    {"ₘ", "m"}, {"ᵢ", "i"}, {"ⱼ", "j"}, {"ₐ", "a"}, {"ₓ", "x"},
}));

}  // namespace

UnicodeMeaning unicode_meaning(std::string_view text, size_t& length) {
  length = utf8_length(text);
  const std::string_view key = text.substr(0, length);
  if (const auto latex = look_up(kPlain, key); !latex.empty()) return {latex};
  if (const auto latex = look_up(kSuperscripts, key); !latex.empty()) return {latex, true, false};
  if (const auto latex = look_up(kSubscripts, key); !latex.empty()) return {latex, false, true};
  return {};
}

}  // namespace hone::math
