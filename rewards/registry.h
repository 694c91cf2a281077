// The checkers by name. A checker is a class with
//   struct Options { ...; Fields fields(); };    its keys in a run file, with defaults, bounds and help (base/schema.h)
//   static Result<std::unique_ptr<Checker>> make(const Options&, const CheckerContext&);
// and one line HONE_CHECKER in its .cpp file: nothing else in hone names it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/schema.h"
#include "rewards/checker.h"

namespace hone::rewards {

// The options of some checker, without their type.
class CheckerOptions {
 public:
  virtual ~CheckerOptions() = default;
  virtual Fields fields() = 0;  // views of this object
  virtual std::unique_ptr<CheckerOptions> clone() const = 0;
};

struct CheckerEntry {
  std::string help;            // one line
  bool needs_sandbox = false;  // make fails without CheckerContext::sandbox
  std::unique_ptr<CheckerOptions> defaults;
  std::function<Result<std::unique_ptr<Checker>>(const CheckerOptions&, const CheckerContext&)> make;
};

// By name; filled before main begins, never changed after.
const std::map<std::string, CheckerEntry>& checkers();
std::vector<std::string> checker_names();

bool register_checker(const std::string& name, CheckerEntry entry);

template <class Options>
class TypedOptions final : public CheckerOptions {
 public:
  Fields fields() override { return options.fields(); }
  std::unique_ptr<CheckerOptions> clone() const override { return std::make_unique<TypedOptions>(*this); }
  Options options;
};

enum class Needs { kNothing, kSandbox };

template <class T>
bool register_checker_class(const std::string& name, const std::string& help, Needs needs = Needs::kNothing) {
  using Own = TypedOptions<typename T::Options>;
  return register_checker(name, {help, needs == Needs::kSandbox, std::make_unique<Own>(),
                                 [](const CheckerOptions& options, const CheckerContext& context) {
                                   return T::make(static_cast<const Own&>(options).options, context);
                                 }});
}

// HONE_CHECKER("name", Class, "help"[, Needs::kSandbox]); at namespace scope, inside hone::rewards.
#define HONE_CHECKER(name, Class, ...) \
  [[maybe_unused]] const bool registered_##Class = register_checker_class<Class>(name, __VA_ARGS__)

}  // namespace hone::rewards
