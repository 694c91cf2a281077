// A warm interpreter does what a fresh one does: every program is run by both.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/sandboxes/sandbox_fixture.h"
#include "tests/support/temp_dir.h"

namespace hone::sandboxes {
namespace {

struct Ended {
  std::string out;
  int status = 0;
};

// `python3 -I -S program` in an empty directory, with the environment of boxes and pipes as streams. The status is that
// of bash: 128 and the number of a signal.
Ended fresh_interpreter(const std::string& source, const std::string& input) {
  const hone::testing::TempDir directory;
  HONE_CHECK(write_file_atomic(directory.file("program.py"), source).ok(), "");
  HONE_CHECK(write_file_atomic(directory.file("input"), input).ok(), "");
  const std::string script = "cd " + directory.path() +
                             "; cat input | env -i PATH=/usr/bin:/bin LANG=C.UTF-8 TZ=UTC /usr/bin/python3 -I -S "
                             "program.py; exit ${PIPESTATUS[1]}";
  HONE_CHECK(write_file_atomic(directory.file("script"), script).ok(), "");
  Ended ended;
  FILE* pipe = ::popen(("exec bash " + directory.file("script") + " 2>/dev/null").c_str(), "r");
  char buffer[4096];
  for (size_t got; (got = ::fread(buffer, 1, sizeof buffer, pipe)) > 0;) ended.out.append(buffer, got);
  ended.status = WEXITSTATUS(::pclose(pipe));
  return ended;
}

struct PythonCase {
  const char* name;
  const char* source;
  const char* input = "";
};
const PythonCase kPythonCases[] = {
    {"hello", "print('hello')"},
    {"input_lines", "a = input()\nb = input()\nprint(b, a)", "1\n2\n"},
    {"input_at_the_end", "try:\n input()\nexcept EOFError: print('eof')"},
    {"stdin_bytes", "import sys\nprint(sys.stdin.buffer.read())", "a\xff\x00"},
    {"stdin_iteration", "import sys\nfor line in sys.stdin: print(repr(line))", "a\r\nb\n"},
    {"stdin_after_open", "print(open(0).read())", "x y\n"},
    {"unicode", "print('\xc3\xa9\xe2\x82\xac', input())", "\xc3\xa9\n"},
    {"bad_utf8", "print(ascii(input()))", "\xff\xfe\n"},
    {"surrogates", "print('\\udcff')"},
    {"encodings",
     "import sys\nprint([(s.encoding, s.errors, s.newlines, s.line_buffering) for s in (sys.stdin, "
     "sys.stdout)])"},
    {"stderr_is_apart", "import sys\nprint('a', file=sys.stderr)\nprint('b')"},
    {"exit_code", "import sys\nsys.exit(7)"},
    {"exit_text", "import sys\nsys.exit('no')"},
    {"exit_none", "import sys\nsys.exit()"},
    {"exit_large", "import sys\nsys.exit(256 + 5)"},
    {"exit_negative", "import sys\nsys.exit(-1)"},
    {"exit_true", "raise SystemExit(True)"},
    {"exit_float", "raise SystemExit(2.5)"},
    {"os_exit", "import os\nprint('lost')\nos._exit(3)"},
    {"exception", "print(1)\n1/0"},
    {"syntax_error", "print(1)\nprint("},
    {"syntax_error_of_bytes", "\xff\xfe"},
    {"keyboard_interrupt", "raise KeyboardInterrupt"},
    {"abort", "import os\nprint(1, flush=True)\nos.abort()"},
    {"own_signal", "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)"},
    {"sigint",
     "import os, signal\ntry:\n os.kill(os.getpid(), signal.SIGINT)\n"
     "except KeyboardInterrupt: print('caught')"},
    {"handlers", "import signal\nprint([str(signal.getsignal(s)) for s in (2, 10, 13, 14, 15, 17, 24)])"},
    {"alarm",
     "import signal, time\nsignal.signal(14, lambda *a: print('ring'))\nsignal.setitimer(0, 0.05)\n"
     "time.sleep(0.2)"},
    {"atexit_order", "import atexit\nfor i in range(3): atexit.register(print, i)\nprint('end')"},
    {"atexit_after_exception", "import atexit\natexit.register(print, 'left')\nraise ValueError"},
    {"atexit_raises", "import atexit\n@atexit.register\ndef f(): 1/0\nprint(2)"},
    {"thread_is_waited_for",
     "import threading, time\n"
     "threading.Thread(target=lambda: (time.sleep(0.05), print('t'))).start()\nprint('m')"},
    {"daemon_thread_is_not",
     "import threading, time\n"
     "threading.Thread(target=lambda: (time.sleep(9), print('t')), daemon=True).start()\nprint('m')"},
    {"thread_and_exception",
     "import threading, time\n"
     "threading.Thread(target=lambda: (time.sleep(0.05), print('t'))).start()\n1/0"},
    {"pool",
     "from concurrent.futures import ThreadPoolExecutor as P\n"
     "with P(3) as p: print(list(p.map(lambda x: x * x, range(9))))"},
    {"processes",
     "import os\np = os.fork()\nif p == 0:\n print('child')\n raise SystemExit(4)\n"
     "print(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]))"},
    {"subprocess", "import subprocess\nprint(subprocess.run(['echo', 'a'], capture_output=True).stdout)"},
    {"destructor_at_the_end", "class A:\n def __del__(self): print('bye')\na = A()"},
    {"destructor_in_a_cycle", "class A:\n def __del__(self): print('bye')\na = A()\na.me = a\ndef f(): return a"},
    {"destructor_after_exception", "class A:\n def __del__(self): print('bye')\ndef f():\n a = A()\n 1/0\nf()"},
    {"unflushed_file", "import os, sys\nf = open(1, 'w', closefd=False)\nf.write('late')"},
    {"replaced_stdout", "import io, sys\nsys.stdout = io.StringIO()\nprint('lost')"},
    {"closed_stdout", "import sys\nsys.stdout.close()"},
    {"excepthook", "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1/0"},
    {"recursion_error", "def f(n): return f(n + 1)\ntry: f(0)\nexcept RecursionError: print('deep')"},
    {"recursion_limit",
     "import sys\nprint(sys.getrecursionlimit())\nsys.setrecursionlimit(20000)\n"
     "def f(n): return n and 1 + f(n - 1)\nprint(f(15000))"},
    {"globals", "print(sorted(globals()), __name__, __doc__, __spec__, __package__)"},
    {"main_module", "import sys\nx = 5\nimport __main__\nprint(__main__.x, sys.modules['__main__'] is __main__)"},
    {"pickle_of_main", "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))))"},
    {"dataclass", "from dataclasses import dataclass\n@dataclass\nclass P:\n x: int = 1\nprint(P(), P.__module__)"},
    {"future_import", "from __future__ import annotations\ndef f(x: Nope): pass\nprint(f.__annotations__)"},
    {"annotations", "x: int = 3\nprint(__annotations__)"},
    {"argv", "import sys\nprint(sys.argv)"},
    {"optimize_and_debug",
     "import sys\nprint(__debug__, sys.flags.optimize, sys.flags.no_site, "
     "sys.flags.no_user_site)"},
    {"stdlib",
     "import ctypes, struct, csv, sqlite3, socket, asyncio, uuid, fractions, unittest, xml.dom.minidom\n"
     "print(struct.pack('<i', 3))"},
    {"ctypes_works", "import ctypes\nprint(ctypes.CDLL(None).abs(-3), ctypes.sizeof(ctypes.c_long))"},
    {"asyncio", "import asyncio\nasync def f():\n await asyncio.sleep(0)\n return 3\nprint(asyncio.run(f()))"},
    {"threading_main",
     "import threading\n"
     "print(threading.current_thread() is threading.main_thread(), threading.active_count())"},
    {"gc_state", "import gc\nprint(gc.isenabled(), gc.get_threshold())"},
    {"random_with_seed", "import random\nrandom.seed(3)\nprint(random.random(), random.sample(range(9), 4))"},
    {"decimal_context", "import decimal\nprint(decimal.getcontext(), decimal.Decimal(1) / 3)"},
    {"big_integers", "print(2**4000 % 10**50)\ntry: str(10**5000)\nexcept ValueError: print('long')"},
    {"no_dunder_debugging", "print([n for n in dir() if 'hone' in n or 'serve' in n])"},
    {"warnings", "import warnings\nwarnings.warn('w')\nprint('\\d')"},
    {"time_zone", "import time\nprint(time.tzname, time.gmtime(0)[:6])"},
    {"locale", "import locale\nprint(locale.getpreferredencoding(), locale.setlocale(locale.LC_ALL))"},
    {"stdin_not_a_terminal",
     "import sys\n"
     "print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stdin.fileno(), sys.stdout.fileno())"},
    {"exec_of_itself",
     "import os, sys\nif len(sys.argv) == 1: os.execv(sys.executable, [sys.executable, '-I', "
     "'-S', 'program.py', 'x'])\nprint(sys.argv)"},
};

TEST(SandboxPython, WarmInterpreterDoesWhatAFreshOneDoes) {
  Sandbox* sandbox = sandbox_of(Tier::kNamespaces);
  if (!sandbox) GTEST_SKIP() << "this machine cannot make namespaces";
  for (const PythonCase& test : kPythonCases) {
    const Ended fresh = fresh_interpreter(test.source, test.input);
    const RunResult warm = sandbox->run(python(test.source, test.input)).value();
    EXPECT_EQ(warm.out, fresh.out) << test.name;
    const bool signalled = warm.ending == Ending::kSignalled;
    EXPECT_EQ(signalled ? 128 + warm.code : warm.code, fresh.status) << test.name;
    EXPECT_THAT(warm, EndsBy(signalled ? Ending::kSignalled : Ending::kExited)) << test.name;
  }
}

using SandboxPythonIn = EveryTier;
INSTANTIATE_TEST_SUITE_P(Tiers, SandboxPythonIn, ::testing::Values(Tier::kNamespaces, Tier::kLandlock), tier_name);

// What differs from -I -S, on purpose.
TEST_P(SandboxPythonIn, FilesOfTheRunCanBeImported) {
  RunRequest request = python("import helper\nprint(helper.__name__, helper.f(2))");
  request.files.push_back({"helper.py", bytes("def f(x): return x + 1")});
  EXPECT_EQ(run(request).out, "helper 3\n");
}

TEST_P(SandboxPythonIn, ExitAndQuitExist) {
  EXPECT_THAT(run(python("exit(4)")), EndsWith(Ending::kExited, 4));
  EXPECT_THAT(run(python("quit()")), EndsWith(Ending::kExited, 0));
}

TEST_P(SandboxPythonIn, HashesAreTheSameEveryTime) {
  const RunRequest request = python("print(hash('a'), list({'x', 'y', 'z', 'w'}))");
  EXPECT_EQ(run(request).out, run(request).out);
}

TEST_P(SandboxPythonIn, NothingOfAnEarlierProgramIsInMemory) {
  if (GetParam() != Tier::kNamespaces) GTEST_SKIP() << "a program cannot read its own memory there";
  const std::string search =
      "import re\n"
      "needle = re.compile(rb'correct h[o]rse b[a]ttery')\n"  // which does not match itself
      "found = 0\n"
      "with open('/proc/self/mem', 'rb', 0) as memory:\n"
      " for line in open('/proc/self/maps'):\n"
      "  place, rights = line.split()[:2]\n"
      "  low, high = (int(x, 16) for x in place.split('-'))\n"
      "  if 'r' not in rights or '[v' in line: continue\n"
      "  memory.seek(low)\n"
      "  found += len(needle.findall(memory.read(high - low)))\n"
      "print(found > 0)";
  const std::string secret = "correct horse battery";
  EXPECT_EQ(run(python("x = '" + secret + "'\n" + search, secret)).out, "True\n");
  const RunResult after = run(python(search));
  EXPECT_EQ(after.out, "False\n") << after.err;
}

TEST_P(SandboxPythonIn, ExtraWordsReachTheProgram) {
  RunRequest request = python("import sys\nprint(sys.argv)");
  request.argv = {"program.py", "a b", ""};
  EXPECT_EQ(run(request).out, "['program.py', 'a b', '']\n");
}

}  // namespace
}  // namespace hone::sandboxes
