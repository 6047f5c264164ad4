import json

import mteb
import pytest
import torch

from embedrank.evaluation.mteb.meta import encoder_meta
from embedrank.evaluation.mteb.results_folder import ResultsFolder
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.embedder import Embedder
from embedrank.model.prompting import PromptPolicy
from embedrank.model.reranker import Reranker
from tests.cli.command_line import assert_one_error_line, fake_wiring, listening_wiring, no_models, say
from tests.evaluation.beir_folder import write_beir
from tests.evaluation.mteb.local_sets import write_made_up
from tests.evaluation.pair_folder import BINARY, GRADED, TEST, TRAIN, write_rows
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.search.fakes import BagEncoder

FIGURES = ["ndcg_at_10", "recall_at_100", "mrr_at_10", "map"]


@pytest.fixture
def folder(tmp_path):
    return write_made_up(tmp_path / "made-up")


@pytest.fixture(scope="module")
def pico_wiring(tmp_path_factory):
    """Pico models, with the instruction that official ones have."""
    folder = tmp_path_factory.mktemp("models")
    tokenizer, policy = pico_tokenizer(), PromptPolicy()
    save_embedder(folder / "e", pico_decoder(), tokenizer, prompts=policy, max_length=512, dtype=torch.float32)
    save_reranker(folder / "r", pico_decoder(), tokenizer, dtype=torch.float32)
    models = {"native": "off", "dtype": "fp32"}
    return fake_wiring(Embedder.load(str(folder / "e"), **models), Reranker.load(str(folder / "r"), **models))


def measured(capsys, *arguments, **more):
    said = say(capsys, "eval", *arguments, "--json", **more)
    assert said.code == 0, said.err
    return json.loads(said.out)


@pytest.mark.parametrize("flags", [[], ["--dim", 32], ["--instruction", "Find texts with these words"]])
def test_our_runner_and_mtebs_evaluator_find_the_same_figures(capsys, folder, pico_wiring, flags):
    chosen = ["--data", folder, "--embedder", "e", *flags]
    ours = measured(capsys, *chosen, wiring=pico_wiring)
    theirs = measured(capsys, "--through-mteb", *chosen, wiring=pico_wiring)
    assert 0.02 < ours["ndcg_at_10"] < 0.9
    assert [theirs[name] for name in FIGURES] == pytest.approx([ours[name] for name in FIGURES], abs=5e-5)
    assert (theirs["num_queries"], theirs["num_documents"]) == (ours["num_queries"], ours["num_documents"])


def test_the_second_stage_finds_the_same_figures_too(capsys, folder, pico_wiring):
    chosen = ["--data", folder, "--embedder", "e", "--reranker", "r", "--rerank-depth", 20]
    ours = measured(capsys, *chosen, "--recall", 20, "--rerank-weight", 1, wiring=pico_wiring)
    theirs = measured(capsys, "--through-mteb", *chosen, wiring=pico_wiring)
    assert theirs["system"] == ours["system"] == "dense+rerank"
    assert [theirs[name] for name in FIGURES] == pytest.approx([ours[name] for name in FIGURES], abs=5e-5)
    assert theirs["ndcg_at_10"] != theirs["systems"]["dense"]["mean_task"]


def test_a_rerun_goes_on_from_the_results_folder(capsys, folder, tmp_path):
    (results := tmp_path / "results").mkdir()
    chosen = ["--through-mteb", "--data", folder, "--embedder", "x", "--results", results]
    first, again = measured(capsys, *chosen), measured(capsys, *chosen)
    assert again["ndcg_at_10"] == first["ndcg_at_10"]
    assert "dense: 1 of 1 tasks were finished by an earlier run" in again["notes"]
    written = tmp_path / first["systems"]["dense"]["results"]
    assert {path.name for path in written.glob("*.json")} == {"model_meta.json", "made-up-test.json"}


def test_the_protocol_is_written_into_result_and_output(capsys, folder, tmp_path):
    (results := tmp_path / "results").mkdir()
    chosen = ["--through-mteb", "--data", folder, "--embedder", "x", "--results", results]
    reports = [measured(capsys, *chosen, "--prompts", name) for name in ("report", "mteb")]
    assert [report["settings"]["prompts"] for report in reports] == ["report", "mteb"]
    folders = [tmp_path / report["systems"]["dense"]["results"] for report in reports]
    written = [json.loads((each / "model_meta.json").read_text())["loader_kwargs"]["prompts"] for each in folders]
    assert written == ["report", "mteb"]
    assert reports[0]["prompts"]["made-up-test"]["query"] == "query"


