#!/usr/bin/env python3
"""Runs the oracle tests with the Python that `./hone test --oracles` prepares; skipped without it."""
import os
import pathlib
import sys


def main():
    python = os.environ.get("HONE_ORACLES_PYTHON")
    if not python:
        print("skipped: ./hone test --oracles installs transformers and tensorboard (2.5 GB) and runs this")
        return 77
    here = str(pathlib.Path(__file__).resolve().parent)
    os.execv(python, [python, "-B", "-m", "pytest", "-p", "no:cacheprovider", "--durations=5", here, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
