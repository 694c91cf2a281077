#include <array>

#include "base/json.h"
#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

constexpr size_t kSide = 4, kCells = kSide * kSide;

// Four rows one after another: 1 to 4, '.' for an empty cell.
using Grid = std::string;

// The three groups of a cell: its row, its column and its block.
std::array<size_t, 3> groups_of(size_t cell) {
  const size_t row = cell / kSide, column = cell % kSide;
  return {row, kSide + column, 2 * kSide + row / 2 * 2 + column / 2};
}

bool is_solved(const Grid& grid) {
  std::array<unsigned, 3 * kSide> seen{};
  for (size_t cell = 0; cell < kCells; ++cell)
    for (size_t group : groups_of(cell)) seen[group] |= 1u << (grid[cell] - '0');
  for (unsigned digits : seen)
    if (digits != 0b11110) return false;
  return true;
}

// One of the 288 solutions: the digits, the rows and columns within bands, and the bands of one of them exchanged.
Grid draw_solution(PhiloxStream& random) {
  constexpr std::string_view kBases[] = {"1234341221434321", "1234341243212143", "1234342121434312"};
  const std::string_view base = draw_one(random, kBases);
  std::vector<char> digits = {'1', '2', '3', '4'};
  shuffle(random, digits);
  const auto draw_order = [&] {
    std::array<size_t, kSide> order = {0, 1, 2, 3};
    if (random.below(2) == 0) std::swap(order[0], order[1]);
    if (random.below(2) == 0) std::swap(order[2], order[3]);
    if (random.below(2) == 0) std::swap(order[0], order[2]), std::swap(order[1], order[3]);
    return order;
  };
  const auto rows = draw_order(), columns = draw_order();
  Grid grid;
  for (size_t row : rows)
    for (size_t column : columns) grid += digits[static_cast<size_t>(base[row * kSide + column] - '1')];
  return grid;
}

std::string in_rows(const Grid& grid, std::string_view separator) {
  std::vector<std::string> rows;
  for (size_t row = 0; row < kSide; ++row) rows.push_back(grid.substr(row * kSide, kSide));
  return join(rows, separator);
}

class Sudoku4 final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    const Grid solution = draw_solution(random);
    std::vector<size_t> cells(kCells);
    for (size_t i = 0; i < kCells; ++i) cells[i] = i;
    shuffle(random, cells);
    Grid grid = solution;
    std::vector<std::string> steps;
    for (size_t i = 0; i < static_cast<size_t>(difficulty + 2); ++i) grid[cells[i]] = '.';
    for (size_t cell = 0; cell < kCells; ++cell)
      if (grid[cell] == '.') steps.push_back(str("(", cell / kSide + 1, ",", cell % kSide + 1, ") ", solution[cell]));
    return {"Fill the empty cells so that every row, every column and every block of two by two has the digits 1 to 4 "
            "once:\n" + in_rows(grid, "\n") + "\nAnswer with the four rows, with spaces between.",
            join(steps, "; "), in_rows(solution, " "), json{{"grid", grid}}.dump()};
  }

  Judgement judge(const json& gold, std::string_view answer) const override {
    const bool has_grid = gold.is_object() && gold.contains("grid") && gold["grid"].is_string();
    const Grid given = has_grid ? gold["grid"].get<std::string>() : "";
    if (given.size() != kCells || given.find_first_not_of("1234.") != given.npos)
      return {Verdict::kGoldError, "", "", "the gold must have a grid of 16 cells"};
    Grid grid;
    for (char c : answer)
      if (c != ' ' && c != '\n' && c != '\r') grid += c;
    if (grid.size() != kCells || grid.find_first_not_of("1234") != grid.npos)
      return {Verdict::kParseError, "", "", "the answer is not 16 digits from 1 to 4"};
    for (size_t cell = 0; cell < kCells; ++cell)
      if (given[cell] != '.' && given[cell] != grid[cell])
        return {Verdict::kWrong, in_rows(grid, " "), "", "a given digit was changed"};
    return {is_solved(grid) ? Verdict::kCorrect : Verdict::kWrong, in_rows(grid, " "), "", ""};
  }
};

}  // namespace

const Task& sudoku4() {
  static const Sudoku4 task("sudoku4");
  return task;
}

}  // namespace hone::rewards
