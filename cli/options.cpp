#include "cli/options.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "base/check.h"

namespace hone::cli {
namespace {

template <class T>
std::optional<T> parse(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

CLI::Validator count_from(uint64_t low) {
  return {[low](std::string& text) {
            const auto value = parse<uint64_t>(text);
            return value && *value >= low ? std::string() : str("'", text, "' is not a whole number from ", low, " on");
          },
          ""};
}

}  // namespace

CLI::Validator number_in(double low, double high) {
  return {[low, high](std::string& text) {
            const auto value = parse<double>(text);
            const bool fits = value && std::isfinite(*value) && *value >= low && *value <= high;
            return fits ? std::string() : str("'", text, "' is not a number in [", low, ", ", high, "]");
          },
          ""};
}

CLI::Validator positive_count() { return count_from(1); }
CLI::Validator whole_number() { return count_from(0); }

void add_input(CLI::App& command, std::string& file) {
  command.add_option("FILE", file, "JSON lines; standard input when left out")->type_name("");
}

void add_target(CLI::App& command, std::string& target) {
  command.add_option("TARGET", target, "a run directory (its last checkpoint), a checkpoint or a model directory")
      ->type_name("")
      ->required();
}

void add_threads(CLI::App& command, int64_t& threads) {
  command.add_option("--threads", threads, "threads that compute; all cores when left out; results are the same")
      ->type_name("N")
      ->check(number_in(1, 1024));
}

void add_dtype(CLI::App& command, std::string& dtype) {
  command.add_option("--dtype", dtype, "f32 or bf16: type of weights and cache (default: what config.json names)")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"f32", "bf16"}));
}

}  // namespace hone::cli
