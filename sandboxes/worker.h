#pragma once

#include "sandboxes/daemon_link.h"

namespace hone::sandboxes {

std::unique_ptr<Worker> make_worker(DaemonLink::WorkerDescriptors descriptors);

}  // namespace hone::sandboxes
