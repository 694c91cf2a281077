#include "sandboxes/box/watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "sandboxes/box/posix.h"

namespace hone::box {
namespace {

constexpr int kTmpfsMagic = 0x01021994;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// The CPU clock of another process (the kernel's encoding of process clocks): exact, and one call.
double clock_of(pid_t id) {
  timespec used;
  const auto clock = static_cast<clockid_t>(~static_cast<unsigned>(id) << 3 | 2);
  return clock_gettime(clock, &used) == 0 ? static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9
                                          : 0;
}

// The file's beginning, ended by a 0; false when the process is gone.
template <int kSize>
bool read_small(const char* path, char (&into)[kSize]) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t size = read(fd, into, kSize - 1);
  close(fd);
  if (size <= 0) return false;
  into[size] = 0;
  return true;
}

}  // namespace

Watch::Watch(Processes& processes, int directory) : list_(processes), directory_(directory) {
  files_at_start_ = file_bytes();
}

int64_t Watch::file_bytes() const {
  struct statfs usage;
  if (fstatfs(directory_, &usage) != 0 || usage.f_type != kTmpfsMagic || usage.f_blocks == 0) return 0;
  return static_cast<int64_t>(usage.f_blocks - usage.f_bfree) * usage.f_bsize;
}

// The kernel adds a wait to the task's sum when it ends; until then a task that is runnable and does not move is
// waiting.
void Watch::read_task(const char* directory, bool runnable, pid_t id) {
  char text[128];
  if (task_count_[now_] == kMaxTasks || !read_small(Text<96>().add(directory).add("/schedstat").c_str(), text)) return;
  char* end;
  strtoull(text, &end, 10);
  Task task{id, static_cast<double>(strtoull(end, &end, 10)) * 1e-9, 0};
  Task before{id, 0, 0};
  for (int i = 0; i < task_count_[1 - now_]; ++i) {
    if (tasks_[1 - now_][i].id == id) before = tasks_[1 - now_][i];
  }
  if (task.delay > before.delay) {
    if (task.delay - before.delay > longest_delay_) longest_delay_ = task.delay - before.delay;
  } else if (runnable) {
    task.waited = before.waited + passed_;
    if (task.waited > longest_wait_) longest_wait_ = task.waited;
  }
  tasks_[now_][task_count_[now_]++] = task;
}

// /proc/<id>/stat: after the name in brackets and the state come numbers, from field 4 of proc(5) on. Used here: the
// times of children that were waited for (16, 17), threads (20), resident pages (24).
void Watch::read_process(pid_t id, double& cpu, int64_t& resident) {
  Text<64> path;
  path.add("/proc/").add(id);
  char text[1024];
  if (!read_small(Text<80>().add(path.c_str()).add("/stat").c_str(), text)) return;
  const char* at = strrchr(text, ')');
  if (!at || at[1] == 0 || at[2] == 0) return;
  const char state = at[2];
  at += 3;
  int64_t fields[25] = {};
  for (int i = 4; i <= 24; ++i) {
    char* end;
    fields[i] = strtoll(at, &end, 10);
    at = end;
  }
  const int64_t threads = fields[20];
  const double used = clock_of(id);
  cpu += used + static_cast<double>(fields[16] + fields[17]) * tick_;
  resident += fields[24] * page_;
  if (process_count_[now_] < Processes::kMax) processes_[now_][process_count_[now_]++] = {id, used};
  count_ += threads > 0 ? static_cast<int>(threads) : 1;
  if (threads <= 1) {
    read_task(path.c_str(), state == 'R', id);
    return;
  }
  path.add("/task");
  pid_t tasks[256];
  const int count = Processes::tasks_of(path.c_str(), tasks, 256);
  for (int i = 0; i < count; ++i) {
    Text<96> task;
    task.add(path.c_str()).add("/").add(tasks[i]);
    char about[1024];
    const bool known = read_small(Text<112>().add(task.c_str()).add("/stat").c_str(), about);
    const char* name_end = known ? strrchr(about, ')') : nullptr;
    read_task(task.c_str(), name_end && name_end[1] && name_end[2] == 'R', tasks[i]);
  }
}

double Watch::cpu_of_ended() const {
  rusage ended;
  getrusage(RUSAGE_CHILDREN, &ended);
  return seconds(ended.ru_utime) + seconds(ended.ru_stime);
}

// A process that ignores SIGCHLD loses what its children used; what was seen of them is added up besides.
void Watch::account_cpu(double live) {
  double seen = 0;
  for (int i = 0; i < process_count_[now_]; ++i) seen += processes_[now_][i].cpu;
  for (int i = 0; i < process_count_[1 - now_]; ++i) {
    const Process& before = processes_[1 - now_][i];
    bool lives = false;
    for (int k = 0; k < process_count_[now_]; ++k) lives = lives || processes_[now_][k].id == before.id;
    if (!lives) lost_ += before.cpu;
  }
  const double known = cpu_of_ended() + live;
  const double total = known > seen + lost_ ? known : seen + lost_;
  if (total > cpu_) cpu_ = total;
}

void Watch::sample(double elapsed) {
  now_ = 1 - now_;
  task_count_[now_] = process_count_[now_] = 0;
  longest_delay_ = longest_wait_ = 0;
  passed_ = elapsed - elapsed_;
  elapsed_ = elapsed;
  count_ = 0;
  pid_t ids[Processes::kMax];
  const int count = list_.list(ids);
  double cpu = 0;
  int64_t resident = 0;
  for (int i = 0; i < count; ++i) read_process(ids[i], cpu, resident);
  account_cpu(cpu);
  const int64_t memory = resident + file_bytes() - files_at_start_;
  if (memory > peak_) peak_ = memory;
  delayed_ += longest_delay_;
  const double wall = elapsed_ - delayed_ - longest_wait_;
  wall_ = wall > 0 ? wall : 0;
}

void Watch::finish(double elapsed) {
  now_ = 1 - now_;
  process_count_[now_] = 0;
  account_cpu(0);
  rusage ended;
  getrusage(RUSAGE_CHILDREN, &ended);
  const int64_t largest = static_cast<int64_t>(ended.ru_maxrss) * 1024;
  if (largest > peak_) peak_ = largest;
  if (elapsed > elapsed_) wall_ += elapsed - elapsed_;
}

}  // namespace hone::box
