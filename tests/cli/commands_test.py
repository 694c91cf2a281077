#!/usr/bin/env python3
"""The command line: exit codes, the keys of its answers, what goes to stdout and what to stderr."""
import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import ROOT, Scratch, program  # noqa: E402

CONFIG = str(ROOT / "configs/running_sum.yaml")
TINY = ("stages.base.steps=5", "stages.zero.steps=2", "stages.base.warmup_steps=2", "stages.zero.warmup_steps=1",
        "stages.base.eval.problems=8", "stages.zero.eval.problems=8", "run.threads=2")
# And length_correct_mean, length_wrong_mean where there are such answers.
EVAL_KEYS = """target task problems samples k temperature pass_at_1 pass_at_1_ci95 pass_at_k majority_at_k format_rate
length_mean truncated_rate seconds tokens""".split()


def hone(*arguments, lines=None, text=None):
    """The ended process. `lines` go to its standard input as JSON lines."""
    if lines is not None:
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    return subprocess.run([program(), *map(str, arguments)], input=text, capture_output=True, text=True, timeout=120)


def tiny_run(directory, *more):
    return hone("run", CONFIG, *TINY, *more, f"run.dir={directory}")


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.path = cls.scratch.__enter__()
        cls.run_dir = cls.path / "run"
        cls.first = tiny_run(cls.run_dir)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.__exit__(None)

    def ends(self, done, code):
        self.assertEqual(done.returncode, code, done.stderr[-2000:])
        return done

    def answers(self, *arguments, lines, code=0):
        done = self.ends(hone(*arguments, lines=lines), code)
        return [json.loads(line) for line in done.stdout.splitlines()]

    # ---- run and check

    def test_run_prints_a_row_for_each_stage(self):
        self.ends(self.first, 0)
        table = [line.split()[:3] for line in self.first.stdout.splitlines()]
        self.assertIn(["base", "pretrain", "5"], table)
        self.assertIn(["zero", "grpo", "2"], table)

    def test_run_says_where_chains_come_from(self):
        self.assertIn("it does not invent them", self.first.stdout)

    def test_progress_goes_to_stderr_in_plain_lines(self):
        self.assertIn("zero 2/2", self.first.stderr)
        self.assertNotIn("zero 2/2", self.first.stdout)
        self.assertNotIn("\033", self.first.stderr)

    def test_until_ends_after_the_stage(self):
        done = self.ends(tiny_run(self.path / "until", "--until", "base"), 0)
        self.assertNotIn("grpo", done.stdout)

    def test_until_refuses_a_stage_that_is_not_there(self):
        done = self.ends(tiny_run(self.path / "until-zeros", "--until", "zeros"), 2)
        self.assertIn("did you mean 'zero'?", done.stderr)
        self.assertFalse((self.path / "until-zeros").exists())

    def test_a_broken_configuration_is_refused_with_every_error(self):
        done = self.ends(hone("run", CONFIG, "stages.zero.step=3", "policy.hidden_size=x"), 2)
        self.assertIn("stages.zero.step", done.stderr)
        self.assertIn("policy.hidden_size", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_check_prints_the_plan_and_starts_nothing(self):
        directory = self.path / "checked"
        check = self.ends(hone("check", CONFIG, *TINY, f"run.dir={directory}"), 0)
        dry_run = self.ends(hone("run", CONFIG, *TINY, f"run.dir={directory}", "--dry-run"), 0)
        self.assertIn("base: pretrain, 5 steps", check.stdout)
        self.assertEqual(check.stdout, dry_run.stdout)
        self.assertFalse(directory.exists())

    def test_a_model_larger_than_the_machine_is_refused_before_anything_is_written(self):
        for command in ("check", "run"):
            directory = self.path / f"large-{command}"
            larger = ("policy.hidden_size=8192", "policy.layers=96", f"run.dir={directory}")
            done = self.ends(hone(command, CONFIG, *larger), 2)
            self.assertIn("stages.base.token_budget: training takes", done.stderr)
            self.assertIn("MiB in all", done.stderr)
            self.assertFalse((directory / "checkpoints").exists())

    def test_a_device_that_cannot_be_used_is_refused_in_one_line(self):
        for command in ("run", "check"):
            directory = self.path / f"{command}-cuda"
            done = self.ends(hone(command, CONFIG, *TINY, "run.device=cuda", f"run.dir={directory}"), 2)
            self.assertRegex(done.stderr, r"^hone: run\.device: [^\n]*; [^\n]*\n$")
            self.assertEqual(done.stdout, "")
            self.assertFalse(directory.exists())

    def test_check_finds_missing_data(self):
        done = self.ends(hone("check", CONFIG, "stages.base.data={path: nowhere.jsonl}"), 2)
        self.assertIn("nowhere.jsonl", done.stderr)

    def test_signals_end_with_their_code_and_the_command_that_goes_on(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            directory = self.path / f"signal-{code}"
            process = subprocess.Popen([program(), "run", CONFIG, "stages.base.steps=5000", f"run.dir={directory}"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            metrics = directory / "metrics.jsonl"
            while process.poll() is None and not (metrics.exists() and metrics.stat().st_size):
                time.sleep(0.01)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, code, errors)
            self.assertIn(f"to go on: hone run {CONFIG} stages.base.steps=5000 run.dir={directory}", errors)
            self.assertIn(f"safe on disk: {directory}/checkpoints/base-", errors)

    # ---- eval

    def test_eval_prints_one_object_with_its_keys(self):
        done = self.ends(hone("eval", self.run_dir, "--problems", "8", "--temperature", "0.6", "--json"), 0)
        report = json.loads(done.stdout)
        self.assertLessEqual(set(EVAL_KEYS), set(report))
        self.assertEqual((report["task"], report["problems"], report["samples"]), ("running_sum", 8, 8))
        self.assertEqual(report["temperature"], 0.6)

    def test_eval_depends_on_seed_and_target_alone(self):
        def evaluate(*more):
            done = self.ends(hone("eval", self.run_dir, "--problems", "16", "--json", *more), 0)
            return {key: value for key, value in json.loads(done.stdout).items() if key != "seconds"}
        self.assertEqual(evaluate(), evaluate("--threads", "1"))
        self.assertNotEqual(evaluate(), evaluate("--seed", "5"))

    def test_eval_of_a_file_asks_its_rows(self):
        data = self.path / "rows.jsonl"
        data.write_text('{"prompt": "123=", "gold": "6"}\n{"prompt": "12=", "gold": "3"}\n')
        done = self.ends(hone("eval", self.run_dir, "--data", data, "--json"), 0)
        self.assertEqual(json.loads(done.stdout)["problems"], 2)

    def test_eval_refuses_what_it_does_not_know(self):
        for arguments, hint in ((("--task", "sun"), "'sum'"), (("--checker", "anser"), "'answer'"),
                                (("--samples", "0"), "--samples"), (("--sample", "3"), "'--samples'")):
            done = self.ends(hone("eval", self.run_dir, *arguments), 2)
            self.assertIn(hint, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_target_that_is_none_fails(self):
        for command in ("eval", "generate", "score", "tokenize", "verify"):
            done = self.ends(hone(command, self.path / "nowhere", text=""), 1)
            self.assertIn("nowhere", done.stderr)

    # ---- JSON lines

    def test_generate_answers_in_order_with_the_id(self):
        lines = [{"id": "a", "prompt": "123="}, {"id": [1, 2.5], "token_ids": [1, 9, 10]}, {"prompt": "9="}]
        rows = self.answers("generate", self.run_dir, "--n", "2", lines=lines)
        self.assertEqual([row.get("id") for row in rows], ["a", [1, 2.5], None])
        for row in rows:
            self.assertEqual(len(row["completions"]), 2)
            for completion in row["completions"]:
                self.assertEqual(set(completion), {"text", "token_ids", "logprobs", "finish_reason"})
                self.assertEqual(len(completion["token_ids"]), len(completion["logprobs"]))

    def test_a_malformed_line_is_answered_in_its_place(self):
        lines = [{"id": 1, "prompt": "1="}, "{", {"id": 3, "prompt": "\u00e4"}, {"id": 4}, {"id": 5, "messages": []},
                 {"id": 6, "token_ids": [1, 9999]}, "", '{"prompt": "1=", "prompt": "2="}', {"id": 9, "prompt": "2="}]
        rows = self.answers("generate", self.run_dir, lines=lines, code=1)
        self.assertEqual([row.get("line") for row in rows], [None, 2, 3, 4, 5, 6, 7, 8, None])
        self.assertTrue(all(("error" in row) == ("line" in row) for row in rows))
        self.assertIn("chat template", rows[4]["error"])

    def test_lines_come_from_a_file_too(self):
        path = self.path / "in.jsonl"
        path.write_text('{"id": 7, "text": "12="}\n')
        self.assertEqual(self.answers("tokenize", self.run_dir, path, lines=[])[0]["id"], 7)
        self.ends(hone("tokenize", self.run_dir, self.path / "nowhere.jsonl"), 1)

    def test_an_answer_depends_on_seed_and_line_alone(self):
        lines = [{"prompt": "123="}, {"prompt": "45="}]
        both = self.answers("generate", self.run_dir, lines=lines)
        self.assertEqual(both, self.answers("generate", self.run_dir, "--threads", "1", lines=lines))
        self.assertEqual(both[:1], self.answers("generate", self.run_dir, lines=lines[:1]))
        self.assertNotEqual(both, self.answers("generate", self.run_dir, "--seed", "1", lines=lines))

    def test_generate_and_score_give_the_same_floats(self):
        prompt = self.answers("tokenize", self.run_dir, lines=[{"text": "<bos>63206428="}])[0]["token_ids"]
        for temperature in ("0", "0.7", "1"):
            row, = self.answers("generate", self.run_dir, "--n", "8", "--temperature", temperature,
                                lines=[{"prompt": "63206428="}])
            lines = [{"token_ids": prompt + completion["token_ids"], "prompt_tokens": len(prompt)}
                     for completion in row["completions"]]
            scored = self.answers("score", self.run_dir, lines=lines)
            self.assertEqual([s["logprobs"] for s in scored], [c["logprobs"] for c in row["completions"]])

    def test_stop_texts_end_an_answer_and_eos_can_be_ignored(self):
        digits = [str(d) for d in range(10)]
        row, = self.answers("generate", self.run_dir, "--n", "16", "--stop", *digits, lines=[{"prompt": "123="}])
        for completion in row["completions"]:
            self.assertFalse(set(digits) & set(completion["text"]))
        row, = self.answers("generate", self.run_dir, "--n", "4", "--ignore-eos", "--max-new-tokens", "40",
                            lines=[{"prompt": "123="}])
        self.assertEqual([len(c["token_ids"]) for c in row["completions"]], [40] * 4)
        self.assertEqual({c["finish_reason"] for c in row["completions"]}, {"length"})
        for stop, problem in (("", "empty"), ("<eos>1", "control token <eos>")):
            done = self.ends(hone("generate", self.run_dir, "--stop", stop, lines=[]), 2)
            self.assertIn(problem, done.stderr)

    def test_a_stop_text_of_several_tokens_ends_an_answer_and_is_left_out(self):
        arguments = ("generate", self.run_dir, "--n", "64", "--max-new-tokens", "24")
        whole, = self.answers(*arguments, lines=[{"prompt": "123="}])
        text = next(c["text"] for c in whole["completions"] if len(c["text"]) > 4)
        stop = text[1:3]
        row, = self.answers(*arguments, "--stop", stop, lines=[{"prompt": "123="}])
        for before, after in zip(whole["completions"], row["completions"]):
            cut = stop in before["text"]
            self.assertEqual(after["text"], before["text"].split(stop)[0])
            self.assertEqual(after["finish_reason"], "stop" if cut else before["finish_reason"])
            self.assertEqual(after["token_ids"], before["token_ids"][:len(after["token_ids"])])

    def test_score_takes_texts_and_tokens(self):
        lines = [{"id": 1, "prompt": "12=", "completion": "<think>"},
                 {"id": 2, "token_ids": [1, 9, 10, 3], "prompt_tokens": 1}]
        text, tokens = self.answers("score", self.run_dir, lines=lines)
        self.assertLessEqual({"id", "token_ids", "logprobs", "sum"}, set(text))
        self.assertEqual((len(text["logprobs"]), len(tokens["logprobs"])), (1, 3))
        self.assertAlmostEqual(tokens["sum"], sum(tokens["logprobs"]), places=5)
        rows = self.answers("score", self.run_dir, code=1, lines=[
            {"token_ids": [1, 2], "prompt_tokens": 0}, {"token_ids": [1, 2], "prompt_tokens": 3}, {"prompt": "1="}])
        self.assertEqual([row["line"] for row in rows], [1, 2, 3])

    def test_without_a_chat_template_messages_are_an_error_that_says_so(self):
        messages = [{"role": "user", "content": "12="}, {"role": "assistant", "content": "3"}]
        for command in ("generate", "score", "tokenize"):
            row, = self.answers(command, self.run_dir, lines=[{"id": 1, "messages": messages}], code=1)
            self.assertIn("messages: the model has no chat template", row["error"])

    def test_tokenize_goes_both_ways(self):
        tokens, = self.answers("tokenize", self.run_dir, lines=[{"text": "<think>12=</think>wait"}])
        text, = self.answers("tokenize", self.run_dir, lines=[tokens])
        self.assertEqual(text, {"text": "<think>12=</think>wait"})

    def test_problems_makes_the_shipped_cold_start(self):
        done = self.ends(hone("problems", "sum", "--count", "300", "--seed", "1"), 0)
        self.assertEqual(done.stdout, (ROOT / "configs/cold_start.jsonl").read_text())
        self.ends(hone("problems", "sun"), 2)

    # ---- the rest

    def test_verify_prints_the_checkpoints_and_fails_on_damage(self):
        done = self.ends(hone("verify", self.run_dir, "--json"), 0)
        report = json.loads(done.stdout)
        self.assertEqual([(c["stage"], c["step"]) for c in report["checkpoints"]][-1], ("zero", 2))
        for checkpoint in report["checkpoints"]:
            self.assertLessEqual({"path", "stage", "step", "sha256", "ok"}, set(checkpoint))
            self.assertTrue(pathlib.Path(checkpoint["path"]).is_absolute())
        self.assertEqual(set(report["journal"]), {"records", "ok"})
        copy = self.path / "base-5"
        subprocess.run(["cp", "-r", self.run_dir / "checkpoints/base-5", copy], check=True)
        (copy / "model.safetensors").write_bytes(b"damaged")
        done = self.ends(hone("verify", copy, "--json"), 1)
        self.assertIn("model.safetensors", json.loads(done.stdout)["checkpoints"][0]["problem"])

    def test_config_shows_explains_and_describes(self):
        self.assertIn("hidden_size: 64", self.ends(hone("config", "show", CONFIG), 0).stdout)
        self.assertIn("Width of the residual", self.ends(hone("config", "explain", "policy.hidden_size"), 0).stdout)
        self.assertIn("$schema", json.loads(self.ends(hone("config", "schema"), 0).stdout))
        self.assertIn("'hidden_size'", self.ends(hone("config", "explain", "policy.hiden_size"), 2).stderr)

    def test_words_that_are_not_understood_end_with_2_and_a_hint(self):
        for arguments, hint in ((("rn",), "did you mean 'run'?"), (("config", "shw"), "did you mean 'show'?"),
                                (("run", CONFIG, "--dry-rn"), "did you mean '--dry-run'?"), ((), "hone --help"),
                                (("run",), "CONFIG"), (("help", "resumee"), "did you mean 'resume'?")):
            done = self.ends(hone(*arguments), 2)
            self.assertIn(hint, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_help_knows_every_command_and_topic(self):
        overview = self.ends(hone("help"), 0).stdout
        for command in "run check config eval generate score tokenize problems verify doctor help".split():
            self.assertIn(f"  {command} ", overview)
            self.assertIn(f"hone {command}", self.ends(hone("help", command), 0).stdout)
        for topic in ("resume", "exit-codes", "data", "policy", "stages.steps"):
            self.assertTrue(self.ends(hone("help", topic), 0).stdout)

    def test_doctor_names_the_instruction_set_and_what_there_is_of_cuda(self):
        found = self.ends(hone("doctor"), 0).stdout
        self.assertIn("instruction set: cpu-avx", found)
        for line in ("CUDA driver: ", "CUDA plug-in: ", "run.device: cuda: "):
            self.assertIn("\n" + line, found)

    def test_results_that_cannot_be_written_are_a_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([program(), "config", "schema"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.ends(done, 1)


if __name__ == "__main__":
    unittest.main()
