"""Runs a reward function of verl's or TRL's form, unchanged, as a worker of hone (rewards/outside/protocol.h).

The function runs in the main thread, so signal.alarm works in it. Descriptors 0 and 1 are not the protocol's: what the
function prints goes to stderr.
"""
import argparse
import asyncio
import importlib.util
import inspect
import json
import math
import os
import signal
import sys
import threading

GOLD_NAMES = ("ground_truth", "answer", "solution")


def load(path, name):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location("reward_file", path)
    if spec is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["reward_file"] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


def accepted(function, arguments):
    """Those of the arguments that the function takes."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return arguments
    names = {p.name for p in parameters}
    return {name: value for name, value in arguments.items() if name in names}


def style_of(function):
    names = inspect.signature(function).parameters
    if "solution_strs" in names:
        return "verl_batch"
    if "solution_str" in names:
        return "verl"
    if "completions" in names:
        return "trl"
    raise TypeError("its parameters are neither verl's (solution_str) nor TRL's (completions); give the style")


def plain(value):
    """Numbers and arrays of numpy and torch as Python's own; anything else JSON does not know, as text."""
    for convert in ("tolist", "item"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    return str(value)


def number(value):
    if not isinstance(value, (bool, int, float)):
        value = plain(value)
    if isinstance(value, str) or not math.isfinite(value):
        raise ValueError(f"the function returned {value!r} as a score")
    return float(value)


def result(value):
    """What a function may return: a number, None, a tuple that begins with one, a dict with "score"."""
    if value is None:
        return {"score": None}
    if isinstance(value, (tuple, list)):
        return {"score": number(value[0])}
    if isinstance(value, dict):
        extra = {key: entry for key, entry in value.items() if key != "score"}
        if "acc" in extra:
            extra["acc"] = number(extra["acc"])
        return {"score": number(value["score"]), **({"extra": extra} if extra else {})}
    return {"score": number(value)}


class Function:
    def __init__(self, function, style, kwargs, conversational):
        self.function, self.kwargs, self.conversational = function, kwargs, conversational
        self.style = style_of(function) if style == "auto" else style
        call = function if inspect.isroutine(function) else getattr(function, "__call__", function)
        self.is_async = inspect.iscoroutinefunction(call)
        self.group = self.style != "verl"

    def arguments(self, request):
        if self.style != "trl":
            for item in request.get("items", [request]):  # what verl adds; it counts the prompt as a turn
                item["extra_info"] = {"num_turns": 2, "rollout_reward_scores": {}, **item["extra_info"]}
        if self.style == "verl":
            names = dict(data_source="data_source", solution_str="completion", ground_truth="gold",
                         extra_info="extra_info")
            return {name: request[key] for name, key in names.items()}
        items = request["items"]
        if self.style == "verl_batch":
            names = dict(data_sources="data_source", solution_strs="completion", ground_truths="gold",
                         extra_infos="extra_info")
            return {name: [item[key] for item in items] for name, key in names.items()}
        return {**self.columns(items), **self.texts(items)}

    def texts(self, items):
        prompts = [item["prompt"] for item in items]
        completions = [item["completion"] for item in items]
        if self.conversational:
            prompts = [[{"role": "user", "content": text}] for text in prompts]
            completions = [[{"role": "assistant", "content": text}] for text in completions]
        ids = [item.get("completion_ids") for item in items]
        return {"prompts": prompts, "completions": completions, "completion_ids": ids}

    @staticmethod
    def columns(items):
        """The gold stands under each usual name that is not a column itself."""
        names = sorted({name for item in items for name in item["extra_info"]})
        columns = {name: [item["extra_info"].get(name) for item in items] for name in names}
        for name in GOLD_NAMES:
            columns.setdefault(name, [item["gold"] for item in items])
        columns.setdefault("data_source", [item["data_source"] for item in items])
        return columns

    def call(self, request):
        return self.function(**accepted(self.function, {**self.arguments(request), **self.kwargs}))

    def answer(self, request, value):
        if not self.group:
            return result(value)
        value = list(value)
        if len(value) != len(request["items"]):
            raise ValueError(f"the function returned {len(value)} scores for {len(request['items'])} samples")
        return {"results": [result(one) for one in value]}


def failure(error):
    text = f"{type(error).__name__}: {error}"
    return {"error": text, **({"limit": True} if isinstance(error, MemoryError) else {})}


class Lines:
    """The protocol's ends of stdin and stdout."""

    def __init__(self):
        self.reader = os.fdopen(os.dup(0), "rb")
        self.writer = os.fdopen(os.dup(1), "wb")
        self.lock = threading.Lock()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def read(self):
        """The next request, None at the end."""
        line = self.reader.readline()
        if not line:
            return None
        request = json.loads(line)
        for item in request.get("items", [request]):
            item.setdefault("completion", item.get("answer"))
        return request

    def write(self, answer):
        line = json.dumps(answer, allow_nan=False, default=plain).encode() + b"\n"
        with self.lock:
            self.writer.write(line)
            self.writer.flush()

    def answer(self, request, answer):
        try:
            self.write({"id": request["id"], **answer})
        except (TypeError, ValueError, RecursionError) as error:  # something in extra that JSON cannot say
            self.write({"id": request["id"], **failure(error)})


# BaseException below: also SystemExit, and time-outs that are no Exception.
def serve(lines, function):
    while (request := lines.read()) is not None:
        try:
            answer = function.answer(request, function.call(request))
        except BaseException as error:
            answer = failure(error)
        signal.setitimer(signal.ITIMER_REAL, 0)
        lines.answer(request, answer)


async def serve_async(lines, function):
    async def one(request):
        try:
            answer = function.answer(request, await function.call(request))
        except BaseException as error:
            answer = failure(error)
        lines.answer(request, answer)

    loop, tasks = asyncio.get_running_loop(), set()
    while (request := await loop.run_in_executor(None, lines.read)) is not None:
        task = asyncio.ensure_future(one(request))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--style", default="auto")
    parser.add_argument("--kwargs", default="{}")
    parser.add_argument("--conversational", action="store_true")
    parser.add_argument("--max-inflight", type=int, default=16)
    arguments = parser.parse_args()
    lines = Lines()
    try:
        function = Function(load(arguments.path, arguments.name), arguments.style, json.loads(arguments.kwargs),
                            arguments.conversational)
    except Exception as error:
        sys.exit(f"{arguments.path}:{arguments.name}: {type(error).__name__}: {error}")
    lines.reader.readline()  # the hello
    lines.write({"hello": 1, "name": f"{function.style} {arguments.name}", "group": function.group,
                 "completion_ids": function.style == "trl",
                 "max_inflight": arguments.max_inflight if function.is_async else 1})
    if function.is_async:
        asyncio.run(serve_async(lines, function))
    else:
        serve(lines, function)


if __name__ == "__main__":
    main()
