import json

import pytest

from embedrank.cli.demo import showcase
from embedrank.core.errors import DatasetError
from tests.cli.command_line import no_models, say


def test_the_demo_shows_every_stage_and_measures_it(capsys, tmp_path):
    said = say(capsys, "demo", "--to", tmp_path / "kept")
    assert said.code == 0, said.err
    assert said.out.startswith("Indexed ")
    assert "✓" in said.out and "first because " in said.out
    table = said.out[said.out.index("bundled queries, judged") :]
    assert all(name in table for name in ("BM25", "dense", "fused", "fused+rerank", "nDCG@10"))
    assert "embedrank index docs/" in said.out
    assert say(capsys, "search", "tin", "--in", tmp_path / "kept", "--filter", "lang=en").code == 0


def test_a_damaged_showcase_is_a_dataset_error(tmp_path):
    with pytest.raises(DatasetError, match="is not a list of showcase queries"):
        showcase(tmp_path / "none.json")
    (tmp_path / "odd.json").write_text('[{"query": "x"}]')
    with pytest.raises(DatasetError):
        showcase(tmp_path / "odd.json")


def test_models_lists_the_presets(capsys):
    said = say(capsys, "models", wiring=no_models())
    assert "nano" in said.out and "Qwen/Qwen3-Embedding-0.6B" in said.out
    rows = json.loads(say(capsys, "models", "--json").out)
    assert {"name", "embedder", "reranker", "parameters", "description"} == rows[0].keys()
