"""The tensorboard package reads the event files of a run that was killed and resumed: each number of metrics.jsonl, once."""
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
    accumulator = EventAccumulator(str(directory), size_guidance={"scalars": 0})
    accumulator.Reload()
    return {(tag, event.step, event.value) for tag in accumulator.Tags()["scalars"] for event in accumulator.Scalars(tag)}, \
        sum(len(accumulator.Scalars(tag)) for tag in accumulator.Tags()["scalars"])


@pytest.mark.parametrize("stage", ["base", "zero"])
def test_event_files_equal_metrics(killed_run, stage):
    expected = {(name, row["step"], float(numpy.float32(value)))
                for row in killed_run.rows() if row["stage"] == stage
                for name, value in row.items() if name not in NOT_SCALARS and isinstance(value, (int, float))}
    found, count = scalars(killed_run.directory / "tensorboard" / stage)
    assert expected - found == set(), "in metrics.jsonl, not in tensorboard"
    assert count == len(found), "a number was written twice"
    # Evaluations and the like may be in TensorBoard beyond the rows of steps.
    assert {tag for tag, _, _ in found} >= {"loss", "learning_rate"}
