// Reads a plan from the control socket; files go straight to disk.
#pragma once

#include "sandboxes/box/protocol.h"

namespace hone::box {

struct ReadPlan {
  Plan plan;
  char** words;  // argv, ended by null
  char** fetch;
  int directory;  // the working directory
};

// First the fixed part, from which the directory's size follows, then the rest. False when the sender is gone or breaks
// the protocol, or a file cannot be written.
bool read_plan_head(int control, Plan& into);
bool read_plan_rest(int control, ReadPlan& into);

// Sends the files of `fetch` that exist as regular files.
void send_report(int control, Report report, const ReadPlan* plan);

}  // namespace hone::box
