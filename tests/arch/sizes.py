#!/usr/bin/env python3
"""Sizes of CONTRIBUTING.md: files under 500 lines, functions under 80, lines up to 120 columns."""
import re
import sys

from sources import FOLDERS, ROOT, report, sources

MAX_FILE, MAX_FUNCTION, MAX_COLUMNS = 500, 80, 120
# A line that opens a body and is neither a type, a namespace nor an initializer. Bodies are told by indentation: the
# brace that closes one stands at the column of the line that opened it.
OPENS = re.compile(r"^(\s*)[^\s#/}].*\)[^;=]*\{$")
NOT_A_FUNCTION = re.compile(r"^\s*(namespace|struct|class|enum|union|if|for|while|switch|else|do|extern|return)\b")


def functions(lines):
    """(first line, length) of every function body, lambdas that open on a line of their own included."""
    for first, line in enumerate(lines):
        match = OPENS.match(line)
        if not match or NOT_A_FUNCTION.match(line):
            continue
        for last in range(first + 1, len(lines)):
            if lines[last].startswith(match[1] + "}"):
                yield first + 1, last - first + 1
                break


def problems_of(path):
    name, lines = path.relative_to(ROOT).as_posix(), path.read_text().splitlines()
    if len(lines) >= MAX_FILE:
        yield f"{name}: {len(lines)} lines; split it (at most {MAX_FILE - 1})"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield f"{name}:{number}: {len(line)} columns (at most {MAX_COLUMNS})"
    if path.suffix != ".py":
        for number, length in functions(lines):
            if length >= MAX_FUNCTION:
                yield f"{name}:{number}: a function of {length} lines (at most {MAX_FUNCTION - 1})"


def main():
    files = list(sources(FOLDERS + ("tests",), (".h", ".cpp", ".cu", ".cuh", ".py")))
    return report([problem for path in files for problem in problems_of(path)], len(files))


if __name__ == "__main__":
    sys.exit(main())
