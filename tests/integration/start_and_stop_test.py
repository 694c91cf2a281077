#!/usr/bin/env python3
"""Starting and stopping: a directory in use, Ctrl-C, SIGTERM, a changed configuration, a run that is done."""
import signal
import sys

from harness import SHORT, Run, Scratch, differences


def interrupted(directory, signal_number, code, reference):
    run = Run(directory).start()
    assert run.wait_until(lambda: run.row_count() >= 34), run.log()
    run.kill(signal_number)
    ended = run.wait(60)
    assert ended == code, f"{signal_number.name} ended with {ended} instead of {code}\n{run.log()}"
    assert not differences(run.finish().results(), reference), f"after {signal_number.name}"


def second_start(directory):
    first = Run(directory).start()
    assert first.wait_until(lambda: first.row_count() >= 1), first.log()
    second = Run(directory)
    code = second.start().wait(60)
    first.kill()
    assert code == 1, f"a second start on a directory in use ended with {code} instead of 1"


def changed_configuration(directory):
    run = Run(directory)
    before = run.results()
    code = run.start(overrides=["policy.hidden_size=32"]).wait(60)
    assert code == 2, f"a changed hidden_size ended with {code} instead of 2"
    assert "hidden_size" in run.log()[-4000:], "the message does not name the key that changed"
    assert not differences(run.results(), before), "a refused start changed the run"


def main():
    with Scratch() as scratch:
        done = Run(scratch / "done").finish()
        reference = done.results()
        assert not differences(done.finish().results(), reference), "a finished run was changed by a second start"
        assert len(reference["metrics"]) == 30 + 12, f"{len(reference['metrics'])} rows for {SHORT}"
        changed_configuration(done.directory)
        second_start(scratch / "in-use")
        interrupted(scratch / "interrupted", signal.SIGINT, 130, reference)
        interrupted(scratch / "terminated", signal.SIGTERM, 143, reference)
    return 0


if __name__ == "__main__":
    sys.exit(main())
