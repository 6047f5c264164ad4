"""Models of others are rows of the same table, by name."""

import json
import shutil

import pytest

from embedrank.cli.eval_rivals import row_name
from embedrank.cli.wiring import Wiring
from tests.cli.command_line import assert_one_error_line, fake_wiring, no_models, say
from tests.evaluation.beir_folder import write_beir
from tests.evaluation.rivals.endpoint_server import Replies, serving
from tests.evaluation.rivals.pico_models import pico_cross_encoder, pico_sentence_folder


@pytest.fixture
def folder(tmp_path):
    return write_beir(tmp_path / "tiny")


def measured(capsys, *arguments, wiring=None):
    said = say(capsys, "eval", *arguments, "--json", wiring=wiring or Wiring())
    assert said.code == 0, said.err
    return json.loads(said.out)


@pytest.fixture(scope="module")
def pico(tmp_path_factory):
    return pico_sentence_folder(tmp_path_factory.mktemp("st"))


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    return pico_cross_encoder(tmp_path_factory.mktemp("ce"))


@pytest.mark.parametrize(
    ("flags", "systems"),
    [
        (["--lexical"], ["BM25", "bm25s"]),
        (["--lexical", "--reranker", "y"], ["BM25", "bm25s", "bm25s+rerank", "BM25+rerank"]),
        (["--embedder", "x"], ["bm25s", "dense"]),
        (["--fuse"], ["BM25", "bm25s", "bm25s fused", "dense", "fused"]),
    ],
)
def test_bm25s_stands_beside_our_bm25(capsys, folder, flags, systems):
    report = measured(capsys, "--data", folder, *flags, "--bm25s", wiring=fake_wiring())
    assert list(report["systems"]) == systems
    assert report["systems"]["bm25s"]["ndcg_at_10"] > 0.9


def test_the_same_weights_give_the_same_figures_through_the_library(capsys, repository, bundled_models):
    data = ["--data", repository / "embedrank" / "data" / "demo", "--dtype", "fp32", "--max-queries", 20]
    data += ["--fuse", "--fusion", "minmax", "--dense-weight", 1]
    report = measured(capsys, *data, "--rival", f"st:{bundled_models / 'nano-embedder'}", "--embedder", "nano")
    systems = report["systems"]
    assert list(systems) == ["BM25", "dense st:nano-embedder", "fused st:nano-embedder", "dense", "fused"]
    for stage in ("dense", "fused"):
        assert systems[f"{stage} st:nano-embedder"] == systems[stage]
    told = report["settings"]["rivals"][f"st:{bundled_models / 'nano-embedder'}"]
    assert told["embedder_settings"]["batch_size"] == 32 and told["embedder_settings"]["max_length"]


def test_every_embedder_meets_every_reranker(capsys, folder, pico, judge):
    with serving(Replies()) as url:
        flags = ["--fuse", "--embedder", f"openai:bag@{url}/v1", "--reranker", f"rerank:overlap@{url}/v1"]
        report = measured(capsys, "--data", folder, *flags, "--rival", f"st:{pico}", "--rival", f"ce:{judge}")
    assert list(report["systems"]) == [
        "BM25",
        "dense st:model",
        "fused st:model",
        "fused st:model+ce:model",
        "fused+ce:model",
        "fused st:model+rerank",
        "dense",
        "fused",
        "fused+rerank",
    ]
    assert report["system"] == "fused+rerank" and report["ndcg_at_10"] > 0.9
    assert report["settings"]["reranker_settings"]["api"] == "cohere"
    assert not any("reads no instructions" in note for note in report["notes"])


def test_one_rival_alone_needs_no_model_of_ours(capsys, folder, pico):
    report = measured(capsys, "--data", folder, "--embedder", f"st:{pico}")
    assert list(report["systems"]) == ["dense"]
    report = measured(capsys, "--data", folder, "--lexical", "--rival", f"st:{pico}")
    assert list(report["systems"]) == ["BM25", "dense st:model"]