def test_cut_texts_are_told(capsys, tmp_path):
    corpus = [{"_id": "a", "title": "", "text": "fox " * 600}, {"_id": "b", "title": "", "text": "bear"}]
    folder = write_beir(tmp_path / "long", corpus=corpus, queries=[{"_id": "q", "text": "fox"}], qrels="q\ta\t1\n")
    report = measured(capsys, "--through-mteb", "--data", folder, "--embedder", "x", wiring=fake_wiring(BagEncoder()))
    assert "dense: texts longer than the model reads were cut: long-test 1" in report["notes"]


def test_the_table_shows_task_and_score_and_the_terminal_nothing_of_mteb(capsys, folder):
    said = say(capsys, "eval", "--through-mteb", "--data", folder, "--embedder", "x", "--reranker", "y")
    assert said.code == 0
    assert all(part in said.out for part in ("made-up test: 12 queries", "ndcg_at_10", "dense+rerank"))
    assert said.err == ""


def test_a_benchmark_without_its_data_is_one_line_that_names_the_task(capsys, tmp_path):
    chosen = ["--benchmark", "MTEB(eng, v2)", "--tasks", "STS12,FiQA2018", "--embedder", "x", "--results", tmp_path]
    said = say(capsys, "eval", *chosen, wiring=fake_wiring())
    assert_one_error_line(said, "task FiQA2018: its data set mteb/fiqa cannot be had")
    assert "copy that machine's hub cache here" in said.err


def finished(results, name):
    """What an earlier run of the bag encoder would have left of a task."""
    task = mteb.get_task(name)
    how = {"prompts": "report", "instruction": None, "dim": None, "precision": "float32", "max_length": 512}
    folder, encoder = ResultsFolder(results, "report", how), BagEncoder()
    meta = encoder_meta(encoder, "x", dim=encoder.dim, settings=how)
    row = {"main_score": 0.5, "hf_subset": "default", "languages": ["eng-Latn"]}
    about = {"task_name": name, "dataset_revision": task.metadata.revision, "mteb_version": "2.10.0"}
    for path in (folder.results(meta), folder.predictions(meta)):
        path.mkdir(parents=True, exist_ok=True)
    content = {**about, "scores": {"test": [row]}, "evaluation_time": 1.0}
    (folder.results(meta) / f"{name}.json").write_text(json.dumps(content))
    (folder.predictions(meta) / f"{name}_predictions.json").write_text("{}")


def test_finished_tasks_of_a_benchmark_need_no_data(capsys, tmp_path):
    for name in ("STS12", "STS13", "FiQA2018"):
        finished(tmp_path, name)
    chosen = ["--benchmark", "MTEB(eng, v2)", "--tasks", "STS12,STS13,FiQA2018", "--results", tmp_path]
    report = measured(capsys, *chosen, "--embedder", "x")
    assert report["benchmark"] == "MTEB(eng, v2)"
    assert report["by_type"] == {"Retrieval": 0.5, "STS": 0.5}
    assert report["prompts"]["STS12"]["symmetric"] == "query: Retrieve semantically similar text"
    assert report["without_own_prompt"] == []
    said = say(capsys, "eval", *chosen, "--embedder", "x")
    assert all(part in said.out for part in ("STS12", "cosine_spearman", "mean of types"))


def test_a_reranker_with_nothing_to_rank_is_told(capsys, tmp_path):
    finished(tmp_path, "STS12")
    chosen = ["--benchmark", "MTEB(eng, v2)", "--tasks", "STS12", "--results", tmp_path]
    report = measured(capsys, *chosen, "--embedder", "x", "--reranker", "y")
    assert "none of the tasks ranks documents, so the reranker had nothing to do" in report["notes"]


