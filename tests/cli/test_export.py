"""The command writes, checks and tells; what it refuses is one line."""

from __future__ import annotations

import json

import pytest

from tests.cli.command_line import assert_one_error_line, no_models, say

pytest.importorskip("gguf")


def test_export_says_what_it_wrote_and_how_near_it_is(capsys, tmp_path) -> None:
    target = tmp_path / "nano.gguf"
    said = say(capsys, "export", "nano", "--to", target, "--format", "gguf", "--dtype", "int8", wiring=no_models())
    assert said.code == 0, said.err
    assert target.is_file()
    assert "nano.gguf" in said.out
    assert "cosine" in said.out and "tolerance 0.98" in said.out


def test_export_prints_one_json_object(capsys, tmp_path) -> None:
    target = tmp_path / "classifier"
    said = say(
        capsys, "export", "nano", "--to", target, "--format", "sequence-classification", "--json", wiring=no_models()
    )
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert (report["kind"], report["dtype"], report["target"]) == ("reranker", "bf16", str(target))
    assert report["check"]["measure"] == "probability difference"
    assert report["check"]["worst"] <= report["check"]["tolerance"]


def test_export_of_a_preset_takes_the_kind_that_is_asked_for(capsys, tmp_path) -> None:
    target = tmp_path / "r.gguf"
    said = say(
        capsys, "export", "nano", "--to", target, "-f", "gguf", "--kind", "reranker", "--json", wiring=no_models()
    )
    assert json.loads(said.out)["kind"] == "reranker"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--format", "tflite"], "must be one of sentence-transformers"),
        (["--format", "gguf", "--dtype", "int4"], "must be one of bf16, fp32, fp16, int8"),
        (["--format", "sentence-transformers", "--kind", "reranker"], "holds no reranker"),
        (["--format", "gguf"], "ends in .gguf"),
    ],
)
def test_export_refuses_in_one_line(capsys, tmp_path, words: list[str], part: str) -> None:
    assert_one_error_line(say(capsys, "export", "nano", "--to", tmp_path / "x", *words, wiring=no_models()), part)
    assert list(tmp_path.iterdir()) == []


def test_export_below_the_tolerance_is_an_error(capsys, tmp_path) -> None:
    words = ["--format", "gguf", "--dtype", "int8", "--tolerance", "1"]
    said = say(capsys, "export", "nano", "--to", tmp_path / "x.gguf", *words, wiring=no_models())
    assert_one_error_line(said, "is below the tolerance 1; nothing was kept")
    assert list(tmp_path.iterdir()) == []
