"""The real wiring: what the environment says reaches the models."""

from __future__ import annotations

import pytest

from embedrank.cli.wiring import load_embedder, load_reranker
from embedrank.core.errors import InvalidInputError
from embedrank.model.native.norm import NativeRMSNorm


@pytest.mark.parametrize("load", [load_embedder, load_reranker])
def test_the_kernels_can_be_turned_off(load, monkeypatch):
    monkeypatch.setenv("EMBEDRANK_NATIVE", "off")
    assert not any(isinstance(module, NativeRMSNorm) for module in load("nano")._decoder.modules())
    monkeypatch.delenv("EMBEDRANK_NATIVE")
    assert any(isinstance(module, NativeRMSNorm) for module in load("nano")._decoder.modules())


def test_an_unknown_choice_is_refused(monkeypatch):
    monkeypatch.setenv("EMBEDRANK_NATIVE", "maybe")
    with pytest.raises(InvalidInputError, match="auto, wait, off"):
        load_embedder("nano")
