import json

import pytest

from embedrank.core.errors import ConfigError, StorageError, WorseModelError
from embedrank.training.stages.gate import GateConfig, GateSet, pass_gate


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights").write_text("heavy")
    return folder


def measured(**sets):
    """From set to (before, after); the start model is called `base`."""

    def measure(name, judged):
        return {"ndcg_at_10": sets[judged.data][name != "base"]}

    return measure


def gate(**tolerances):
    return GateConfig(sets={name: GateSet(data=name, tolerance=each) for name, each in tolerances.items()})


def nobody(name, judged):
    raise AssertionError("nothing is measured twice")


@pytest.mark.parametrize(
    ("tolerance", "before", "after", "passes"),
    [
        (0.0, 0.5, 0.5, True),
        (0.0, 0.5, 0.51, True),
        (0.0, 0.5, 0.49, False),
        (0.02, 0.5, 0.49, True),
        (-0.02, 0.5, 0.51, False),
        (-0.02, 0.5, 0.53, True),
    ],
)
def test_no_more_may_be_lost_than_is_let_through(model, tolerance, before, after, passes):
    measure = measured(new=(before, after))
    if passes:
        assert pass_gate(gate(new=tolerance), "base", model, measure)["new"].after == after
        assert model.is_dir()
        return
    with pytest.raises(WorseModelError) as refusal:
        pass_gate(gate(new=tolerance), "base", model, measure)
    assert refusal.value.lost == {"new": (before, after)}
    assert not model.exists() and (model.parent / "refused" / "weights").read_text() == "heavy"


def test_one_lost_set_is_enough_and_is_named(model):
    with pytest.raises(WorseModelError, match="old") as refusal:
        pass_gate(gate(new=0.0, old=0.0), "base", model, measured(new=(0.1, 0.9), old=(0.8, 0.7)))
    assert list(refusal.value.lost) == ["old"]


def test_what_was_measured_is_not_measured_again(model):
    figures = pass_gate(gate(new=0.0), "base", model, measured(new=(0.1, 0.9)))
    assert pass_gate(gate(new=0.0), "base", model, nobody) == figures


def test_another_gate_judges_anew_and_may_take_back_a_refusal(model):
    with pytest.raises(WorseModelError):
        pass_gate(gate(new=0.0), "base", model, measured(new=(0.5, 0.4)))
    pass_gate(gate(new=0.2), "base", model, measured(new=(0.5, 0.4)))
    assert model.is_dir() and not (model.parent / "refused").exists()


def test_a_damaged_record_is_made_again(model):
    pass_gate(gate(new=0.0), "base", model, measured(new=(0.1, 0.9)))
    record = model.parent / "gate.json"
    record.write_text("{")
    pass_gate(gate(new=0.0), "base", model, measured(new=(0.1, 0.8)))
    assert json.loads(record.read_text())["figures"]["new"]["after"] == 0.8


def test_an_unknown_metric_is_told(model):
    config = GateConfig(sets={"new": GateSet(data="new")}, metric="accuracy")
    with pytest.raises(ConfigError, match="ndcg_at_10"):
        pass_gate(config, "base", model, measured(new=(0.1, 0.9)))


def test_a_record_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(StorageError):
        pass_gate(gate(new=0.0), "base", tmp_path / "missing" / "model", measured(new=(0.1, 0.9)))
