#!/usr/bin/env python3
"""hone chat on a terminal and through pipes, with a policy of running sums."""
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import ROOT, Scratch, program, shortened  # noqa: E402


class Terminal:
    """A conversation on a pseudo terminal."""

    def __init__(self, *arguments, **environment):
        self.process_id, self.end = pty.fork()
        if self.process_id == 0:
            ours = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
            os.execve(program(), [program(), "chat", *map(str, arguments)], {**ours, "TERM": "xterm", **environment})
        self.text = ""

    def type(self, text):
        os.write(self.end, text.encode())

    def wait_for(self, text, after=0, timeout=60):
        """All that was shown, once the text was shown after that place."""
        deadline = time.monotonic() + timeout
        while text not in self.text[after:]:
            ready = select.select([self.end], [], [], max(0, deadline - time.monotonic()))[0]
            if not ready:
                raise AssertionError(f"no {text!r} in {self.text!r}")
            try:
                self.text += os.read(self.end, 65536).decode()
            except OSError:
                raise AssertionError(f"ended without {text!r}: {self.text!r}") from None
        return self.text

    def ask(self, message):
        """What is shown from the message to the next prompt."""
        place = len(self.text)
        self.type(message + "\n")
        self.wait_for("\r\n> ", place)
        return self.text[place:]

    def code(self):
        """Waits for the end."""
        while True:
            try:
                if not os.read(self.end, 65536):
                    break
            except OSError:
                break
        os.close(self.end)
        return os.waitstatus_to_exitcode(os.waitpid(self.process_id, 0)[1])


