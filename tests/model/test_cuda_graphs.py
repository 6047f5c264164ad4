"""Buckets, dummies and the keeping of graphs, on CPU: what stands in for a graph repeats the recorded work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from embedrank import Embedder
from embedrank.core.errors import ConfigError, InvalidInputError, TokenIdError
from embedrank.model.attention_backends import BACKENDS
from embedrank.model.cuda_graphs import Bucket, GraphConfig, GraphedDecoder
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack
from tests.model.attention_backends.fake_kernels import fake_flash_attn
from tests.model.conftest import pico_decoder, pico_tokenizer

TOLERANCE = 1e-5


class Repeater:
    """As a graph: reads and writes the tensors of the recording, and nothing that Python holds now."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.runs = 0

    def record(self, work: Callable[[], Tensor], *, warmup_runs: int) -> tuple[Callable[[], None], Tensor]:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nmore lines")
        self.runs += warmup_runs
        result = work()

        def replay() -> None:
            self.runs += 1
            result.copy_(work())

        result.fill_(float("nan"))  # a recording computes nothing
        return replay, result


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    with fake_flash_attn():
        built = pico_decoder()
        built.attention = BACKENDS["flash_varlen"]
        yield built


def _pack(*lengths: int, start: int = 0) -> Pack:
    return Pack.of([[(start + length + place) % 300 for place in range(length)] for length in lengths])


@given(st.lists(st.integers(1, 200), min_size=1, max_size=40))
def test_a_bucket_holds_its_pack_and_dummies_of_at_least_one_token(lengths: list[int]) -> None:
    bucket = Bucket.of(lengths)
    filled = bucket.filled(lengths)
    assert filled[: len(lengths)] == tuple(lengths)
    assert len(filled) == bucket.num_sequences > len(lengths)
    assert sum(filled) == bucket.num_tokens
    assert min(filled) >= 1


@given(st.integers(1, 5000))
def test_a_bucket_wastes_at_most_half_of_a_pack_that_is_not_tiny(length: int) -> None:
    num_tokens = Bucket.of([length]).num_tokens
    assert num_tokens <= max(16, 1.5 * (length + 1))


def test_packs_of_like_size_share_a_bucket() -> None:
    assert Bucket.of([20]) == Bucket.of([22]) == Bucket(num_tokens=24, num_sequences=2)
    assert Bucket.of([5, 9, 3]) == Bucket.of([9, 5, 1, 5]) != Bucket.of([19])


def test_replayed_states_equal_eager_ones_whatever_the_bucket_held_before(decoder: Decoder) -> None:
    repeater = Repeater()
    graphed = GraphedDecoder(decoder, recorder=repeater)
    packs = [_pack(40), _pack(3, 5, 30), _pack(38, start=7), _pack(30, 4, 4), _pack(1), _pack(2, 2), _pack(45, start=9)]
    for pack in packs:
        with torch.no_grad():
            expected = decoder(pack)
        assert (graphed(pack) - expected).abs().max() < TOLERANCE
    counts = graphed.counts
    assert counts.replayed == len(packs) and counts.recorded == 4
    assert repeater.runs == counts.replayed + 2 * counts.recorded
    assert counts.evicted == counts.too_large == counts.failed == 0


def test_an_earlier_result_is_not_written_over_by_a_later_pack(decoder: Decoder) -> None:
    graphed = GraphedDecoder(decoder, recorder=Repeater())
    first = graphed(_pack(20))
    kept = first.clone()
    graphed(_pack(20, start=50))
    assert torch.equal(first, kept)


def test_large_packs_run_without_a_graph(decoder: Decoder) -> None:
    graphed = GraphedDecoder(decoder, config=GraphConfig(max_tokens=64), recorder=Repeater())
    pack = _pack(64)
    with torch.no_grad():
        assert (graphed(pack) - decoder(pack)).abs().max() < TOLERANCE
    assert (graphed.counts.too_large, graphed.counts.recorded) == (1, 0)


def test_the_graph_not_used_for_longest_goes_first(decoder: Decoder) -> None:
    graphed = GraphedDecoder(decoder, config=GraphConfig(max_graphs=2), recorder=Repeater())
    for length in (10, 20, 10, 40, 10):
        graphed(_pack(length))
    assert (graphed.counts.recorded, graphed.counts.evicted, graphed.counts.replayed) == (3, 1, 5)
    graphed(_pack(20))
    assert graphed.counts.recorded == 4


def test_a_bucket_that_cannot_be_recorded_is_told_once_and_runs_without(
    decoder: Decoder, caplog: pytest.LogCaptureFixture
) -> None:
    graphed = GraphedDecoder(decoder, recorder=Repeater(failures=1))
    pack = _pack(20)
    with torch.no_grad(), caplog.at_level(logging.WARNING):
        expected = decoder(pack)
        assert all((graphed(pack) - expected).abs().max() < TOLERANCE for _ in range(2))
        graphed(_pack(40))
    assert (graphed.counts.failed, graphed.counts.recorded) == (2, 1)
    (told,) = caplog.messages
    assert "operation not permitted" in told and "more lines" not in told


def test_ids_outside_the_table_are_refused_before_and_after_recording(decoder: Decoder) -> None:
    graphed = GraphedDecoder(decoder, recorder=Repeater())
    for _ in range(2):
        with pytest.raises(TokenIdError):
            graphed(Pack.of([[5, 320]]))
        graphed(Pack.of([[5, 3]]))


def test_an_embedder_gives_the_same_vectors_with_graphs(decoder: Decoder) -> None:
    texts = ["hello world", "no", "world " * 40]
    graphed = GraphedDecoder(decoder, recorder=Repeater())
    for pooling in ("lasttoken", "mean", "cls"):
        with_graphs, without = (
            Embedder(one, pico_tokenizer(), pooling=pooling).encode_documents(texts) for one in (graphed, decoder)
        )
        assert abs(with_graphs - without).max() < TOLERANCE
    assert graphed.counts.replayed > 0


def test_attention_whose_plan_is_fixed_cannot_be_recorded() -> None:
    with pytest.raises(InvalidInputError, match="'grouped' cannot be recorded"):
        GraphedDecoder(pico_decoder(), recorder=Repeater())


def test_graphs_are_refused_without_a_gpu(embedder_folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="cuda_graphs: need a CUDA device, and the model is on cpu"):
        Embedder.load(str(embedder_folder), device="cpu", cuda_graphs=True)


@pytest.mark.parametrize("field", ["max_tokens", "max_graphs", "warmup_runs"])
def test_limits_of_nothing_are_refused(field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        GraphConfig(**{field: 0})
