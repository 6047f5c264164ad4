import pytest

from embedrank.core.errors import StorageError
from embedrank.training.stages.history import DEV, STEP, History, read_history


def test_a_resumed_run_forgets_what_came_after_its_checkpoint(tmp_path):
    path = tmp_path / "log.jsonl"
    history = History(path, steps_done=0)
    for step in range(1, 8):
        history.add(STEP, {"step": step, "loss": float(step)})
    history.add(DEV, {"step": 4, "ndcg_at_10": 0.5})
    resumed = History(path, steps_done=4)
    assert [record["step"] for record in resumed.records(STEP)] == [1, 2, 3, 4]
    assert [record["ndcg_at_10"] for record in resumed.records(DEV)] == [0.5]
    resumed.add(STEP, {"step": 5, "loss": 0.0})
    assert len(read_history(path)) == 6


def test_a_half_written_last_line_is_passed_over_and_damage_before_it_is_told(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"kind": "step", "step": 1}\n{"kind": "st')
    assert [record["step"] for record in History(path, steps_done=9).records(STEP)] == [1]
    path.write_text('{"kind": "step", "st\n{"kind": "step", "step": 2}\n')
    with pytest.raises(StorageError, match="line 1"):
        read_history(path)


def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        History(tmp_path / "file" / "log.jsonl", steps_done=0)
