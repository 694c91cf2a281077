// One run, from inside: its init makes the surroundings, starts the program, watches and ends it, and reports.
#pragma once

#include "sandboxes/box/protocol.h"

namespace hone::box {

// The program to become: argv, ended by null.
using Words = char**;

// The init of one run: process 1 of the run's namespace, or a subreaper. Ends the process. Only the Python program of
// a run with a warm interpreter returns: in a child, confined, in its working directory.
Words run_as_init(const BoxConfig& config, const RunDescriptors& descriptors, uint64_t serial);

}  // namespace hone::box
