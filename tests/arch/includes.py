#!/usr/bin/env python3
"""Who may include whom: the layers of CONTRIBUTING.md, who may see which library, what nobody includes."""
import re
import sys

from sources import FOLDERS, ROOT, report, sources

MAY_INCLUDE = {
    "base": "",
    "rl": "base",
    "kernels": "base",
    "sandboxes": "base",
    "policy": "kernels base",
    "rewards": "sandboxes rl base",
    "rollout": "policy kernels rl base",
    "trainer": "rollout rewards sandboxes policy kernels rl base",
    "cli": " ".join(FOLDERS),
}
TORCH = re.compile(r"(torch|ATen|c10|caffe2)/")
TORCH_FILES = re.compile(r"(trainer/objective[^/]*\.cpp|policy/comm_[^/]*\.cpp|policy/cuda_aten/.*\.cpp)$")
# A library that only some folders or files may see: the rest of hone goes through them.
LIBRARY_FILES = {
    re.compile(r"yaml-cpp/"): re.compile(r"base/"),
    re.compile(r"openssl/"): re.compile(r"base/"),
    re.compile(r"CLI/"): re.compile(r"cli/"),
}
NEVER = {
    "torch/torch.h": "it costs 20 s a file; include the ATen headers that are used",
    "random": "random numbers come from base/philox.h",
    "regex": "std::regex overflows the stack on long input",
    "format": "g++ 12 has none",
    "expected": "g++ 12 has none; base/result.h is ours",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def problems_of(path):
    name = path.relative_to(ROOT).as_posix()
    folder = name.split("/")[0]
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        problem = problem_of(name, folder, match[1] == '"', match[2])
        if problem:
            yield f"{name}:{number}: {match[2]}: {problem}"


def problem_of(name, folder, quoted, target):
    if target in NEVER:
        return NEVER[target]
    if TORCH.match(target):
        return None if TORCH_FILES.match(name) else "LibTorch is seen only by trainer/objective*.cpp"
    for library, files in LIBRARY_FILES.items():
        if library.match(target) and not files.match(name):
            return f"only files matching '{files.pattern}' may include it"
    if not quoted:
        return None
    if not (ROOT / target).is_file():
        return "no such file; includes are written from the root of the checkout"
    owner = target.split("/")[0]
    if owner != folder and owner not in MAY_INCLUDE[folder].split():
        return f"{folder}/ may include only: {MAY_INCLUDE[folder] or 'itself'}"
    return None


def main():
    files = list(sources())
    return report([problem for path in files for problem in problems_of(path)], len(files))


if __name__ == "__main__":
    sys.exit(main())