def test_models_that_would_be_called_the_same_keep_their_whole_names(capsys, folder, tmp_path, pico):
    twin = tmp_path / "other" / "model"
    shutil.copytree(pico, twin)
    report = measured(capsys, "--data", folder, "--embedder", "nano", "--rival", f"st:{pico}", "--rival", f"st:{twin}")
    assert list(report["systems"]) == [f"dense st:{pico}", f"dense st:{twin}", "dense"]


@pytest.mark.parametrize(
    ("model", "short"),
    [
        ("st:some/folder/minilm", "st:minilm"),
        ("st:BAAI/bge-m3", "st:bge-m3"),
        ("openai:a/b@http://host:8000/v1#batch=3", "openai:a/b"),
        ("nano", "nano"),
        ("some/folder/mine", "mine"),
    ],
)
def test_rows_are_named_shortly(model, short):
    assert row_name(model, [model]) == short


def test_an_instruction_that_a_reranker_cannot_read_is_told(capsys, folder, judge):
    report = measured(capsys, "--data", folder, "--lexical", "--reranker", f"ce:{judge}", "--instruction", "find")
    assert any("reads no instructions" in note for note in report["notes"])


def test_vectors_of_an_endpoint_are_kept(capsys, folder, tmp_path):
    replies = Replies()
    with serving(replies) as url:
        flags = ["--data", folder, "--embedder", f"openai:bag@{url}/v1", "--results", tmp_path]
        first = measured(capsys, *flags)
        asked = len(replies.requests)
        second = measured(capsys, *flags)
    assert first["systems"] == second["systems"]
    assert len(replies.requests) == asked + 1  # for the length of a vector


def test_the_key_comes_from_the_environment(capsys, folder, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "usual")
    monkeypatch.setenv("MINE", "special")
    replies = Replies()
    with serving(replies) as url:
        measured(capsys, "--data", folder, "--embedder", f"openai:bag@{url}/v1")
        measured(capsys, "--data", folder, "--embedder", f"openai:bag@{url}/v1#key_env=MINE")
    assert {headers["Authorization"] for _, _, headers in replies.requests} == {"Bearer usual", "Bearer special"}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--embedder", "st:NOWHERE"], "no such folder"),
        (["--embedder", "openai:bag"], "is not MODEL@URL"),
        (["--embedder", "openai:bag@http://x/v1#key_env=NOT_THERE"], "no environment variable 'NOT_THERE'"),
        (["--embedder", "ce:x"], "is a reranker (name it with --reranker)"),
        (["--lexical", "--reranker", "st:x"], "is an embedder (name it with --embedder)"),
        (["--lexical", "--reranker", "rerank:x@http://h#top=3"], "unknown option 'top'"),
    ],
)
def test_names_that_cannot_be_used_are_one_line(capsys, folder, arguments, part):
    assert_one_error_line(say(capsys, "eval", "--data", folder, *arguments, wiring=Wiring()), part)


def test_a_broken_endpoint_is_one_line(capsys, folder):
    with serving(Replies(failures=[(401, {})])) as url:
        said = say(capsys, "eval", "--data", folder, "--embedder", f"openai:x@{url}/v1", wiring=Wiring())
    assert_one_error_line(said, "401: ")


def test_vector_tasks_have_a_row_for_each_embedder(capsys, tmp_path, pico):
    rows = [("the brown bear", "the bear", 5), ("a fox sleeps", "the river", 0), ("ferries cross", "a ferry", 4)]
    lines = [json.dumps({"sentence1": one, "sentence2": two, "score": score}) for one, two, score in rows]
    (tmp_path / "test.jsonl").write_text("\n".join(lines))
    report = measured(capsys, "--data", tmp_path, "--embedder", "nano", "--rival", f"st:{pico}", "--rival", "ce:x/y")
    assert list(report["systems"]) == ["dense st:model", "dense"] and report["system"] == "dense"
    assert report["spearman"] == report["systems"]["dense"]["spearman"]
    assert report["settings"]["rivals"][f"st:{pico}"]["embedder_settings"]["max_length"] == 16
    assert "ce:x/y has nothing to rerank here" in report["notes"]


