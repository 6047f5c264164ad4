"""Models with the kernels and without: the same results, the choice is kept, and training is left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from embedrank import Embedder, Reranker
from embedrank.core.errors import InvalidInputError
from embedrank.model.attention_backends import BACKENDS
from embedrank.model.decoder import Decoder
from embedrank.model.native.kernels import Kernels
from embedrank.model.native.norm import NativeRMSNorm, use_native_norms
from embedrank.model.native.use import CHOICES
from embedrank.model.norm import RMSNorm
from embedrank.model.packing import Pack
from tests.model.conftest import pico_decoder

SEQUENCES = [[5], [7, 8], list(range(40)), list(range(50, 190))]
TOLERANCES = {"fp32": 1e-5, "bf16": 2e-2, "int8": 2e-2}


def native_decoder() -> Decoder:
    decoder = pico_decoder()
    decoder.attention = BACKENDS["native"]
    use_native_norms(decoder)
    return decoder


@pytest.mark.parametrize("dtype", list(TOLERANCES))
def test_embeddings_are_the_same_with_the_kernels_and_without(kernels: Kernels, dtype: str, texts: list[str]) -> None:
    vectors = [
        Embedder.load("nano", dtype=dtype, device="cpu", native=native).encode_documents(texts)
        for native in ("wait", "off")
    ]
    assert not np.array_equal(*vectors), "the kernels did not run"
    assert np.abs(vectors[0] - vectors[1]).max() < TOLERANCES[dtype]


def test_scores_behind_a_shared_prefix_are_the_same(kernels: Kernels, texts: list[str]) -> None:
    logits = [
        Reranker.load("nano", dtype="fp32", device="cpu", native=native).logits("which river?", texts)
        for native in ("wait", "off")
    ]
    assert not np.array_equal(*logits), "the kernels did not run"
    assert np.abs(logits[0] - logits[1]).max() < 1e-4


@torch.no_grad()
def test_a_decoder_gives_the_same_states_at_all_positions(kernels: Kernels) -> None:
    pack = Pack.of(SEQUENCES)
    expected, found = pico_decoder().all_positions(pack), native_decoder().all_positions(pack)
    assert (found - expected).abs().max() < 1e-4


@pytest.mark.parametrize("threads", [1, 2])
@torch.no_grad()
def test_strict_results_do_not_change_with_the_number_of_threads(
    kernels: Kernels, threads: int, embedder_folder: Path, texts: list[str]
) -> None:
    embedder = Embedder.load(str(embedder_folder), dtype="fp32", device="cpu", strict=True)
    before = torch.get_num_threads()
    expected = embedder.encode_documents(texts)
    try:
        torch.set_num_threads(threads)
        assert np.array_equal(embedder.encode_documents(texts), expected)
    finally:
        torch.set_num_threads(before)


def test_off_leaves_norms_and_attention_plain(embedder_folder: Path) -> None:
    decoder = Embedder.load(str(embedder_folder), dtype="fp32", device="cpu", native="off")._decoder
    assert isinstance(decoder, Decoder)
    assert decoder.attention.name == "grouped"
    assert not any(isinstance(module, NativeRMSNorm) for module in decoder.modules())


def test_an_unknown_choice_and_a_contradiction_are_refused(embedder_folder: Path, kernels: Kernels) -> None:
    with pytest.raises(InvalidInputError, match=", ".join(CHOICES)):
        Embedder.load(str(embedder_folder), native="yes")
    with pytest.raises(InvalidInputError, match="native is off"):
        Embedder.load(str(embedder_folder), dtype="fp32", device="cpu", attention="native", native="off")


def test_training_takes_the_plain_way(kernels: Kernels) -> None:
    gradients = []
    for decoder in (pico_decoder(), native_decoder()):
        decoder.requires_grad_(True)
        decoder.all_positions(Pack.of(SEQUENCES)).sin().sum().backward()
        gradients.append([parameter.grad for parameter in decoder.parameters()])
    assert len(gradients[0]) == len(gradients[1])
    assert all(torch.allclose(*pair, atol=1e-4) for pair in zip(*gradients, strict=True))


def test_weights_keep_their_names_and_are_shared() -> None:
    decoder = pico_decoder()
    names, norm = list(decoder.state_dict()), decoder.norm
    use_native_norms(decoder)
    assert list(decoder.state_dict()) == names
    assert decoder.norm.weight is norm.weight


@torch.no_grad()
def test_a_captured_graph_takes_the_plain_way(kernels: Kernels) -> None:
    plain = RMSNorm(40, eps=1e-6)
    norm, states = NativeRMSNorm(plain, source=BACKENDS["native"]._source), torch.randn(3, 40)  # type: ignore[attr-defined]
    exported = torch.export.export(norm, (states,))
    assert torch.allclose(exported.module()(states), plain(states), atol=1e-6)
