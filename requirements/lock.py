#!/usr/bin/env python3
"""Writes requirements/NAME.lock from NAME.in: every wheel pinned, with its hashes for CPython 3.11 and 3.12 on x86-64.

usage: lock.py NAME [--no-deps] [--without PACKAGE ...]

--no-deps locks only what NAME.in lists; --without leaves out packages that are never imported.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PYTHONS = ("3.11", "3.12")


def resolve(name, python, no_deps):
    """What pip would install for this Python: {(package, version): sha256}."""
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed",
                   "--only-binary=:all:", "--python-version", python, "--target", scratch,
                   "--report", str(report), "--requirement", str(HERE / f"{name}.in")]
        subprocess.run(command + ["--no-deps"] * no_deps, check=True)
        installs = json.loads(report.read_text())["install"]
    wheels = {}
    for item in installs:
        package = item["metadata"]["name"].lower().replace("_", "-")
        digest = item["download_info"]["archive_info"]["hash"].removeprefix("sha256=")
        wheels[package, item["metadata"]["version"]] = digest
    return wheels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--no-deps", action="store_true")
    parser.add_argument("--without", nargs="*", default=[])
    options = parser.parse_args()
    hashes = {}
    for python in PYTHONS:
        for pin, digest in resolve(options.name, python, options.no_deps).items():
            if pin[0] not in options.without:
                hashes.setdefault(pin, set()).add(digest)
    lines = [f"# Made by: requirements/lock.py {' '.join(sys.argv[1:])}"]
    for (package, version), digests in sorted(hashes.items()):
        lines.append(" ".join([f"{package}=={version}"] + [f"--hash=sha256:{d}" for d in sorted(digests)]))
    (HERE / f"{options.name}.lock").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
