"""Reward functions as verl's users write them; none of them knows hone."""
import asyncio
import signal
import subprocess
import sys
import time

print("printed at import")


def compute_score(data_source, solution_str, ground_truth, extra_info=None, bonus=0.0):
    print("printed in a call", data_source)
    return float(solution_str.strip() == ground_truth) + bonus


def returns_bool(data_source, solution_str, ground_truth, extra_info):
    return solution_str == ground_truth


def returns_dict(data_source, solution_str, ground_truth, extra_info):
    right = solution_str == ground_truth
    return {"score": 1.0 if right else -1.0, "acc": right, "pred": solution_str}


def returns_tuple(data_source, solution_str, ground_truth, extra_info):
    return 0.5, "half"


def returns_nan(data_source, solution_str, ground_truth, extra_info):
    return float("nan")


def returns_text(data_source, solution_str, ground_truth, extra_info):
    return "1.0"


def unserializable(data_source, solution_str, ground_truth, extra_info):
    loop = []
    loop.append(loop)
    return {"score": 1.0, "loop": loop}


class Scalar:
    """Like numpy's: not a float, but it can be made one."""

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value


def returns_scalar(data_source, solution_str, ground_truth, extra_info):
    return {"score": Scalar(0.25), "length": Scalar(3)}


def sees(data_source, solution_str, ground_truth, extra_info):
    """Right when everything arrives with its type."""
    return (data_source == "gsm8k" and isinstance(ground_truth, dict) and ground_truth["numbers"] == [1, 2.5]
            and extra_info["num_turns"] == 2 and isinstance(extra_info["index"], int))


def few_arguments(solution_str, ground_truth):
    return float(solution_str == ground_truth)


async def asynchronous(data_source, solution_str, ground_truth, extra_info=None):
    await asyncio.sleep(0.2)
    return float(solution_str == ground_truth)


def uses_alarm(data_source, solution_str, ground_truth, extra_info=None):
    """Like Math-Verify: an alarm ends what takes too long."""
    class TimeoutException(BaseException):
        pass

    def stop(*_):
        raise TimeoutException("took too long")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    while solution_str == "long":
        pass
    return 1.0


def leaves_alarm(data_source, solution_str, ground_truth, extra_info=None):
    uses_alarm(data_source, "short", ground_truth)
    return 1.0


def exits(data_source, solution_str, ground_truth, extra_info=None):
    sys.exit(0)


def raises(data_source, solution_str, ground_truth, extra_info=None):
    raise KeyError("missing")


def hangs(data_source, solution_str, ground_truth, extra_info=None):
    if solution_str == "sleep":
        time.sleep(1000)
    while solution_str == "spin":
        pass
    return 1.0


def eats_memory(data_source, solution_str, ground_truth, extra_info=None):
    if solution_str == "much":
        return float(len(bytearray(8 << 30)))
    return 1.0


def reads_stdin_and_writes_stdout(data_source, solution_str, ground_truth, extra_info=None):
    subprocess.run(["sh", "-c", "cat; echo '{\"id\":1,\"score\":1}'"], check=True)
    sys.stdout.write("no newline")
    return float(sys.stdin.read() == "")


def compute_score_batch(data_sources, solution_strs, ground_truths, extra_infos):
    return [float(s == g) for s, g in zip(solution_strs, ground_truths)]
