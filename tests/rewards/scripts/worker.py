#!/usr/bin/env python3
"""A worker that does what the completion says: "right" answers, everything else is a way to fail.

usage: worker.py [--hello VERSION] [--max-inflight N]
"""
import json
import os
import resource
import signal
import sys
import time

HUGE = 33 << 20


def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def answer(request, score=None, **more):
    return json.dumps({"id": request["id"], "score": request["gold"] if score is None else score, **more}) + "\n"


def die(request):
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(request):
    time.sleep(1000)


def spin(request):
    while True:
        pass


def out_of_memory(request):
    resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
    bytearray(1 << 30)


def garbage(request):
    write("\x00\xff}{ 1.0 \n")


def half_line(request):
    write(answer(request)[:8])
    sys.exit(0)


def close_output(request):
    os.close(1)
    time.sleep(1000)


def disk_full(request):
    with open("/dev/full", "w") as full:
        full.write("x")


def twice(request):
    write(answer(request, 1) + answer(request, 0))


def wrong_id(request):
    write(answer({**request, "id": request["id"] + 1000000}))


def text_id(request):
    write(answer({**request, "id": str(request["id"])}))


def not_a_number(request):
    write(answer(request, float("nan")))


def infinite(request):
    write(answer(request, 0).replace('"score": 0', '"score": 1e999'))


def score_is_text(request):
    write(answer(request, "1"))


def no_score(request):
    write(json.dumps({"id": request["id"]}) + "\n")


def unknown_status(request):
    write(answer(request, status="perfect"))


def score_for_failure(request):
    write(answer(request, status="timeout"))


def error(request):
    write(json.dumps({"id": request["id"], "error": "no such file"}) + "\n")


def error_and_score(request):
    write(answer(request, error="no such file"))


def huge_line(request):
    while True:
        write("x" * HUGE)


def nested(request):
    write("[" * 100000 + "\n")


def exit_code(request):
    sys.exit(3)


def stderr_flood(request):
    for _ in range(64):
        sys.stderr.write("noise\n" * 10000)
    write(answer(request))


def slow(request):
    time.sleep(0.05)
    write(answer(request))


def over_budget(request):
    write(json.dumps({"id": request["id"], "error": "MemoryError", "limit": True}) + "\n")


def die_once(request):
    """Dies unless the file named by extra_info.mark exists."""
    mark = request["extra_info"]["mark"]
    if not os.path.exists(mark):
        open(mark, "w").close()
        die(request)
    write(answer(request))


def echo(request):
    write(answer(request, 0, reason=json.dumps(request)))


def right(request):
    write(answer(request))


def option(name, default):
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


def main():
    if "--silent" in sys.argv:
        time.sleep(1000)
    sys.stdin.readline()
    write(json.dumps({"hello": option("--hello", 1), "max_inflight": option("--max-inflight", 1)}) + "\n")
    if "--deaf" in sys.argv:
        time.sleep(1000)
    for line in sys.stdin:
        request = json.loads(line)
        globals()[request["completion"].split()[0]](request)


if __name__ == "__main__":
    main()
