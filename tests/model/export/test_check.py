"""Answers that differ too much are refused, with the number, the place and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from embedrank.core.errors import ExportCheckError
from embedrank.model.export.check import compare, tolerance_of, tolerances
from embedrank.model.export.format import Readings
from embedrank.model.export.probe import Probe
from tests.model.conftest import pico_tokenizer

UNIT = np.eye(4, dtype=np.float32)


def judge(expected, ways, *, kind="embedder", tolerance=0.98, dtype="int8"):
    readings = Readings(runtime="runtime 1.0", ways=ways)
    return compare(expected, readings, kind=kind, export_format="onnx", dtype=dtype, tolerance=tolerance)


def test_equal_answers_pass_and_are_counted() -> None:
    check = judge(UNIT, {"padded left": UNIT, "padded right": UNIT * 3})
    assert (check.worst, check.mean, check.num_answers) == (1.0, 1.0, 8)
    assert "8 answers in 2 layouts" in check.sentence


def test_one_bad_row_in_one_layout_is_enough() -> None:
    turned = UNIT.copy()
    turned[2] = [0, 0, 0.5, 0.5]
    with pytest.raises(
        ExportCheckError, match=r"cosine 0\.707107 \(padded left\) is below the tolerance 0\.98"
    ) as caught:
        judge(UNIT, {"padded right": UNIT, "padded left": turned})
    assert "nothing was kept" in str(caught.value)
    assert "fp32" in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_answers_that_are_not_finite_are_refused_whatever_the_tolerance(value: float) -> None:
    broken = UNIT.copy()
    broken[0, 0] = value
    with pytest.raises(ExportCheckError, match=r"not finite \(padded left\)"):
        judge(UNIT, {"padded right": UNIT, "padded left": broken}, tolerance=0.0)


def test_a_vector_of_zeros_is_refused() -> None:
    with pytest.raises(ExportCheckError, match="not finite"):
        judge(UNIT, {"alone": UNIT * 0})


def test_rerankers_are_compared_by_probability() -> None:
    expected = np.array([0.1, 0.9], dtype=np.float32)
    assert judge(expected, {"alone": expected + 0.05}, kind="reranker", tolerance=0.1).worst == pytest.approx(0.05)
    with pytest.raises(ExportCheckError, match=r"difference 0\.050000 \(alone\) is above the tolerance 0\.01"):
        judge(expected, {"alone": expected + 0.05}, kind="reranker", tolerance=0.01)


def test_the_table_is_what_the_documentation_promises() -> None:
    assert tolerances()["embedder"] == {"fp32": 0.9999, "bf16": 0.999, "fp16": 0.999, "int8": 0.98}
    assert tolerance_of("embedder", "int8", None) == 0.98
    assert tolerance_of("embedder", "int8", 0.5) == 0.5


def test_the_probe_holds_the_texts_that_broke_other_exports() -> None:
    tokenizer = pico_tokenizer()
    probe = Probe.fitting(tokenizer, 512)
    assert {"importance of life", "importing petroleum", "", " "} <= set(probe.texts)
    assert any("北京" in text for text in probe.texts)
    assert any(text.startswith("def ") for text in probe.texts)
    lengths = [len(tokens) for tokens in tokenizer.encode(list(probe.texts))]
    assert 250 < lengths[-1] <= 512 * 0.6
    assert len(probe.prompts()) == len(probe.pairs) == len(probe.prompt_ids(tokenizer, 4096))
