#include "sandboxes/daemon/launch.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>

#include "base/file.h"

namespace hone::sandboxd {
namespace {

namespace process = boost::process::v2;

process::error_code last_error() { return {errno, boost::system::system_category()}; }

// Boost 1.81 leaves descriptors open, since its launcher compares an element with itself; later ones close all that
// the launcher's list does not name. Both are served here.
struct Isolate {
  const Launch& what;

  process::error_code on_setup(process::posix::default_launcher& launcher, const process::filesystem::path&,
                               const char* const*) {
    launcher.fd_whitelist.insert(launcher.fd_whitelist.end(), what.keep.begin(), what.keep.end());
    return {};
  }

  process::error_code on_exec_setup(process::posix::default_launcher&, const process::filesystem::path&,
                                    const char* const*) {
    if (::setpgid(0, 0) != 0) return last_error();
    if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return last_error();
    for (const int fd : what.keep) {
      if (::fcntl(fd, F_SETFD, 0) != 0) return last_error();
    }
    if (what.user == 0) return {};
    const bool became = ::setgroups(0, nullptr) == 0 && ::setresgid(what.user, what.user, what.user) == 0 &&
                        ::setresuid(what.user, what.user, what.user) == 0;
    return became ? process::error_code() : last_error();
  }
};

}  // namespace

Result<Process> launch(boost::asio::io_context& context, const Launch& what) {
  FileDescriptor null_in, null_out;
  HONE_TRY_ASSIGN(null_in, open_file("/dev/null", O_RDONLY));
  HONE_TRY_ASSIGN(null_out, open_file("/dev/null", O_WRONLY));
  const int in = what.in >= 0 ? what.in : null_in.get();
  const int out = what.out >= 0 ? what.out : null_out.get();
  const int err = what.err >= 0 ? what.err : null_out.get();
  try {
    const std::string directory = what.directory.empty() ? "." : what.directory;
    process::error_code error;
    Process started = process::default_process_launcher()(
        context.get_executor(), error, process::filesystem::path(what.program), what.arguments,
        process::process_stdio{in, out, err}, process::process_environment(what.environment),
        process::process_start_dir(directory), Isolate{what});
    if (error) return os_error(error.value(), "run", what.program);
    return started;
  } catch (const std::exception& error) {
    return Error{.code = ErrorCode::kIo, .message = str("cannot run: ", error.what()), .file = what.program};
  }
}

void end(Process& process) {
  boost::process::v2::error_code error;
  ::kill(process.id(), SIGKILL);
  process.wait(error);
}

}  // namespace hone::sandboxd
