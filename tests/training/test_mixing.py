"""Batches: homogeneous, distinct, complete, shared out to processes, in the order that they always had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.core.settings import build, read_yaml
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow
from tests.training.streams import mixture, rows, sources

Batch = list[TrainingRow]


def batches(mix: Mixture, count: int) -> list[Batch]:
    return [mix.next_batch() for _ in range(count)]


def plain(data: Mapping[str, Sequence[TrainingRow]], config: MixtureConfig) -> Iterator[Batch]:
    """The order that the bundled models were trained in: one permutation an epoch, cut into whole batches."""
    sizes = np.array([len(data[name]) ** config.exponent * (config.weights or {}).get(name, 1.0) for name in data])
    names, drawn, step = list(data), dict.fromkeys(data, 0), 0
    while True:
        draw = np.random.default_rng([config.seed, step])
        name = names[int(draw.choice(len(names), p=(sizes / sizes.sum()).tolist()))]
        size = min(config.batch_size, len(data[name]))
        epoch, place = divmod(drawn[name], len(data[name]) // size)
        order = np.random.default_rng([config.seed, epoch, len(data[name])]).permutation(len(data[name]))
        yield [data[name][index] for index in order[place * size : (place + 1) * size]]
        drawn[name] += 1
        step += 1


@pytest.mark.parametrize(
    "settings", [{"batch_size": 16, "exponent": 0.6, "seed": 1}, {"batch_size": 7, "weights": {"tiny": 3.0}, "seed": 2}]
)
def test_plain_settings_give_the_batches_that_they_always_gave(settings: dict[str, Any]) -> None:
    config, data = MixtureConfig(**settings), dict(sorted(sources().items()))
    expected = plain(data, config)
    assert batches(Mixture(data, config), 300) == [next(expected) for _ in range(300)]


@pytest.mark.parametrize("recipe", ["embedder", "reranker"])
def test_the_bundled_models_would_see_the_batches_that_they_saw(recipe: str, repository: Path) -> None:
    settings = read_yaml(repository / "recipes" / "nano" / f"{recipe}.yaml")
    for mixture_settings in (settings["mixture"], settings["table"]["mixture"]):
        config = build(MixtureConfig, mixture_settings)
        names = sorted({"some", "other", *(config.weights or {})})
        data = {name: rows(name, 10 + 97 * number % 400) for number, name in enumerate(names)}
        expected = plain(data, config)
        assert batches(Mixture(data, config), 50) == [next(expected) for _ in range(50)]


def test_every_row_of_an_epoch_comes_once_and_the_rest_is_counted_or_kept() -> None:
    data = {"wide": rows("wide", 43)}
    dropping, keeping = (Mixture(data, MixtureConfig(batch_size=8, drop_last=drop)) for drop in (True, False))
    assert len({row.query for batch in batches(dropping, 5) for row in batch}) == 40
    assert dropping.counts()["wide"].num_dropped == 0
    dropping.next_batch()
    assert (dropping.counts()["wide"].num_dropped, dropping.counts()["wide"].epoch) == (3, 1)
    seen = [row.query for batch in batches(keeping, 43) for row in batch]
    assert len(seen) == 43 * 8
    assert set(Counter(seen).values()) == {8}
    assert keeping.counts()["wide"].num_dropped == 0
    for start in range(0, len(seen), 8):
        assert len(set(seen[start : start + 8])) == 8


def texts(row: TrainingRow) -> set[str]:
    return {row.query, *row.positives}


@pytest.mark.parametrize("by_task", [False, True])
def test_no_two_rows_of_a_batch_share_a_text_and_none_is_lost(by_task: bool) -> None:
    mix, seen = mixture(by_task=by_task), Counter[str]()
    for batch in batches(mix, 400):
        assert sum(len(texts(row)) for row in batch) == len(set().union(*map(texts, batch)))
        seen.update(row.query for row in batch)
    counts = mix.counts()
    assert counts["crowded"].num_deferred > 0
    for name, data in sources().items():
        times = [seen[row.query] for row in data]
        assert sum(times) == counts[name].num_given
        assert min(times) >= counts[name].epoch - 2  # the last epochs may still wait
        assert counts[name].num_waiting <= 16


def test_a_text_that_is_query_here_and_answer_there_keeps_rows_apart() -> None:
    chain = [TrainingRow(task="sts", query=f"t{n}", positives=(f"t{n + 1}",), source="chain") for n in range(40)]
    mix = Mixture({"chain": chain}, MixtureConfig(batch_size=4, distinct=True))
    assert all(len(set().union(*map(texts, batch))) == 8 for batch in batches(mix, 30))


def test_a_source_of_one_answer_gives_short_batches_that_are_counted() -> None:
    same = [TrainingRow(task="code", query=f"q{n}", positives=("p",), source="same") for n in range(30)]
    mix = Mixture({"same": same}, MixtureConfig(batch_size=4, distinct=True))
    found = batches(mix, 90)
    assert {len(batch) for batch in found} == {1}
    assert Counter(batch[0].query for batch in found).most_common()[0][1] <= 4
    assert mix.num_short() == {"same": 90}


def test_batches_have_one_task_and_one_source_unless_sources_are_mixed() -> None:
    for batch in batches(mixture(), 100):
        assert len({row.source for row in batch}) == 1
    mixed = batches(mixture(by_task=True, batch_sizes={"sts": 4}), 200)
    assert all(len({row.task for row in batch}) == 1 for batch in mixed)
    assert any(len({row.source for row in batch}) > 1 for batch in mixed)
    assert {len(batch) for batch in mixed if batch[0].task == "sts"} == {4}


def test_rows_of_several_tasks_in_one_batch_are_refused() -> None:
    data = {"x": [*rows("x", 4), *rows("y", 4, task="sts")]}
    with pytest.raises(DatasetError, match="code and sts"):
        Mixture(data, MixtureConfig(batch_size=8)).next_batch()


@pytest.mark.parametrize("by_task", [False, True])
def test_rows_come_from_sources_in_their_shares(by_task: bool) -> None:
    shares = {"crowded": 2.0, "wide": 1.0, "tiny": 0.0, "pairs": 1.0}
    settings = {"shares": shares, "weights": None, "by_task": by_task, "distinct": False}
    mix = mixture(**settings)
    assert mix.shares == {"crowded": 0.5, "pairs": 0.25, "tiny": 0.0, "wide": 0.25}
    found = Counter(row.source for batch in batches(mix, 2000) for row in batch)
    assert found["tiny"] == 0
    for name, share in mix.shares.items():
        assert abs(found[name] / found.total() - share) < 0.03


def test_ten_million_rows_are_drawn_without_a_list_of_them() -> None:
    class Endless:
        def __len__(self) -> int:
            return 10_000_000

        def __getitem__(self, index: int) -> TrainingRow:
            return TrainingRow(task="code", query=str(index), positives=("p",), source="endless")

    one, other = (Mixture({"endless": Endless()}, MixtureConfig(batch_size=512, drop_last=False)) for _ in range(2))
    seen = [int(row.query) for batch in batches(one, 40) for row in batch]
    assert len(set(seen)) == 40 * 512
    assert 4_800_000 < np.mean(seen) < 5_200_000
    other.restore(one.state())
    assert other.next_batch() == one.next_batch()


def test_a_source_without_rows_is_named() -> None:
    mix = Mixture({"none": [], "some": rows("some", 3)}, MixtureConfig(batch_size=2))
    assert mix.empty == ["none"]
    assert list(mix.counts()) == ["some"]


def test_a_batch_size_of_its_own_for_a_source() -> None:
    sizes = {batch[0].source: len(batch) for batch in batches(mixture(batch_sizes={"wide": 2}, distinct=False), 60)}
    assert sizes == {"crowded": 8, "wide": 2, "tiny": 3, "pairs": 8}


def test_each_row_gets_one_of_the_paraphrases_and_another_in_another_epoch() -> None:
    data = {"wide": rows("wide", 40), "told": [TrainingRow(task="sts", query="a", positives=("b",), instruction="own")]}
    config = MixtureConfig(
        batch_size=8, instructions={"wide": ["one", "two", "three"]}, task_instructions={"sts": ["other"]}
    )
    mix, found, by_row = Mixture(data, config), Counter[str | None](), dict[str, set[str | None]]()
    for batch in batches(mix, 100):
        for row in batch:
            if row.task == "code":
                found[row.instruction] += 1
                by_row.setdefault(row.query, set()).add(row.instruction)
            else:
                assert row.instruction == "own"
    assert set(found) == {"one", "two", "three"}
    assert min(found.values()) > 0.25 * found.total()
    assert max(map(len, by_row.values())) == 3


def test_texts_of_a_row_change_their_order_but_not_their_kind() -> None:
    first, plain_first = Counter[str](), {row.query: row for row in sources()["wide"]}
    for batch in batches(mixture(), 300):
        for row in batch:
            if row.source == "wide":
                assert set(row.positives) == set(plain_first[row.query].positives)
                assert set(row.negatives) == set(plain_first[row.query].negatives)
                first[row.negatives[0][-1]] += 1
    assert min(first.values()) > 0.25 * first.total()


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("num_ranks", [2, 3])
def test_processes_together_see_the_batches_of_one(num_ranks: int, distinct: bool) -> None:
    settings = {"distinct": distinct, "weights": None}
    settings |= {"shares": {"crowded": 1.0, "wide": 1.0, "pairs": 1.0, "tiny": 1.0}}
    whole, parts = mixture(**settings), [mixture(**settings).shard(rank, num_ranks) for rank in range(num_ranks)]
    for _ in range(60):
        shared_out = [part.next_batch() for part in parts]
        assert all(shared_out)
        assert [row for batch in shared_out for row in batch] == whole.next_batch()
    assert all(part.state() == whole.state() for part in parts)


def test_a_batch_too_small_for_the_processes_is_refused() -> None:
    with pytest.raises(DatasetError, match="tiny: a batch has 3 rows for 4 processes"):
        Mixture({"tiny": rows("tiny", 3)}, MixtureConfig(batch_size=8)).shard(1, 4).next_batch()
    with pytest.raises(ConfigError, match="rank"):
        mixture().shard(2, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"batch_sizes": {"wide": 0}},
        {"batch_sizes": {"other": 1}},
        {"exponent": 1.5},
        {"weights": {"wide": -1.0}},
        {"weights": {"other": 1.0}},
        {"shares": {"wide": 1.0}},
        {"weights": None, "shares": {"wide": 1.0}},
        {"weights": None, "shares": dict.fromkeys(sources(), 0.0)},
        {"instructions": {"wide": "one"}},
        {"instructions": {"wide": []}},
        {"task_instructions": {"chat": ["one"]}},
        {"by_task": True, "batch_sizes": {"wide": 2}},
        {"seed": -1},
    ],
)
def test_unsound_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=list(wrong)[-1]):
        mixture(**wrong)