def test_fixed_candidates_are_judged_by_each_model(capsys, folder, tmp_path, pico, judge):
    run = tmp_path / "first.run"
    run.write_text("q1 Q0 en:2 1 -1 x\nq1 Q0 en:1 2 -2 x\nq2 Q0 en:3 1 -1 x\n")
    flags = ["--candidates", run, "--embedder", "nano", "--reranker", "nano"]
    report = measured(capsys, "--data", folder, *flags, "--rival", f"st:{pico}", "--rival", f"ce:{judge}")
    assert list(report["systems"]) == ["as given", "dense st:model", "dense", "rerank ce:model", "rerank"]


def test_a_suite_has_the_rows_too_and_measures_again_for_another_rival(capsys, folder, tmp_path, pico):
    results = tmp_path / "results"
    results.mkdir()
    flags = ["--all", folder.parent, "--results", results, "--embedder", "nano"]
    measured(capsys, *flags)
    report = measured(capsys, *flags, "--rival", f"st:{pico}")
    assert len(list(results.glob("*.json"))) == 2
    assert "dense st:model" in json.dumps(report)


@pytest.mark.parametrize(
    "command", [["export", "st:x", "--format", "onnx", "--to", "OUT"], ["merge", "st:x", "st:y", "--to", "OUT"]]
)
def test_commands_that_need_our_own_kind_refuse_others(capsys, tmp_path, command):
    words = [str(tmp_path / "out") if word == "OUT" else word for word in command]
    assert_one_error_line(say(capsys, *words, wiring=no_models()), "needs a model of our own kind")


def test_training_refuses_others(capsys, tmp_path):
    stage = tmp_path / "stage.yaml"
    needed = "mixture: {batch_size: 4}\nobjective: {dims: [48]}\nloop: {num_steps: 1, learning_rate: 0.1}\n"
    stage.write_text(f"model: st:x\nsources:\n  words: rows.jsonl\n{needed}")
    said = say(capsys, "train", stage, "--to", tmp_path / "run", wiring=no_models())
    assert_one_error_line(said, "needs a model of our own kind")


def test_other_commands_take_them(capsys, tmp_path, pico, judge):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "bear.md").write_text("the brown bear catches salmon in the river")
    index = tmp_path / "index"
    model = f"st:{pico}"
    assert say(capsys, "index", tmp_path / "notes", "--to", index, "--model", model, wiring=Wiring()).code == 0
    flags = ["--in", index, "--reranker", f"ce:{judge}", "--json"]
    said = say(capsys, "search", "what does the bear catch", *flags, wiring=Wiring())
    assert said.code == 0, said.err
    assert "bear.md" in said.out


def test_the_table_says_where_a_rival_was_run_otherwise(capsys, folder, pico):
    flags = ["--data", folder, "--embedder", "nano", "--rival", f"st:{pico}", "--dtype", "fp32"]
    said = say(capsys, "eval", *flags, wiring=Wiring())
    assert said.code == 0, said.err
    assert "dense st:model" in " ".join(said.out.split())
    (line,) = (line for line in said.err.splitlines() if line.startswith(f"st:{pico}: "))
    assert "embedder_settings (batch_size 32, max_length 16" in line and "recall" not in line
    assert not any(word in said.err for word in ("Loading weights", "rivals {"))


def test_mteb_measures_them_as_well(capsys, folder, tmp_path, pico, judge):
    pytest.importorskip("mteb")
    flags = ["--embedder", f"st:{pico}", "--reranker", f"ce:{judge}", "--results", tmp_path]
    said = say(capsys, "eval", "--data", folder, "--through-mteb", *flags, "--json", wiring=Wiring())
    assert said.code == 0, said.err
    assert "dense" in json.loads(said.out)["systems"]
