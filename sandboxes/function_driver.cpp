#include "sandboxes/function_driver.h"

namespace hone::sandboxes {

// A value is written as the built-in type it is derived from: methods of that type are called on it, not its own.
const std::string_view kFunctionDriver = R"python(
import json
import os
import sys

MAX_DEPTH = 64


def encode(value, depth=0):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        if not float("-inf") < value < float("inf"):
            raise ValueError("not a finite number")
        return float.__repr__(value)
    if isinstance(value, str):
        return json.dumps(str.__str__(value))
    if depth == MAX_DEPTH:
        raise ValueError("too deep")
    if isinstance(value, list):
        return "[" + ",".join([encode(item, depth + 1) for item in list.__iter__(value)]) + "]"
    if isinstance(value, tuple):
        return "[" + ",".join([encode(item, depth + 1) for item in tuple.__iter__(value)]) + "]"
    if isinstance(value, dict):
        items = [encode_key(key) + ":" + encode(item, depth + 1) for key, item in dict.items(value)]
        return "{" + ",".join(items) + "}"
    raise TypeError("no JSON value")


def encode_key(key):
    text = encode(key, MAX_DEPTH)
    return text if text.startswith('"') else '"' + text + '"'


def find(module, name):
    target = module
    parts = name.split(".")
    if not hasattr(module, parts[0]) and hasattr(module, "Solution"):
        parts.insert(0, "Solution")
    for part in parts:
        target = getattr(target() if isinstance(target, type) else target, part)
    return target


def main():
    sys.set_int_max_str_digits(0)
    with os.fdopen(3, "rb") as channel:
        request = json.loads(channel.read())
    with open("solution.py", "rb") as file:
        code = compile(file.read(), "solution.py", "exec")
    module = type(sys)("solution")
    sys.modules["solution"] = module
    exec(code, module.__dict__)
    result = find(module, request["name"])(*request["arguments"])
    try:
        line = request["nonce"] + " " + encode(result) + "\n"
    except (TypeError, ValueError):
        return
    with os.fdopen(4, "wb") as channel:
        channel.write(line.encode())


main()
)python";

}  // namespace hone::sandboxes
