"""Talks to the program text_oracle, which says what hone makes of text."""
import json
import os
import pathlib
import subprocess

import pytest


class HoneError(Exception):
    pass


class TextOracle:
    def __init__(self):
        path = pathlib.Path(os.environ["HONE_BINARY"]).parent / "tests" / "text_oracle"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
        self.process = subprocess.Popen([path], **pipes)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request, ensure_ascii=True) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise HoneError(answer["error"])
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def text_oracle():
    oracle = TextOracle()
    yield oracle
    oracle.close()
