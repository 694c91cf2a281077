#!/usr/bin/env python3
"""The bundle runs where there is only glibc and torch's wheels, and ends with the bits of the build it was made from.

usage: bundle_test.py [--bare-root]

--bare-root: in a minimal Debian of debootstrap with nothing but the bundle and the wheels; needs root. Without it, with
an empty environment and no home.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

from harness import Run, Scratch, differences, program, shortened, skip

LIMIT_MB = 60
GLIBC = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
# LibTorch's own part needs the wheel and, as the wheel does, the C++ library of the machine.
OF_TORCH = {"libtorch_cpu.so", "libc10.so", "libstdc++.so.6", "libgcc_s.so.1"}
OLDEST_GLIBC = (2, 36)
STEPS = (*shortened(base_steps=20, zero_steps=4, problems=16), "run.threads=2")
BASH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def wheel():
    root = os.environ.get("HONE_TORCH_WHEEL")
    return root or skip("HONE_TORCH_WHEEL is not set; ctest sets it")


def make_bundle(directory):
    build = pathlib.Path(program()).parent
    subprocess.run(["cmake", "--install", build, "--component", "bundle", "--prefix", directory, "--strip"], check=True,
                   stdout=subprocess.DEVNULL)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check_files(bundle):
    files = [path for path in bundle.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    print(f"{len(files)} files, {size:.1f} MB")
    assert size <= LIMIT_MB, f"the bundle has {size:.1f} MB, more than {LIMIT_MB}"
    libraries = [path for path in files if path.read_bytes()[:4] == b"\x7fELF"]
    assert {"hone", "hone-sandboxd", "hone-init", "libhone_torch.so"} <= {path.name for path in libraries}
    glibc = tuple(map(int, os.confstr("CS_GNU_LIBC_VERSION").split()[1].split(".")))
    for path in libraries:
        dynamic = output("readelf", "--dynamic", path)
        allowed = GLIBC | OF_TORCH if path.name == "libhone_torch.so" else GLIBC
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", dynamic))
        assert needed <= allowed, f"{path.name} needs {needed - allowed}"
        assert "RUNPATH" not in dynamic and "RPATH" not in dynamic, f"{path.name} looks in a directory of this machine"
        versions = re.findall(r"GLIBC_([\d.]+)", output("readelf", "-V", path))
        used = max((tuple(map(int, version.split("."))) for version in versions), default=(2, 0))
        assert used <= max(OLDEST_GLIBC, glibc), f"{path.name} needs glibc {used}"
    licenses = (bundle / "LICENSES").read_text()
    for part in ("libyaml-cpp-dev", "libssl-dev", "nlohmann-json3-dev", "libcli11-dev", "libstdc++-", "tokenizers "):
        assert part in licenses, f"no licence of {part}"


class Place:
    """Where the bundle runs: as seen from here, and as it sees itself."""

    def __init__(self, outside, inside, torch, wrapper):
        self.outside, self.inside, self.torch, self.wrapper = outside, inside, torch, wrapper

    def hone(self, *arguments, torch=None):
        environment = [f"PATH={BASH_PATH}", "HOME=/nowhere"] + ([f"HONE_TORCH={torch}"] if torch else [])
        command = [*self.wrapper, "env", "-i", *environment, f"{self.inside}/hone", *map(str, arguments)]
        return subprocess.run(command, cwd=self.outside, capture_output=True, text=True, timeout=900, check=False)

    def run(self, name, torch):
        return self.hone("run", f"{self.inside}/configs/quickstart.yaml", *STEPS, f"run.dir={self.inside}/{name}",
                         torch=torch)


def check_refusals(place):
    for torch, problem in ((None, "set HONE_TORCH to the site-packages/torch of torch 2.11.0"),
                           ("/nowhere", "HONE_TORCH: '/nowhere' is no site-packages/torch of torch 2.11.0")):
        done = place.run("refused", torch)
        assert done.returncode == 2, f"exit code {done.returncode}\n{done.stderr}"
        assert problem in done.stderr and done.stderr.count("\n") == 1, done.stderr
        assert not (place.outside / "refused").exists(), "a refused run left a directory"


def check_run(place, expected):
    done = place.run("run", place.torch)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stderr[-2000:]}"
    found = Run(place.outside / "run").results()
    lines = differences(found, expected)
    assert not lines, "\n".join(lines)
    print(f"hash {found['hash']} in both")


@contextlib.contextmanager
def bare_root(scratch, bundle):
    """A minimal Debian with the bundle in /hone and the wheels in /wheels."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        skip("a bare root needs root and debootstrap")
    root = scratch / "root"
    made = subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root], capture_output=True, text=True,
                          check=False)
    if made.returncode:
        skip(f"debootstrap failed: {made.stdout[-300:]}")
    shutil.move(bundle, root / "hone")
    mounts = [(pathlib.Path(wheel()), root / "wheels/torch"),
              (pathlib.Path(wheel()).parent / "nvidia", root / "wheels/nvidia"), ("/proc", root / "proc")]
    with contextlib.ExitStack() as stack:
        for source, target in mounts:
            target.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "--bind", source, target], check=True)
            stack.callback(subprocess.run, ["umount", target], check=True)
        yield Place(root / "hone", "/hone", "/wheels/torch", ["chroot", root])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bare-root", action="store_true")
    options = parser.parse_args()
    with Scratch() as scratch:
        bundle = scratch / "bundle"
        make_bundle(bundle)
        check_files(bundle)
        expected = Run(scratch / "expected", STEPS, config="configs/quickstart.yaml").finish().results()
        with contextlib.ExitStack() as stack:
            place = (stack.enter_context(bare_root(scratch, bundle)) if options.bare_root
                     else Place(bundle, bundle, wheel(), []))
            check_refusals(place)
            check_run(place, expected)


if __name__ == "__main__":
    sys.exit(main())