def test_the_reranker_of_a_benchmark_has_the_published_template_and_that_of_a_local_set_its_own(
    capsys, folder, tmp_path
):
    finished(tmp_path, "FiQA2018")
    models = ["--embedder", "x", "--reranker", "y"]
    benchmark = ["--benchmark", "MTEB(eng, v2)", "--tasks", "FiQA2018", "--results", tmp_path]
    length, template = {"max_length": 8192}, {"template": "report"}
    for chosen, read, judged in ((benchmark, length, template), (["--through-mteb", "--data", folder], {}, {})):
        heard = []
        say(capsys, "eval", *chosen, *models, wiring=listening_wiring(heard))
        assert heard == [("x", read), ("y", judged)]


def test_the_librarys_protocol_sets_no_length(capsys, tmp_path):
    heard = []
    chosen = ["--benchmark", "MTEB(eng, v2)", "--tasks", "STS12", "--results", tmp_path, "--prompts", "mteb"]
    say(capsys, "eval", *chosen, "--embedder", "x", wiring=listening_wiring(heard))
    assert heard == [("x", {})]


@pytest.mark.parametrize(
    ("rows", "figures"), [(GRADED, ["spearman", "pearson"]), (BINARY, ["average_precision", "f1"])]
)
def test_pairs_have_the_same_figures_through_mteb(capsys, tmp_path, pico_wiring, rows, figures):
    chosen = ["--data", write_rows(tmp_path / "pairs", "test", rows), "--embedder", "e"]
    ours = measured(capsys, *chosen, wiring=pico_wiring)
    theirs = measured(capsys, "--through-mteb", *chosen, wiring=pico_wiring)
    assert (theirs["task"], theirs["num_pairs"]) == (ours["task"], ours["num_pairs"])
    assert [theirs[name] for name in figures] == pytest.approx([ours[name] for name in figures], abs=5e-5)


def test_labelled_texts_are_classified_through_mteb(capsys, tmp_path):
    folder = write_rows(write_rows(tmp_path / "labels", "train", TRAIN), "test", TEST)
    theirs = measured(capsys, "--through-mteb", "--data", folder)
    ours = measured(capsys, "--data", folder)
    assert (theirs["task"], theirs["num_texts"]) == ("classification", len(TEST))
    assert theirs["accuracy"] == pytest.approx(ours["accuracy"], abs=0.1)  # other texts are drawn to learn from


def test_sets_that_are_not_wrapped_are_one_line(capsys, tmp_path):
    folder = write_rows(tmp_path / "parallel", "test", [{"sentence1": "one", "sentence2": "eins"}])
    assert_one_error_line(say(capsys, "eval", "--through-mteb", "--data", folder), "which is not wrapped for mteb")


def test_rivals_have_rows_through_mteb(capsys, folder, pico_wiring):
    chosen = ["--through-mteb", "--data", folder, "--embedder", "e", "--rival", "st:other", "--rival", "ce:judge"]
    report = measured(capsys, *chosen, wiring=pico_wiring)
    assert list(report["systems"]) == ["dense st:other", "dense", "dense+rerank ce:judge"]
    same_model = [report["systems"][name]["mean_task"] for name in ("dense st:other", "dense")]
    assert same_model[0] == same_model[1]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--benchmark", "MTEB(eng, v9)", "--results", "HERE"], "'MTEB(eng, v9)' not found. Did you mean: MTEB(eng, v"),
        (
            ["--benchmark", "MTEB(Code, v1)", "--tasks", "STS12", "--results", "HERE"],
            "'STS12' is not in MTEB(Code, v1)",
        ),
        (["--benchmark", "MTEB(Code, v1)"], "--results: is missing"),
        (["--benchmark", "MTEB(Code, v1)", "--data", "SET"], "name one of the two"),
        (["--tasks", "STS12", "--data", "SET"], "narrows a --benchmark"),
        (["--through-mteb"], "name one of the two"),
        (["--through-mteb", "--data", "SET", "--lexical"], "--lexical: has no part in an evaluation through mteb"),
        (["--through-mteb", "--data", "SET", "--fusion", "rrf"], "--fusion: has no part"),
        (["--through-mteb", "--data", "SET", "--prompts", "paper"], "must be one of report, mteb"),
        (["--through-mteb", "--data", "HERE"], "holds neither a BEIR set"),
        (["--through-mteb", "--data", "SET", "--bm25s"], "has rows in tables of local sets only"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, folder, tmp_path, arguments, part):
    named = {"SET": folder, "HERE": tmp_path}
    assert_one_error_line(say(capsys, "eval", *[named.get(word, word) for word in arguments], wiring=no_models()), part)
