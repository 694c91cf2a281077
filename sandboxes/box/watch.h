// What the processes of a run use, sampled from outside of them.
#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "sandboxes/box/protocol.h"

namespace hone::box {

// Which processes a run consists of: in a process namespace all but its init, elsewhere the descendants of the caller.
class Processes {
 public:
  explicit Processes(Walls walls) : own_namespace_(walls == Walls::kNamespaces) {}

  // At most kMax are listed.
  int list(pid_t* into);
  // Kills all and waits until none is left. False when some do not die within seconds.
  bool end_all();

  // The numbers of the tasks in /proc/<id>/task.
  static int tasks_of(const char* directory, pid_t* into, int room);

  static constexpr int kMax = 1024;

 private:
  int list_namespace(pid_t* into);
  int list_descendants(pid_t* into);
  void kill_all();

  bool own_namespace_;
};

class Watch {
 public:
  Watch(Processes& processes, int directory);

  // Reads everything anew; `elapsed` is the time since the start.
  void sample(double elapsed);
  // After all processes ended and were waited for.
  void finish(double elapsed);

  double cpu_seconds() const { return cpu_; }
  double wall_seconds() const { return wall_; }   // without the time in which a task waited for a processor
  int64_t memory_bytes() const { return peak_; }  // highest so far: resident memory and files
  int processes() const { return count_; }        // threads included

 private:
  struct Task {
    pid_t id;
    double delay;   // seconds spent waiting for a processor, told by the kernel when the task gets one
    double waited;  // since then: time in which it was seen runnable and did not get one
  };
  struct Process {
    pid_t id;
    double cpu;
  };
  static constexpr int kMaxTasks = 2048;

  void read_process(pid_t id, double& cpu, int64_t& resident);
  void read_task(const char* directory, bool runnable, pid_t id);
  double cpu_of_ended() const;
  int64_t file_bytes() const;
  void account_cpu(double live);

  Processes& list_;
  const int directory_;
  const double tick_ = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const int64_t page_ = sysconf(_SC_PAGESIZE);
  int64_t files_at_start_ = 0;
  double cpu_ = 0, wall_ = 0, lost_ = 0;
  double elapsed_ = 0, passed_ = 0;              // at this sample; since the one before
  double delayed_ = 0;                           // over all samples, the longest of each
  double longest_delay_ = 0, longest_wait_ = 0;  // of this sample
  int64_t peak_ = 0;
  int count_ = 0;

  Task tasks_[2][kMaxTasks];
  Process processes_[2][Processes::kMax];
  int task_count_[2] = {}, process_count_[2] = {};
  int now_ = 0;
};

}  // namespace hone::box
