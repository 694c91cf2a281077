"""Runs of every architecture, each made once: what the oracles are compared with."""
import json
import os
import pathlib
import sys

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import torch  # noqa: E402

from harness import Run, hone, shortened  # noqa: E402

torch.set_num_threads(1)  # tensors here are small; two threads that share a core wait for each other

TINY = shortened(base_steps=20, zero_steps=2, problems=8)
DENSE = ("policy.experts=0", "policy.experts_per_token=null")
ARCHITECTURES = {
    "mla_expanded": (),
    "mla_absorbed": ("policy.mla=absorbed",),
    "gqa_experts": ("policy.attention=gqa", "policy.kv_heads=2"),
    "mla_dense": DENSE,
    "gqa_dense": (*DENSE, "policy.attention=gqa", "policy.kv_heads=2"),
}


@pytest.fixture(scope="session", params=ARCHITECTURES)
def run(request, tmp_path_factory):
    return Run(tmp_path_factory.mktemp("runs") / request.param, (*TINY, *ARCHITECTURES[request.param])).finish()


@pytest.fixture(scope="session")
def checkpoint(run):
    """The directory of the run's last checkpoint."""
    return json.loads(hone("verify", run.directory, "--json"))["checkpoints"][-1]["path"]
