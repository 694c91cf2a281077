"""Runs of every architecture, each made once: what the oracles are compared with."""
import json
import os
import pathlib
import sys

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import Run, hone  # noqa: E402

TINY = ("stages.base.steps=20", "stages.base.eval.problems=8", "stages.zero.steps=2", "stages.zero.eval.problems=8")
ARCHITECTURES = {
    "mla_expanded": (),
    "mla_absorbed": ("policy.mla=absorbed",),
    "gqa_experts": ("policy.attention=gqa", "policy.kv_heads=2"),
    "mla_dense": ("policy.experts=0",),
    "gqa_dense": ("policy.attention=gqa", "policy.kv_heads=2", "policy.experts=0"),
}


@pytest.fixture(scope="session", params=ARCHITECTURES)
def run(request, tmp_path_factory):
    return Run(tmp_path_factory.mktemp("runs") / request.param, (*TINY, *ARCHITECTURES[request.param])).finish()


@pytest.fixture(scope="session")
def checkpoint(run):
    """The directory of the run's last checkpoint."""
    return json.loads(hone("verify", run.directory, "--json"))["checkpoints"][-1]["path"]
