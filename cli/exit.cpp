#include "cli/exit.h"

#include <iostream>

#include "cli/signals.h"

namespace hone::cli {
namespace {

int exit_code(ErrorCode code) {
  if (code == ErrorCode::kGuard) return kGuarded;
  if (code == ErrorCode::kInterrupted) return kSignalled + received_signal();
  return kFailed;
}

}  // namespace

void say(const std::string& text) { std::cerr << "hone: " << text << '\n'; }

int fail(const Error& error) {
  say(error.to_string());
  return exit_code(error.code);
}

int refuse(const Error& error) {
  say(error.to_string());
  return kRefused;
}

int fail_or_refuse(const Error& error) { return error.code == ErrorCode::kInvalid ? refuse(error) : fail(error); }

}  // namespace hone::cli
