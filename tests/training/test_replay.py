from collections import Counter

import pytest

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.training.data.preparing import prepare
from embedrank.training.data.source import SourceConfig
from embedrank.training.mixture_config import MixtureConfig
from embedrank.training.replay import ReplayConfig, mixed_with_replay, rows_of_runs
from embedrank.training.rows import TrainingRow


def rows(word, number):
    return [TrainingRow(task="retrieval", query=f"{word} {n}", positives=(f"of {word} {n}",)) for n in range(number)]


def test_old_rows_take_their_share_and_new_ones_keep_their_proportions():
    config = MixtureConfig(batch_size=4, exponent=1.0, weights={"b": 2.0})
    mixture = mixed_with_replay(
        {"a": rows("a", 30), "b": rows("b", 30)}, {"a": rows("old", 300), "c": rows("c", 100)}, config, share=0.25
    )
    expected = {"a": 0.25, "b": 0.5, "replay.a": 0.1875, "replay.c": 0.0625}
    assert mixture.shares == pytest.approx(expected)
    drawn = Counter(mixture.next_batch()[0].source for _ in range(400))
    assert 70 <= drawn["replay.a"] + drawn["replay.c"] <= 130


def test_settings_that_name_a_source_that_is_not_there_are_refused():
    config = MixtureConfig(batch_size=4, weights={"gone": 2.0})
    with pytest.raises(ConfigError, match="gone"):
        mixed_with_replay({"a": rows("a", 8)}, {"b": rows("b", 8)}, config, share=0.5)


def written(path, word):
    path.write_text(
        "\n".join(f'{{"task": "retrieval", "query": "{word} {n}", "positives": ["{n}"]}}' for n in range(3))
    )
    return SourceConfig(files=(str(path),))


def test_rows_of_a_run_are_those_it_was_trained_on_even_if_the_file_is_gone(tmp_path):
    file = tmp_path / "rows.jsonl"
    prepare({"own": written(file, "early")}, tmp_path / "run" / "rows")
    prepare({"own": written(file, "later")}, tmp_path / "run" / "rows")
    file.unlink()
    (held,) = rows_of_runs([str(tmp_path / "run")])["own"].rows.values()
    assert [held[n].query for n in range(3)] == ["later 0", "later 1", "later 2"]


def test_sources_of_one_name_in_two_runs_are_both_kept(tmp_path):
    for name in ("first", "second"):
        prepare({"own": written(tmp_path / f"{name}.jsonl", name)}, tmp_path / name / "rows")
    found = rows_of_runs([str(tmp_path / "first"), str(tmp_path / "second")])
    assert set(found) == {"own", "second.own"}
    with pytest.raises(DatasetError, match="no rows"):
        rows_of_runs([str(tmp_path)])


def test_a_replay_of_nothing_is_refused():
    with pytest.raises(ConfigError):
        ReplayConfig()
    with pytest.raises(ConfigError):
        ReplayConfig(runs="runs/a")
    with pytest.raises(ConfigError, match="unknown key"):
        ReplayConfig.from_mapping({"run": ["a"]})
