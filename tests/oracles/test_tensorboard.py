"""The tensorboard package reads what a killed and resumed run wrote: each number of metrics.jsonl, once."""
import numpy
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from harness import SHORT, Run

NOT_SCALARS = {"stage", "kind", "step", "time"}


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("killed") / "run", SHORT).start()
    assert run.wait_until(lambda: run.row_count() >= 35), run.log()
    run.kill()
    return run.finish()


def scalars(directory):
    """[(tag, step, value)] in the event files of a directory."""
    accumulator = EventAccumulator(str(directory), size_guidance={"scalars": 0})
    accumulator.Reload()
    tags = accumulator.Tags()["scalars"]
    return [(tag, event.step, event.value) for tag in tags for event in accumulator.Scalars(tag)]


@pytest.mark.parametrize("stage", ["base", "zero"])
def test_event_files_equal_metrics(killed_run, stage):
    expected = {(name, row["step"], float(numpy.float32(value)))
                for row in killed_run.rows() if row["stage"] == stage
                for name, value in row.items() if name not in NOT_SCALARS and isinstance(value, (int, float))}
    found = scalars(killed_run.directory / "tensorboard" / stage)
    assert expected - set(found) == set(), "in metrics.jsonl, not in tensorboard"
    steps = [(tag, step) for tag, step, _ in found]
    assert len(steps) == len(set(steps)), "a number was written twice"
