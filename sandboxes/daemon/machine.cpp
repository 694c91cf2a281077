#include "sandboxes/daemon/machine.h"

#include <unistd.h>

#include <fstream>

#include "base/file.h"
#include "sandboxes/box/confine.h"

namespace hone::sandboxd {
namespace {

using sandboxes::SandboxReport;
using sandboxes::Tier;

// The number in a file of /proc/sys, which says that it is empty, or `absent`.
int setting(const std::string& path, int absent) {
  std::ifstream file(path);
  int value = 0;
  return file >> value ? value : absent;
}

constexpr char kAppArmorProfile[] =
    "printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  "
    "userns,\\n}\\n'"
    " | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap";

}  // namespace

void describe(SandboxReport& report, bool warm_python) {
  auto& holds = report.holds;
  auto& lacks = report.lacks;
  holds = {"processor time, time, memory, output, processes: measured and limited"};
  if (report.tier != Tier::kUnsafe) holds.push_back("system calls: no sockets, no tracing, no mounts, no kernel keys");
  if (report.tier == Tier::kNamespaces) {
    holds.push_back("files: /usr read-only; its own working directory, /tmp and /dev/shm of bounded size");
    holds.push_back("processes: only its own can be seen and signalled; all die with the run");
    holds.push_back("no network, no privilege, nothing of an earlier run");
  } else if (report.tier == Tier::kLandlock) {
    holds.push_back("files: /usr read-only, writes only in its own directory");
    if (box::landlock_version() >= 6) {
      holds.push_back("signals: only to its own processes");
    } else {
      lacks.push_back("signals reach other processes of the same user (Landlock 6, Linux 6.12, would hold them)");
    }
    lacks.push_back("other processes can be seen in /proc");
    lacks.push_back("the size of a file is limited, their sum is not");
    if (::geteuid() != 0) lacks.push_back("the number of processes is watched, not bounded beforehand");
  } else {
    lacks = {"files, network, processes and privileges of the user: a program can do all that the user can"};
  }
  if (!warm_python) lacks.push_back("no warm Python interpreter: each Python program starts one");
}

void advise(SandboxReport& report, Tier tier, const std::string& reason) {
  auto& advice = report.advice;
  report.lacks.push_back(to_string(tier) + ": " + reason);
  if (tier == Tier::kLandlock) {
    if (box::landlock_version() == 0) advice.push_back("Landlock: Linux 5.13 or later, with landlock in the lsm= list");
    return;
  }
  if (tier != Tier::kNamespaces) return;
  if (!path_exists("/usr/bin/bwrap")) {
    advice.push_back("sudo apt-get install bubblewrap");
    return;
  }
  if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1) advice.push_back(kAppArmorProfile);
  if (setting("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0) {
    advice.push_back("sudo sysctl -w kernel.unprivileged_userns_clone=1");
  }
  if (setting("/proc/sys/user/max_user_namespaces", 1) == 0) {
    advice.push_back("sudo sysctl -w user.max_user_namespaces=15000");
  }
  if (path_exists("/.dockerenv") || path_exists("/run/.containerenv")) {
    advice.push_back(
        "in a container: docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
        "--security-opt systempaths=unconfined");
  }
}

}  // namespace hone::sandboxd
