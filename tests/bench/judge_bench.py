#!/usr/bin/env python3
"""Programs a second through `hone judge`, beside the same programs run by subprocess.run, bare and under bubblewrap.

Every program differs in a comment, so that none is judged from memory. Bars: 2 times bubblewrap + python, 300 programs
a second on two idle cores, C++ within 1.2 times bare g++ and run.
"""
import argparse
import concurrent.futures
import os
import subprocess
import tempfile
import time

from judge_process import Judge, request

PYTHON = "# {}\nprint(sum(map(int, input().split())))\n"
CPP = "// {}\n#include <iostream>\nint main() {{ int a, b; std::cin >> a >> b; std::cout << a + b; }}\n"
BWRAP = ("bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv --ro-bind /usr /usr "
         "--symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --proc /proc --dev /dev "
         "--tmpfs /tmp").split()


def timed_judge(judge, sources, language):
    start = time.monotonic()
    answers = judge.judge([request(i, source, language) for i, source in enumerate(sources)])
    seconds = time.monotonic() - start
    bad = [answer for answer in answers if answer["verdict"] != "accepted"]
    if bad:
        raise SystemExit(f"not accepted: {bad[0]}")
    return seconds


def timed_peer(run, sources):
    """The peer on as many threads as there are cores."""
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = list(pool.map(run, sources))
    if any(output.split() != ["42"] for output in outputs):
        raise SystemExit("the peer is wrong")
    return time.monotonic() - start


def output_of(command):
    return subprocess.run(command, input="20 22\n", capture_output=True, text=True, check=True).stdout


def bare_python(source):
    return output_of(["python3", "-I", "-S", "-c", source])


def bwrap_python(source):
    return output_of([*BWRAP, "python3", "-I", "-S", "-c", source])


def bare_cpp(source):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["g++", "-O2", "-std=gnu++20", "-o", f"{directory}/a", "-x", "c++", "-"], input=source,
                       text=True, check=True)
        return output_of([f"{directory}/a"])


def report(name, count, seconds, peers):
    print(f"{name}: {count} programs, hone judge {count / seconds:.1f} a second")
    for peer, peer_count, peer_seconds in peers:
        rate = peer_count / peer_seconds
        print(f"  {peer}: {rate:.1f} a second; hone {count / seconds / rate:.2f} times as many")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=3000, help="Python programs through hone")
    parser.add_argument("--peer-programs", type=int, default=500, help="Python programs through each peer")
    parser.add_argument("--cpp-programs", type=int, default=20, help="C++ programs through each")
    options = parser.parse_args()
    python = [PYTHON.format(i) for i in range(options.programs)]
    cpp = [CPP.format(i) for i in range(options.cpp_programs)]
    with Judge() as judge:
        timed_judge(judge, [PYTHON.format("warm-up"), PYTHON.format("again")], "python")
        ours = timed_judge(judge, python, "python")
        few = python[:options.peer_programs]
        report("python", len(python), ours, [("bare python -I -S", len(few), timed_peer(bare_python, few)),
                                             ("bwrap + python -I -S", len(few), timed_peer(bwrap_python, few))])
        bare = timed_peer(bare_cpp, cpp)
        report("c++", len(cpp), timed_judge(judge, cpp, "cpp"), [("bare g++ and run", len(cpp), bare)])
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
