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

// A value: copies are independent. Empty where no checker is known.
class AnyOptions {
 public:
  AnyOptions() = default;
  explicit AnyOptions(std::unique_ptr<CheckerOptions> options) : options_(std::move(options)) {}
  AnyOptions(const AnyOptions& other) : options_(other.options_ ? other.options_->clone() : nullptr) {}
  AnyOptions(AnyOptions&&) = default;
  AnyOptions& operator=(AnyOptions other) { return options_ = std::move(other.options_), *this; }

  explicit operator bool() const { return options_ != nullptr; }
  Fields fields() { return options_ ? options_->fields() : Fields(); }
  const CheckerOptions& operator*() const { return *options_; }

 private:
  std::unique_ptr<CheckerOptions> options_;
};

struct CheckerEntry {
  std::string help;            // one line
  bool needs_sandbox = false;  // make fails without CheckerContext::sandbox
  AnyOptions defaults;
  std::function<Result<std::unique_ptr<Checker>>(const CheckerOptions&, const CheckerContext&)> make;
};

// For a checker without options of its own.
struct NoOptions {
  Fields fields() { return {}; }
};

// By name; filled before main begins, never changed after.
const std::map<std::string, CheckerEntry>& checkers();
std::vector<std::string> checker_names();
// nullptr when there is none of that name.
const CheckerEntry* find_checker(const std::string& name);

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
  return register_checker(name, {help, needs == Needs::kSandbox, AnyOptions(std::make_unique<Own>()),
                                 [](const CheckerOptions& options, const CheckerContext& context) {
                                   return T::make(static_cast<const Own&>(options).options, context);
                                 }});
}

// HONE_CHECKER("name", Class, "help"[, Needs::kSandbox]); at namespace scope, inside hone::rewards.
#define HONE_CHECKER(name, Class, ...) \
  [[maybe_unused]] const bool registered_##Class = register_checker_class<Class>(name, __VA_ARGS__)

}  // namespace hone::rewards
