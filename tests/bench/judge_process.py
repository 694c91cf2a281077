"""`hone judge` as a process that benchmarks and load tests talk to."""
import json
import os
import pathlib
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]


def program():
    return os.environ.get("HONE_BINARY") or str(ROOT / "build/release/hone")


class Judge:
    """Judges lists of requests; the process stays warm between them."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([program(), "judge", *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def judge(self, requests):
        """The answers, in the order of the requests."""
        def send():
            for request in requests:
                self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()

        sender = threading.Thread(target=send)
        sender.start()
        answers = [json.loads(self.process.stdout.readline()) for _ in requests]
        sender.join()
        return answers


def request(number, source, language="python", **more):
    return {"id": number, "language": language, "source": source, "tests": [{"input": "20 22\n", "output": "42\n"}],
            **more}
