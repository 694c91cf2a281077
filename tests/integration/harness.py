"""Starts, watches and kills runs of hone in directories of their own, and reads what they leave."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def shortened(base_steps, zero_steps, problems):
    """What makes configs/running_sum.yaml this short."""
    return (f"stages.base.steps={base_steps}", f"stages.base.warmup_steps={min(30, base_steps)}",
            f"stages.zero.steps={zero_steps}", f"stages.zero.warmup_steps={min(10, zero_steps)}",
            f"stages.base.eval.problems={problems}", f"stages.zero.eval.problems={problems}")


# About two seconds. Checkpoints are frequent, so that a kill meets many kinds of moments.
SHORT = (*shortened(base_steps=30, zero_steps=12, problems=16), "stages.base.checkpoint_every=5", "run.threads=2")
# What depends on the clock or on the machine, and so differs between two equal runs.
CLOCK_METRICS = ("time", "tokens_per_second")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def program():
    binary = os.environ.get("HONE_BINARY")
    if not binary:
        raise SystemExit("HONE_BINARY is not set; ctest sets it")
    return binary


class Run:
    """One run directory. Every start of it uses the same command."""

    def __init__(self, directory, overrides=SHORT, config="configs/running_sum.yaml", wrapper=()):
        self.directory = pathlib.Path(directory)
        self.command = [*wrapper, program(), "run", str(ROOT / config), *overrides, f"run.dir={self.directory}"]
        self.process = None

    def start(self, wrapper=(), overrides=()):
        with open(f"{self.directory}.log", "ab") as log:
            self.process = subprocess.Popen([*wrapper, *self.command, *overrides], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=ROOT, start_new_session=True)
        return self

    def wait(self, timeout=600):
        """The exit code; negative for a signal."""
        try:
            return self.process.wait(timeout)
        finally:
            self.kill()

    def finish(self, **start):
        """Runs to the end, which must be a good one."""
        code = self.start(**start).wait()
        if code:
            raise AssertionError(f"exit code {code} from {' '.join(self.command)}\n{self.log()[-2000:]}")
        return self

    def kill(self, signal_number=signal.SIGKILL):
        """Sends the signal to all processes of the run."""
        try:
            os.killpg(self.process.pid, signal_number)
        except ProcessLookupError:
            pass
        if signal_number == signal.SIGKILL:
            self.process.wait()

    def wait_until(self, reached, timeout=120):
        """Waits until reached() or the end of the process; whether it was reached."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if reached():
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.0005)
        raise AssertionError(f"nothing happened for {timeout} s\n{self.log()[-2000:]}")

    def log(self):
        return pathlib.Path(f"{self.directory}.log").read_text(errors="replace")

    def rows(self, name="metrics.jsonl"):
        """The whole lines of a JSON lines file; one that is being written is left out."""
        path = self.directory / name
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]

    def row_count(self):
        path = self.directory / "metrics.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def results(self):
        """All that two equal runs must have in common."""
        return {"hash": final_hash(self.directory),
                "metrics": [without_clock(row) for row in self.rows()],
                "rollouts": {path.relative_to(self.directory).as_posix(): path.read_bytes()
                             for path in sorted((self.directory / "rollouts").rglob("*.jsonl"))}}


def without_clock(row):
    return {key: value for key, value in row.items() if key not in CLOCK_METRICS and "seconds" not in key.split("/")}


def hone(*arguments, stdin=None, check=True):
    """Runs a command of hone; its standard output."""
    done = subprocess.run([program(), *map(str, arguments)], input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode:
        command = " ".join(map(str, arguments))
        raise AssertionError(f"exit code {done.returncode} from hone {command}\n{done.stderr[-2000:]}")
    return done.stdout


def final_hash(target):
    """The hash of the last checkpoint; every checkpoint and the journal must be sound."""
    verified = json.loads(hone("verify", target, "--json"))
    bad = [c for c in verified["checkpoints"] if not c["ok"]]
    assert not bad and verified["journal"]["ok"], f"damaged: {bad} {verified['journal']}"
    return verified["checkpoints"][-1]["sha256"]


def differences(found, expected):
    """In words, where two results() differ; empty when they are equal."""
    lines = []
    if found["hash"] != expected["hash"]:
        lines.append(f"hash {found['hash']} instead of {expected['hash']}")
    for a, b in zip(found["metrics"], expected["metrics"]):
        if a != b:
            keys = [key for key in {**a, **b} if a.get(key) != b.get(key)]
            lines.append(f"metrics of {b.get('stage')} step {b.get('step')} differ in {keys}")
            break
    if len(found["metrics"]) != len(expected["metrics"]):
        lines.append(f"{len(found['metrics'])} rows of metrics instead of {len(expected['metrics'])}")
    names = {**found["rollouts"], **expected["rollouts"]}
    lines += [f"{name} differs" for name in names if found["rollouts"].get(name) != expected["rollouts"].get(name)][:3]
    return lines


class Scratch:
    """A directory for runs; kept, and named, when the test fails."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="hone-test-"))
        return self.path

    def __exit__(self, kind, *_):
        if kind is None or kind is SystemExit:
            shutil.rmtree(self.path)
        else:
            print(f"left for a look: {self.path}")
