import json
import shutil

import pytest

from embedrank import Embedder
from embedrank.cli.app import run
from embedrank.cli.tune_stage import TuneWishes, stage_settings
from embedrank.cli.wiring import Wiring
from embedrank.core.errors import InvalidInputError
from embedrank.evaluation.beir import load_beir
from embedrank.search.opening import built_with
from embedrank.training.data.holding_out import Parted
from embedrank.training.stages.config import StageConfig
from tests.cli.command_line import assert_one_error_line
from tests.cli.command_line import say as say_to
from tests.evaluation.beir_folder import write_beir
from tests.training.merge.test_merging import embedder

PLACES = ("harbour", "forest", "river", "market", "bridge", "museum", "station", "garden", "tower", "mill")
THINGS = ("bear", "whale", "ferry", "violin", "engine", "stamp", "moon", "salmon", "lantern", "kettle")
LET_THROUGH = ("--set", "gate.sets.own.tolerance=1")
QUICK = ("--steps", 2, "--set", "loop.bf16=false", "--device", "cpu", "--json")


def say(capsys, *words):
    return say_to(capsys, *words, wiring=Wiring())


def documents():
    for number in range(300):
        place, thing = PLACES[number % 10], THINGS[number // 10 % 10]
        text = f"Report {number} tells of a {thing}. It was seen near the {place} in {1700 + number}. Nobody knew why."
        yield {"id": f"d{number}", "title": f"The {thing} of the {place}, part {number // 100}", "text": text}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return embedder(tmp_path_factory.mktemp("models") / "base", 1)


@pytest.fixture(scope="module")
def built(tmp_path_factory, model):
    """An index, to be copied."""
    folder = tmp_path_factory.mktemp("index")
    (folder / "documents.jsonl").write_text("".join(json.dumps(each) + "\n" for each in documents()))
    assert run(["index", str(folder / "documents.jsonl"), "--to", str(folder / "idx"), "--model", str(model)]) == 0
    return folder / "idx"


@pytest.fixture
def index(built, tmp_path):
    return shutil.copytree(built, tmp_path / "idx")


def test_an_index_gets_a_model_of_its_own(capsys, index, tmp_path, model):
    said = say(capsys, "tune", index, *QUICK, *LET_THROUGH)
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert report["steps"] == 2 and report["num_chunks"] == 300 and 0 <= report["gate"]["own"]["after"] <= 1
    assert built_with(index) == report["model"] == str(tmp_path / "idx.tuned" / "model")
    found = say(capsys, "search", "The bear of the harbour", "--in", index, "--no-rerank", "--json")
    assert found.code == 0 and json.loads(found.out)
    again = say(capsys, "tune", index, *QUICK)
    assert_one_error_line(again, "--to")  # what was tuned is tuned further in a folder of its own
    further = say(capsys, "tune", index, "--to", tmp_path / "second", "--no-swap", *QUICK, *LET_THROUGH)
    assert json.loads(further.out)["num_chunks"] is None and built_with(index) == report["model"]


def test_a_worse_model_is_refused_and_the_index_stays_what_it_was(capsys, index, model):
    said = say(capsys, "tune", index, *QUICK, "--set", "gate.sets.own.tolerance=-1")
    assert said.code == 2 and "was not taken" in said.err.splitlines()[-1]
    assert built_with(index) == str(model)


def test_begun_again_rows_are_not_made_again(capsys, index, tmp_path):
    first = say(capsys, "tune", index, "--no-swap", *QUICK, *LET_THROUGH)
    rows = (tmp_path / "idx.tuned" / "data" / "rows.jsonl").read_bytes()
    (tmp_path / "idx.tuned" / "synth" / "rows.jsonl").unlink()
    again = say(capsys, "tune", index, "--no-swap", *QUICK, *LET_THROUGH)
    assert json.loads(first.out)["gate"] == json.loads(again.out)["gate"]
    assert (tmp_path / "idx.tuned" / "data" / "rows.jsonl").read_bytes() == rows


def test_feedback_is_trained_on_with_old_rows_and_sets_to_keep(capsys, index, tmp_path):
    def row(number):
        found, passed = f"document {number}", f"document {number + 1}"
        return {"task": "retrieval", "query": f"click {number}", "positives": [found], "negatives": [passed]}

    for name, numbers in (("clicks", range(400)), ("old", range(1000, 1100))):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row(number)) + "\n" for number in numbers))
    data = write_beir(tmp_path / "data", split="dev")
    given = ("--feedback", tmp_path / "clicks.jsonl", "--replay", tmp_path / "old.jsonl", "--keep", data)
    said = say(capsys, "tune", index, *given, "--tolerance", 1, *QUICK, *LET_THROUGH)
    assert said.code == 0, said.err
    assert set(json.loads(said.out)["gate"]) == {"own", "data/dev"}
    assert "replay.old: 100 rows" in said.err
    assert not (tmp_path / "idx.tuned" / "synth").exists()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--keep", "nowhere"), "FOLDER:SPLIT"),
        (("--replay", "nowhere"), "there is no nowhere"),
        (("--feedback", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--set", "loop.speed=1"), "unknown key"),
    ],
)
def test_what_is_not_there_is_told(capsys, index, options, part):
    assert_one_error_line(say(capsys, "tune", index, *options, "--json"), part)


