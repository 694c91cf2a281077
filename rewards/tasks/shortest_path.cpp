#include <algorithm>

#include "base/json.h"
#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

struct Move {
  char letter;
  int row, column;
};
constexpr Move kMoves[] = {{'U', -1, 0}, {'D', 1, 0}, {'L', 0, -1}, {'R', 0, 1}};

struct Cell {
  int row = 0, column = 0;
  bool operator==(const Cell&) const = default;
};

// Rows of one length with one S, one G, and '#' where no way leads.
class Maze {
 public:
  explicit Maze(std::vector<std::string> rows) : rows_(std::move(rows)) {}

  const std::vector<std::string>& rows() const { return rows_; }
  bool open(Cell cell) const {
    return cell.row >= 0 && cell.column >= 0 && cell.row < static_cast<int>(rows_.size()) &&
           cell.column < static_cast<int>(rows_[0].size()) && at(cell) != '#';
  }
  Cell find(char mark) const {
    for (int row = 0; row < static_cast<int>(rows_.size()); ++row)
      if (const size_t column = rows_[static_cast<size_t>(row)].find(mark); column != std::string::npos)
        return {row, static_cast<int>(column)};
    return {-1, -1};
  }
  char at(Cell cell) const { return rows_[static_cast<size_t>(cell.row)][static_cast<size_t>(cell.column)]; }

  // The cell after the move, or nothing where it leads out of the maze or into a wall.
  std::optional<Cell> after(Cell cell, const Move& move) const {
    const Cell next{cell.row + move.row, cell.column + move.column};
    return open(next) ? std::optional(next) : std::nullopt;
  }

  // The first shortest way in the order of kMoves; nothing where there is none.
  std::optional<std::string> shortest_way() const {
    std::vector<std::string> reached = rows_;  // the move that led to a cell, or '#' or '.' as before
    for (std::string& row : reached) std::replace(row.begin(), row.end(), 'G', '.');
    const Cell start = find('S'), goal = find('G');
    std::vector<Cell> queue{start};
    for (size_t i = 0; i < queue.size() && !(queue[i] == goal); ++i)
      for (const Move& move : kMoves) {
        const auto next = after(queue[i], move);
        if (!next) continue;
        char& mark = reached[static_cast<size_t>(next->row)][static_cast<size_t>(next->column)];
        if (mark != '.') continue;
        mark = move.letter;
        queue.push_back(*next);
      }
    std::string way;
    for (Cell cell = goal; !(cell == start);) {
      const char letter = reached[static_cast<size_t>(cell.row)][static_cast<size_t>(cell.column)];
      const Move* const move =
          std::find_if(std::begin(kMoves), std::end(kMoves), [&](const Move& m) { return m.letter == letter; });
      if (move == std::end(kMoves)) return std::nullopt;
      way += letter;
      cell = {cell.row - move->row, cell.column - move->column};
    }
    std::reverse(way.begin(), way.end());
    return way;
  }

 private:
  std::vector<std::string> rows_;
};

Maze draw_maze(PhiloxStream& random, int size) {
  const auto side = static_cast<size_t>(size);
  std::vector<std::string> rows(side, std::string(side, '.'));
  for (std::string& row : rows)
    for (char& cell : row)
      if (random.below(10) < 3) cell = '#';
  const auto place = [&](char mark) {
    char* cell = nullptr;
    do cell = &rows[random.below(static_cast<uint32_t>(size))][random.below(static_cast<uint32_t>(size))];
    while (*cell == 'S');
    *cell = mark;
  };
  place('S');
  place('G');
  return Maze(std::move(rows));
}

std::optional<Maze> read_maze(const json& gold) {
  constexpr size_t kMost = 64;
  if (!gold.is_object() || !gold.contains("grid") || !gold["grid"].is_array()) return std::nullopt;
  const json& grid = gold["grid"];
  if (grid.empty() || grid.size() > kMost) return std::nullopt;
  std::vector<std::string> rows;
  std::string marks;
  for (const json& row : grid) {
    if (!row.is_string()) return std::nullopt;
    rows.push_back(row.get<std::string>());
    if (rows.back().empty() || rows.back().size() > kMost || rows.back().size() != rows[0].size()) return std::nullopt;
    marks += rows.back();
  }
  if (std::count(marks.begin(), marks.end(), 'S') != 1 || std::count(marks.begin(), marks.end(), 'G') != 1 ||
      marks.find_first_not_of("SG#.") != marks.npos)
    return std::nullopt;
  return Maze(std::move(rows));
}

class ShortestPath final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    const int size = difficulty + 3;
    std::optional<std::string> way;
    Maze maze({});
    do {
      maze = draw_maze(random, size);
      way = maze.shortest_way();
    } while (!way || static_cast<int>(way->size()) < size - 1);
    std::vector<std::string> cells;
    Cell cell = maze.find('S');
    for (char letter : *way) {
      for (const Move& move : kMoves)
        if (move.letter == letter) cell = {cell.row + move.row, cell.column + move.column};
      cells.push_back(str(letter, " (", cell.row + 1, ",", cell.column + 1, ")"));
    }
    return {"Find a shortest way from S to G, around the walls #:\n" + join(maze.rows(), "\n") +
                "\nAnswer with its moves as letters U, D, L and R without spaces.",
            join(cells, " "), *way, json{{"grid", maze.rows()}}.dump()};
  }

  Judgement judge(const json& gold, std::string_view answer) const override {
    const auto maze = read_maze(gold);
    const auto best = maze ? maze->shortest_way() : std::nullopt;
    if (!best) return {Verdict::kGoldError, "", "", "the gold must have a grid with a way from S to G"};
    Cell cell = maze->find('S');
    const std::string way(answer);
    for (char letter : way) {
      const Move* const move =
          std::find_if(std::begin(kMoves), std::end(kMoves), [&](const Move& m) { return m.letter == letter; });
      if (move == std::end(kMoves)) return {Verdict::kParseError, "", *best, "moves are U, D, L and R"};
      const auto next = maze->after(cell, *move);
      if (!next) return {Verdict::kWrong, way, *best, "the way leads into a wall"};
      cell = *next;
    }
    const bool arrives = maze->at(cell) == 'G', shortest = way.size() == best->size();
    return {arrives && shortest ? Verdict::kCorrect : Verdict::kWrong, way, *best,
            !arrives ? "the way does not end at G" : shortest ? "" : "there is a shorter way"};
  }
};

}  // namespace

const Task& shortest_path() {
  static const ShortestPath task("shortest_path");
  return task;
}

}  // namespace hone::rewards
