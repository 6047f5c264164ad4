import json

import pytest

from embedrank.cli.wiring import Wiring
from embedrank.core import packages
from embedrank.model.checkpoint import save_reranker
from tests.cli.command_line import assert_one_error_line, no_models, say
from tests.evaluation.beir_folder import write_beir
from tests.model.conftest import pico_tokenizer
from tests.training.merge.test_merging import embedder, variant


@pytest.fixture
def parents(tmp_path):
    return [embedder(tmp_path / f"p{seed}", seed) for seed in (1, 2)]


def test_two_parents_become_one_and_the_settings_are_told(capsys, parents, tmp_path):
    said = say(capsys, "merge", *parents, "--to", tmp_path / "m", "--t", 0.25, "--json", wiring=no_models())
    assert said.code == 0
    told = json.loads(said.out)
    assert (told["method"], told["t"], told["path"]) == ("slerp", 0.25, [])
    assert (tmp_path / "m" / "model.safetensors").is_file()


def test_a_yaml_holds_the_settings_and_options_override_it(capsys, parents, tmp_path):
    config = tmp_path / "merge.yaml"
    config.write_text("method: linear\nweights: [1.0, 3.0]\n")
    told = json.loads(say(capsys, "merge", *parents, "--to", tmp_path / "a", "--config", config, "--json").out)
    assert (told["method"], told["weights"]) == ("linear", [1.0, 3.0])
    more = ("--config", config, "--weight", 1, "--weight", 1, "--json")
    assert json.loads(say(capsys, "merge", *parents, "--to", tmp_path / "b", *more).out)["weights"] == [1.0, 1.0]
    config.write_text("methode: linear\n")
    assert_one_error_line(say(capsys, "merge", *parents, "--to", tmp_path / "c", "--config", config), "unknown key")


def test_the_way_between_two_parents_is_measured_and_drawn(capsys, parents, tmp_path):
    data = write_beir(tmp_path / "data", split="dev")
    options = ("--search", data, "--places", 3, "--json")
    said = say(capsys, "merge", *parents, "--to", tmp_path / "m", *options, wiring=Wiring())
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert [place["t"] for place in told["path"]] == [0.0, 0.5, 1.0]
    best = max(place["value"] for place in told["path"])
    assert next(place["value"] for place in told["path"] if place["t"] == told["t"]) == best
    assert (tmp_path / "m" / "merge-path.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "m" / "merge-path.json").read_text())["places"] == told["path"]
    assert "choosing by" not in said.err


def test_choosing_by_a_test_split_is_warned_of(capsys, parents, tmp_path):
    data = write_beir(tmp_path / "data", split="test")
    options = ("--search", data, "--split", "test", "--places", 2)
    assert "choosing by" in say(capsys, "merge", *parents, "--to", tmp_path / "m", *options, wiring=Wiring()).err


def test_what_fails_after_the_search_is_refused_before_it(capsys, parents, tmp_path, monkeypatch):
    search = ("--search", write_beir(tmp_path / "data", split="dev"))
    (tmp_path / "taken").mkdir()
    said = say(capsys, "merge", *parents, "--to", tmp_path / "taken", *search, wiring=no_models())
    assert_one_error_line(said, "exists already")
    monkeypatch.setattr(packages, "is_installed", lambda package: package != "matplotlib")
    said = say(capsys, "merge", *parents, "--to", tmp_path / "m", *search, wiring=no_models())
    assert_one_error_line(said, "plots needs matplotlib")


def test_a_search_asks_for_the_kind_where_the_folders_do_not_say(capsys, tmp_path):
    """Official rerankers are causal models without a word of what they are for."""
    judges = [tmp_path / name for name in ("a", "b")]
    for seed, folder in enumerate(judges):
        save_reranker(folder, variant(seed), pico_tokenizer())
        (folder / "embedrank.json").unlink()
    words = (*judges, "--to", tmp_path / "m", "--search", write_beir(tmp_path / "data", split="dev"), "--places", 2)
    assert_one_error_line(say(capsys, "merge", *words, wiring=no_models()), "--kind")
    said = say(capsys, "merge", *words, "--kind", "reranker", "--json", wiring=Wiring())
    assert len(json.loads(said.out)["path"]) == 2
    assert not list(tmp_path.glob(".embedrank-merge-*"))


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--method", "mean"), "must be one of"),
        (("--t", 2), "0..1"),
        (("--method", "ties"), "is needed by"),
        (("--weight", 1, "--method", "linear"), "must be 2"),
        (("--search", "nowhere", "--method", "linear"), "slerp of two"),
        (("--base", "nowhere"), "no such preset"),
    ],
)
def test_bad_settings_are_one_line(capsys, parents, tmp_path, options, part):
    assert_one_error_line(say(capsys, "merge", *parents, "--to", tmp_path / "m", *options), part)
    assert not (tmp_path / "m").exists()


def test_one_parent_or_a_missing_one_is_refused(capsys, parents, tmp_path):
    assert_one_error_line(say(capsys, "merge", parents[0], "--to", tmp_path / "m"), "two at least")
    assert_one_error_line(say(capsys, "merge", parents[0], tmp_path / "no", "--to", tmp_path / "m"), "no")