def test_a_missing_index_and_too_few_documents_are_told(capsys, tmp_path, model):
    assert_one_error_line(say(capsys, "tune", tmp_path / "nowhere"), "nowhere")
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps(next(documents())))
    say(capsys, "index", file, "--to", tmp_path / "small", "--model", model)
    said = say(capsys, "tune", tmp_path / "small", *QUICK)
    assert said.code == 2 and "fewer than 20" in said.err.splitlines()[-1]


def parted(tmp_path, num_rows):
    counts = {"train": num_rows, "dev": 20, "gate": 20, "beyond": 0}
    return Parted(train=tmp_path / "rows.jsonl", judged=tmp_path / "judged", counts=counts)


@pytest.mark.parametrize(
    ("num_rows", "dim", "steps", "has_adapters", "dims"),
    [
        (50, 320, 30, False, [320, 256, 128, 64, 32]),
        (6400, 320, 300, False, [320, 256, 128, 64, 32]),
        (10**6, 1024, 1500, True, [1024, 512, 256, 128, 64, 32]),
    ],
)
def test_the_stage_fits_the_rows_and_the_model(tmp_path, num_rows, dim, steps, has_adapters, dims):
    settings = stage_settings(TuneWishes(model="nano"), parted(tmp_path, num_rows), dim=dim)
    config = StageConfig.from_mapping(settings)
    assert config.loop.num_steps == steps and (config.lora is not None) is has_adapters
    assert list(config.objective.dims) == dims


def test_the_gate_never_judges_by_what_chose_the_best_step(tmp_path):
    config = StageConfig.from_mapping(stage_settings(TuneWishes(model="nano"), parted(tmp_path, 50), dim=320))
    assert config.dev.data == config.gate.sets["own"].data and config.dev.split != config.gate.sets["own"].split


def test_a_set_to_keep_may_name_its_split(tmp_path):
    (tmp_path / "old").mkdir()
    wishes = TuneWishes(model="nano", keep=[f"{tmp_path}/old:test"], tolerance=0.02)
    kept = stage_settings(wishes, parted(tmp_path, 50), dim=320)["gate"]["sets"]["old/test"]
    assert kept == {"data": f"{tmp_path}/old", "split": "test", "tolerance": 0.02}
    with pytest.raises(InvalidInputError):
        stage_settings(TuneWishes(model="nano", keep=["nowhere:test"]), parted(tmp_path, 50), dim=320)


def test_the_tuned_model_is_the_one_that_was_measured(capsys, index, tmp_path):
    report = json.loads(say(capsys, "tune", index, "--no-swap", *QUICK, *LET_THROUGH).out)
    assert Embedder.load(report["model"], device="cpu").encode_queries(["bear"]).shape == (1, 48)


def test_no_held_out_query_finds_the_chunk_that_it_was_cut_from(capsys, index, tmp_path):
    say(capsys, "tune", index, "--no-swap", *QUICK, *LET_THROUGH)
    dataset = load_beir(tmp_path / "idx.tuned" / "data" / "judged", "gate")
    answers = {name for grades in dataset.qrels.values() for name in grades}
    numbers = [document.text.split("Report ")[-1].split()[0] for document in dataset.documents]
    judged = {n for n, document in zip(numbers, dataset.documents, strict=True) if document.id in answers}
    others = {n for n, document in zip(numbers, dataset.documents, strict=True) if document.id.startswith("passage-")}
    assert judged and others and not judged & others
