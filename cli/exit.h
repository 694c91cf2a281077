// How the program ends: exit codes, and errors as people see them on stderr.
#pragma once

#include <string>

#include "base/result.h"

namespace hone::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;   // while running
inline constexpr int kRefused = 2;  // bad command line or configuration; nothing was started
inline constexpr int kGuarded = 3;  // a guard stopped the run
inline constexpr int kSignalled = 128;  // plus the signal's number

// A line to stderr.
void say(const std::string& text);

// Prints the error and returns the exit code of its kind: kGuarded, kSignalled + signal, else kFailed.
int fail(const Error& error);
// Prints the error of a command line or configuration; kRefused.
int refuse(const Error& error);
// refuse() what is kInvalid, fail() the rest: of work that checks what it was asked before it starts.
int fail_or_refuse(const Error& error);

}  // namespace hone::cli
