#!/usr/bin/env python3
"""Every header compiles alone: it includes what it uses.

usage: headers.py COMPILER
"""
import concurrent.futures
import os
import subprocess
import sys

from sources import ROOT, report, sources

# Headers of one instruction set are meant for the files that are compiled for it.
AVX512 = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"]
FLAGS = {"amx": [*AVX512, "-mavx512bf16", "-mamx-tile", "-mamx-bf16"], "avx512": AVX512, "avx2": ["-mavx2", "-mfma"]}


def compile_alone(compiler, path):
    name = path.relative_to(ROOT).as_posix()
    isa = next((flags for key, flags in FLAGS.items() if key in path.stem), [])
    # -include keeps the compiler from taking the header for a main file, where #pragma once is a warning.
    command = [compiler, "-std=c++20", "-fsyntax-only", *isa, f"-I{ROOT}", "-include", str(path)]
    done = subprocess.run([*command, "-x", "c++", "/dev/null"], capture_output=True, text=True, check=False)
    first_errors = [line for line in done.stderr.splitlines() if "error:" in line][:2]
    return "\n".join([name, *first_errors]) if done.returncode else None


def main():
    compiler = sys.argv[1]
    headers = list(sources(suffixes=(".h",)))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: compile_alone(compiler, path), headers)
    return report([problem for problem in results if problem], len(headers))


if __name__ == "__main__":
    sys.exit(main())
