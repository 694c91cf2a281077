#!/usr/bin/env python3
"""hone judge: the keys of its answers, their order, lines that are no requests."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import program  # noqa: E402

ADD = {"python": "print(sum(map(int, input().split())))", "bash": "read a b; echo $((a + b))",
       "cpp": "#include <cstdio>\nint main() { int a, b; scanf(\"%d%d\", &a, &b); printf(\"%d\", a + b); }"}
TESTS = [{"input": "1 2\n", "output": "3\n"}, {"input": "20 22\n", "output": "42\n"}]
BIG = 10**30


def judge(*lines):
    """The exit code and the answers."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    done = subprocess.run([program(), "judge"], input=text, capture_output=True, text=True, timeout=300)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


class JudgeCommand(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        code, _, error = judge({"language": "python", "source": "", "tests": TESTS})
        if code != 0:
            print("no sandbox on this machine:", error)
            sys.exit(77)

    def one(self, source, language="python", **more):
        code, answers, _ = judge({"id": 1, "language": language, "source": source, "tests": TESTS} | more)
        self.assertEqual(code, 0)
        return answers[0]

    def test_every_language(self):
        for language, source in ADD.items():
            answer = self.one(source, language)
            self.assertEqual(answer["verdict"], "accepted", answer)
            self.assertEqual([answer[key] for key in ("id", "score", "passed", "total")], [1, 1.0, 2, 2])
            self.assertEqual(list(answer), ["id", "verdict", "score", "passed", "total", "tests", "reason"])
            for test in answer["tests"]:
                self.assertEqual(list(test), ["verdict", "cpu_seconds", "wall_seconds", "memory_mib", "exit_code"])

    def test_answers_stand_in_the_order_of_the_input(self):
        def add(number, before):
            return {"id": number, "language": "python", "source": before + ADD["python"], "tests": TESTS}
        slow, quick = add("slow", "import time\ntime.sleep(0.3)\n"), [add(i, f"# {i}\n") for i in range(9)]
        _, answers, _ = judge(slow, *quick)
        self.assertEqual([answer["id"] for answer in answers], ["slow", *range(9)])

    def test_a_bad_line_is_answered_and_the_rest_goes_on(self):
        good = {"language": "bash", "source": ADD["bash"], "tests": TESTS}
        code, answers, _ = judge(good, "{", good | {"id": 7, "language": "perl"}, good)
        self.assertEqual(code, 1)
        self.assertEqual(answers[1], {"line": 2, "error": "not valid JSON"})
        self.assertEqual(answers[2], {"id": 7, "line": 3, "error": "language: must be python, cpp or bash, not 'perl'"})
        self.assertEqual([answers[0]["verdict"], answers[3]["verdict"]], ["accepted", "accepted"])

    def test_stop_and_score(self):
        source = "print(3)"
        tests = TESTS[:1] + TESTS
        first = self.one(source, tests=TESTS[1:] + TESTS)
        self.assertEqual([test["verdict"] for test in first["tests"]], ["wrong_answer", "skipped", "skipped"])
        share = self.one(source, tests=tests, score="share", stop="never")
        self.assertEqual([share["verdict"], share["passed"]], ["wrong_answer", 2])
        self.assertAlmostEqual(share["score"], 2 / 3)

    def test_functions_compare_by_value(self):
        cases = [("return (a, {'k': [b, None, True]})", [1, {"k": [2, None, True]}], "accepted"),
                 ("return 10**30", BIG, "accepted"), ("return 10**30 + 1", BIG, "wrong_answer"),
                 ("return 1e30", BIG + 1, "wrong_answer"), ("return True", 1, "wrong_answer"),
                 ("return 3.0", 3, "accepted"), ("return 0.1 + 0.2", 0.3, "wrong_answer"),
                 ("print('noise')\n  return '\\u00e4\\U0001f600'", "\u00e4\U0001f600", "accepted"),
                 ("return {a, b}", [1, 2], "wrong_answer"), ("raise ValueError", 1, "runtime_error")]
        for body, output, verdict in cases:
            answer = self.one(f"def f(a, b):\n  {body}", function={"name": "f"},
                              tests=[{"input": [1, 2], "output": output}])
            self.assertEqual(answer["verdict"], verdict, (body, answer))
        near = self.one("def f(a):\n  return a / 10", function={"name": "f"},
                        compare={"mode": "floats", "absolute": 1e-9}, tests=[{"input": [3], "output": 0.30000000001}])
        self.assertEqual(near["verdict"], "accepted")

    def test_a_checker_decides(self):
        checker = ("import sys\nanswer = open(sys.argv[2]).read().split()\n"
                   "sys.exit(0 if sorted(answer) == sorted(open(sys.argv[3]).read().split()) else 1)")
        compare = {"mode": "checker", "language": "python", "source": checker}
        tests = [{"input": "", "output": "1 2 3"}]
        self.assertEqual(self.one("print(3, 1, 2)", tests=tests, compare=compare)["verdict"], "accepted")
        self.assertEqual(self.one("print(3, 1)", tests=tests, compare=compare)["verdict"], "wrong_answer")
        broken = compare | {"source": "raise SystemExit(3)"}
        self.assertEqual([self.one("print(1)", tests=tests, compare=broken)[key] for key in ("verdict", "score")],
                         ["infra", None])


if __name__ == "__main__":
    unittest.main()
