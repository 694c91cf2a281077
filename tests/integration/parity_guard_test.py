#!/usr/bin/env python3
"""A product whose bits depend on the number of rows stops the run: exit code 3, the reason named, the state saved."""
import os
import sys

from harness import Run, Scratch, final_hash, shortened

TINY = (*shortened(base_steps=3, zero_steps=2, problems=4), "run.threads=2")


def main():
    with Scratch() as scratch:
        os.environ["HONE_TEST_FAULT"] = "split_k"
        run = Run(scratch / "faulty", TINY)
        code = run.start().wait(120)
        assert code == 3, f"a run that breaks parity ended with {code} instead of 3\n{run.log()[-2000:]}"
        assert "parity/max_abs_diff" in run.log(), run.log()[-2000:]
        rows = run.rows()
        assert rows[-1]["stage"] == "base" and rows[-1]["step"] == 3, f"the guard let {rows[-1]} pass"
        assert final_hash(run.directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