class Chat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.path = cls.scratch.__enter__()
        cls.run_dir = cls.path / "run"
        subprocess.run([program(), "run", ROOT / "configs/running_sum.yaml", *shortened(60, 1, 8),
                        "stages.zero.prompts_per_step=2", f"run.dir={cls.run_dir}"], check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.__exit__(None)

    def terminal(self, *arguments, **environment):
        terminal = Terminal(self.run_dir, "--temperature", "1", "--max-new-tokens", "20", *arguments, **environment)
        terminal.wait_for("> ")
        return terminal

    def piped(self, *arguments, lines, code=0):
        done = subprocess.run([program(), "chat", self.run_dir, *arguments], input="".join(x + "\n" for x in lines),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    # ---- pipes

    def test_a_line_is_a_message_and_answers_go_to_standard_output(self):
        done = self.piped("--max-new-tokens", "8", lines=["123=", "", "45="])
        again = self.piped("--max-new-tokens", "8", lines=["123=", "45="])
        self.assertEqual(done.stdout, again.stdout)
        self.assertGreaterEqual(done.stdout.count("\n"), 2)
        self.assertNotIn("\x1b", done.stdout + done.stderr)
        self.assertIn("no chat template", done.stderr)

    def test_an_answer_is_the_one_of_generate(self):
        chat = self.piped("--temperature", "0", "--max-new-tokens", "12", lines=["123="])
        row = subprocess.run([program(), "generate", self.run_dir, "--temperature", "0", "--max-new-tokens", "12"],
                             input='{"prompt": "123="}\n', capture_output=True, text=True, check=True).stdout
        self.assertIn(f'"text":"{chat.stdout.strip()}"', row)

    def test_stop_texts_are_left_out(self):
        whole = self.piped("--temperature", "0", "--max-new-tokens", "12", lines=["123="]).stdout.strip()
        stop = whole[2:4]
        cut = self.piped("--temperature", "0", "--max-new-tokens", "12", "--stop", stop, lines=["123="]).stdout
        self.assertEqual(cut.strip(), whole.split(stop)[0])

    def test_retry_gives_another_answer_and_the_same_seed_the_same(self):
        lines = ["123="] + ["/retry"] * 7
        first = self.piped("--temperature", "2", "--max-new-tokens", "8", lines=lines).stdout
        self.assertGreater(len(set(first.splitlines())), 1)
        self.assertEqual(first, self.piped("--temperature", "2", "--max-new-tokens", "8", lines=lines).stdout)

    def test_what_cannot_be_answered_is_said_and_the_rest_goes_on(self):
        done = self.piped("--context", "12", lines=["123=", "1" * 12, "\u00e4=", "/nwe", "/retry", "2="], code=1)
        for problem in ("12 is the most", "\u00e4", "did you mean '/new'"):
            self.assertIn(problem, done.stderr)
        self.assertGreaterEqual(done.stdout.count("\n"), 2)

    def test_the_full_context_ends_an_answer_and_says_so(self):
        done = self.piped("--context", "8", "--temperature", "5", lines=["123="] * 8)
        self.assertIn("has all of its 8 tokens", done.stderr)

    def test_refuses_what_the_model_cannot(self):
        for arguments in (("--system", "s"), ("--no-think",), ("--context", "1000000"), ("--template", "no place"),
                          ("--stop", "")):
            done = self.piped(*arguments, lines=[], code=2)
            self.assertEqual(done.stdout, "")

    def test_a_template_frames_each_message(self):
        framed = self.piped("--template", "{prompt}=", "--temperature", "0", "--max-new-tokens", "8", lines=["123"])
        plain = self.piped("--temperature", "0", "--max-new-tokens", "8", lines=["123="])
        self.assertEqual(framed.stdout, plain.stdout)

    # ---- a terminal

    def test_reasoning_is_dimmed_and_the_answer_plain(self):
        terminal = self.terminal()
        shown = terminal.ask("12=<think>")
        self.assertIn("\x1b[2m", shown)
        self.assertNotIn("</think>", shown.split("12=<think>", 1)[1])
        terminal.type("\x04")
        self.assertEqual(terminal.code(), 0)

    def test_no_color_dims_nothing(self):
        terminal = self.terminal(NO_COLOR="1")
        self.assertNotIn("\x1b[2m", terminal.ask("12=<think>"))
        terminal.type("/exit\n")
        self.assertEqual(terminal.code(), 0)

    def test_ctrl_c_stops_the_answer_only(self):
        slow = self.path / "slow"  # tokens that take long enough to be interrupted
        shape = ("policy.hidden_size=256", "policy.layers=8", "stages.base.rows_per_step=2", *shortened(1, 1, 1))
        subprocess.run([program(), "run", ROOT / "configs/running_sum.yaml", "--until", "base", *shape,
                        f"run.dir={slow}"], check=True, capture_output=True)
        terminal = Terminal(slow, "--temperature", "50", "--stop", "====")
        terminal.wait_for("> ")
        for _ in range(50):  # until the signal meets an answer in progress
            place = len(terminal.text)
            terminal.type("123=\n")
            terminal.wait_for("123=\r\n", place)
            while terminal.text.endswith("123=\r\n"):
                terminal.text += os.read(terminal.end, 65536).decode()
            terminal.type("\x03")
            terminal.wait_for("\r\n> ", place)
            if "hone: stopped" in terminal.text:
                break
        self.assertIn("hone: stopped", terminal.text)
        self.assertIn("hone:", terminal.ask("/help"))
        terminal.type("\x04")
        self.assertEqual(terminal.code(), 0)

    def test_ctrl_c_twice_at_the_prompt_leaves(self):
        terminal = self.terminal()
        terminal.type("12\x03")
        terminal.wait_for("once more")
        terminal.wait_for("> ", terminal.text.index("once more"))
        terminal.type("\x03")
        self.assertEqual(terminal.code(), 130)

    def test_sigterm_leaves(self):
        terminal = self.terminal()
        os.kill(terminal.process_id, signal.SIGTERM)
        self.assertEqual(terminal.code(), 143)

    def test_a_pasted_text_is_one_message(self):
        terminal = self.terminal()
        shown = terminal.ask("\x1b[200~12\n3\n4=\x1b[201~")
        self.assertIn("hone:", shown)
        # A newline is no token of this policy: one message, one error.
        self.assertEqual(shown.count("not in the tokenizer"), 1, shown)

    def test_a_backslash_goes_on_with_the_next_line(self):
        terminal = self.terminal()
        terminal.type("12\\\n")
        terminal.wait_for(". ")
        self.assertEqual(terminal.ask("3=").count("not in the tokenizer"), 1)

    def test_what_a_terminal_garbles_is_not_sent(self):
        terminal = self.terminal()
        self.assertIn("control characters", terminal.ask("12\x1b[D3="))
        self.assertIn("not sent", terminal.ask("1" * 5000))


if __name__ == "__main__":
    unittest.main()
