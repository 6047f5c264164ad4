import pytest

from embedrank.core.errors import StorageError
from embedrank.training.stages.plots import curve, dev_fields, plot_run, smoothed

STEPS = [{"step": step, "loss": 1 / step, "grad_norm": 1.0, "learning_rate": step * 1e-5} for step in range(1, 200)]
LOOKS = [{"kind": "dev", "step": step, "ndcg_at_10": step / 200, "recall_at_100": 0.9} for step in (50, 100)]


@pytest.mark.parametrize(("steps", "looks"), [(STEPS, LOOKS), (STEPS[:1], []), ([], [])])
def test_a_run_becomes_a_picture_however_short(tmp_path, steps, looks):
    plot_run(steps, looks, tmp_path / "run.png")
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_curves_and_names_come_from_the_records():
    assert curve(STEPS[:2], "loss") == ([1, 2], [1.0, 0.5])
    assert curve([{"step": 1, "source": "a"}], "source") == ([], [])
    assert dev_fields(LOOKS) == ["ndcg_at_10", "recall_at_100"]


def test_smoothing_is_a_mean_of_the_latest_values():
    assert smoothed([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == [1.0, 1.5, 2.0, 2.5, 3.0, 4.0]
    assert smoothed([]) == []


def test_a_picture_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(StorageError):
        plot_run(STEPS, LOOKS, tmp_path / "missing" / "run.png")
