"""A run that goes on in a new process sees what it would have seen; with other data or settings it does not go on."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from embedrank.core.errors import ConfigError
from embedrank.training.data.preparing import prepare, rows_by_name
from embedrank.training.data.source import SourceConfig
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow
from tests.training.data.files import write_jsonl
from tests.training.streams import EVERYTHING, sources

NUM_BATCHES = 90
RUN = """
import json, sys
from pathlib import Path
from tests.training.test_resumed_batches import digests, stream
folder, state, first = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
print(json.dumps(digests(folder, state, first)))
"""


def stream(folder: Path, rank: int = 0, num_ranks: int = 1, **settings: Any) -> Mixture:
    files = {name: SourceConfig(files=[str(folder / f"{name}.jsonl")]) for name in sources()}
    rows = rows_by_name(prepare(files, folder / "kept"))
    return Mixture(rows, MixtureConfig(**{**EVERYTHING, "by_task": True, **settings}), rank=rank, num_ranks=num_ranks)


def digests(folder: Path, state: dict[str, Any] | None, first: int) -> list[str]:
    """A hash of every batch from `first` on."""
    mix = stream(folder)
    if state is not None:
        mix.restore(state)
    return [_digest(mix.next_batch()) for _ in range(first, NUM_BATCHES)]


def _digest(batch: list[TrainingRow]) -> str:
    return hashlib.sha256(repr(batch).encode()).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in sources().items():
        fields = ("task", "query", "positives", "negatives", "source")
        write_jsonl(tmp_path / f"{name}.jsonl", [{key: getattr(row, key) for key in fields} for row in rows])
    return tmp_path


def test_a_new_process_goes_on_with_the_same_batches(folder: Path, repository: Path) -> None:
    mix, expected, states = stream(folder), list[str](), dict[int, str]()
    for number in range(NUM_BATCHES):
        if number in (1, 19, 50, 72):
            states[number] = json.dumps(mix.state())
        expected.append(_digest(mix.next_batch()))
    assert len(set(expected)) == NUM_BATCHES
    assert any(json.loads(state)["sources"]["crowded"]["waiting"] for state in states.values())
    for number, state in states.items():
        command = [sys.executable, "-c", RUN, str(folder), state, str(number)]
        done = subprocess.run(command, cwd=repository, capture_output=True, check=True)
        assert json.loads(done.stdout) == expected[number:]


def test_a_run_goes_on_with_another_number_of_processes(folder: Path) -> None:
    settings = {"weights": None, "shares": {"crowded": 1.0, "wide": 1.0, "pairs": 1.0, "tiny": 0.0}}
    two = [stream(folder, rank, 2, **settings) for rank in range(2)]
    whole, later = stream(folder, **settings), stream(folder, 2, 3, **settings)
    for _ in range(20):
        assert two[0].next_batch() + two[1].next_batch() == whole.next_batch()
    later.restore(json.loads(json.dumps(two[1].state())))
    batch, part = whole.next_batch(), later.next_batch()
    assert part == batch[len(batch) * 2 // 3 :]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"batch_size": 4}, "config.batch_size was 8, is 4"),
        ({"instructions": {"wide": ["one", "two"]}}, "config.instructions"),
        ({"seed": 6}, "config.seed was 5, is 6"),
    ],
)
def test_other_settings_are_refused(change: dict[str, Any], problem: str, folder: Path) -> None:
    state = json.loads(json.dumps(stream(folder).state()))
    with pytest.raises(ConfigError, match=problem):
        stream(folder, **change).restore(state)


def test_other_rows_are_refused_even_if_there_are_as_many(folder: Path) -> None:
    state = stream(folder).state()
    stream(folder).restore(state)
    path = folder / "wide.jsonl"
    path.write_text(path.read_text().replace("wide query 20", "wide query xx"))
    with pytest.raises(ConfigError, match=r"sources\.wide was \[43"):
        stream(folder).restore(state)
    listed = Mixture(sources(), MixtureConfig(**EVERYTHING))
    with pytest.raises(ConfigError, match=r"sources\.wide"):
        listed.restore(state)
