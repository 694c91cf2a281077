"""The random checkpoints of the comparisons with peers, and hone's benchmark programs as answering processes."""
import json
import os
import pathlib
import subprocess

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import torch  # noqa: E402
from transformers import Qwen2Config, Qwen2ForCausalLM  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
# "0.5b" has the shape of Qwen2.5-0.5B.
SHAPES = {
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14,
             "num_key_value_heads": 2, "vocab_size": 151936},
    "6m": {"hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 6, "num_attention_heads": 4,
           "num_key_value_heads": 2, "vocab_size": 4096},
}


def make_config(shape):
    return Qwen2Config(**SHAPES[shape], tie_word_embeddings=True, max_position_embeddings=4096, rope_theta=1e6,
                       bos_token_id=1, eos_token_id=2, pad_token_id=0)


def make_checkpoint(shape, directory):
    """directory/shape as a Hugging Face directory in bf16; made where it is missing."""
    path = pathlib.Path(directory) / shape
    if not (path / "model.safetensors").exists():
        torch.manual_seed(0)
        Qwen2ForCausalLM(make_config(shape)).to(torch.bfloat16).save_pretrained(path)
    return path


def load(path, dtype, attention="sdpa"):
    return Qwen2ForCausalLM.from_pretrained(path, dtype=dtype, attn_implementation=attention).eval()


class HoneBench:
    """A benchmark program that answers lines with JSON lines."""

    def __init__(self, options, program, dtype, checkpoint):
        program = options.build / "tests" / "bench" / program
        command = [program, "--dtype", dtype, "--threads", str(options.threads), checkpoint]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"hone's benchmark ended with exit code {self.process.wait()}")
        return json.loads(line)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def say(**values):
    print(json.dumps(values), flush=True)


def add_common(parser):
    parser.add_argument("--shape", choices=SHAPES, default="0.5b")
    parser.add_argument("--directory", default="/tmp/hone-peers", help="where the checkpoint is written")
    parser.add_argument("--build", default=ROOT / "build" / "hone", type=pathlib.Path,
                        help="build directory with decode_bench and train_bench (cmake --build BUILD --target bench)")
    parser.add_argument("--threads", type=int, default=2)
