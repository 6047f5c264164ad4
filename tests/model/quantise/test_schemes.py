"""The one dictionary of schemes: what can be asked for is what stands in it."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest
import torch

from embedrank import Embedder, Reranker
from embedrank.core.errors import InvalidInputError
from embedrank.model import precision, prepare
from embedrank.model.precision import choose_dtype, multiplies_bf16_fast
from embedrank.model.quantise.scheme import Scheme
from embedrank.model.quantise.schemes import SCHEMES
from tests.model.conftest import skip_unless_computable

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["int3", "", "INT8"])
def test_an_unknown_name_is_answered_with_all_that_there_are(
    embedder_folder: Path, reranker_folder: Path, name: str
) -> None:
    said = f"dtype: {name!r} is not one of bf16, fp32, fp16, fp8, int8, int4"
    for load in (
        lambda: Embedder.load(str(embedder_folder), dtype=name),
        lambda: Reranker.load(str(reranker_folder), dtype=name),
    ):
        with pytest.raises(InvalidInputError, match=said):
            load()


@pytest.mark.parametrize("name", [None, "int8", "int4"])
def test_what_is_not_quantised_is_in_the_type_that_the_device_is_fast_at(name: str | None) -> None:
    assert choose_dtype(name, CPU) is (torch.bfloat16 if multiplies_bf16_fast(CPU) else torch.float32)


def test_a_scheme_that_is_added_to_the_dictionary_can_be_loaded(
    embedder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_unless_computable("int8")
    checked: list[torch.device] = []
    added = Scheme(check=checked.append, for_decoder=SCHEMES["int8"].for_decoder, number_type=torch.float32)
    for module in (precision, prepare):
        monkeypatch.setattr(module, "SCHEMES", MappingProxyType({**SCHEMES, "int7": added}))
    Embedder.load(str(embedder_folder), device="cpu", dtype="int7").encode_documents(["hello"])
    assert checked == [CPU]
