import json
import os
import subprocess
import sys

import pytest

from embedrank import Embedder
from embedrank.cli.train_bar import told
from embedrank.cli.wiring import Wiring
from embedrank.training.loop_config import StepReport
from tests.cli.command_line import assert_one_error_line, say
from tests.evaluation.beir_folder import write_beir
from tests.training.merge.test_merging import embedder

ROWS = [
    {"task": "retrieval", "query": f"where is the {word}", "positives": [f"the {word} is here"], "negatives": ["no"]}
    for word in ("bear", "river", "ferry", "whale", "stamp", "moon", "tide", "forest")
]
STAGE = """
model: {model}
sources:
  words: {rows}
mixture: {{batch_size: 4}}
objective: {{dims: [48, 16]}}
loop: {{num_steps: 4, learning_rate: 0.001, warmup_steps: 1, checkpoint_every: 2, evaluate_every: 2, bf16: false}}
device: cpu
"""


@pytest.fixture
def stage(tmp_path):
    """A YAML file with its rows and a pico model."""
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    model = embedder(tmp_path / "base", 1)
    path = tmp_path / "stage.yaml"
    path.write_text(STAGE.format(model=model, rows=tmp_path / "rows.jsonl"))
    return path


def test_a_stage_becomes_a_model_that_loads(capsys, stage, tmp_path):
    said = say(capsys, "train", stage, "--to", tmp_path / "run", "--json")
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert (report["steps"], report["stopped_early"], report["sources"]) == (4, False, {"words": {"rows": 8}})
    assert Embedder.load(report["model"], device="cpu").encode_queries(["where"]).shape == (1, 48)
    assert (tmp_path / "run" / "stage.yaml").read_text() == stage.read_text()
    assert "words: 8 rows" in said.err
    again = say(capsys, "train", stage, "--to", tmp_path / "run")
    assert "going on after 4 steps" in again.err and "4 steps" in again.out
    assert "words: 16 rows in batches, 2 epochs completed" in again.err


def test_texts_that_are_cut_are_told(capsys, stage, tmp_path):
    options = ("--to", tmp_path / "run", "--set", "objective.max_document_tokens=8")
    report = json.loads(say(capsys, "train", stage, *options, "--json").out)
    assert report["texts"] == {"words": {"num_queries": 16, "num_documents": 16, "cut_queries": 0, "cut_documents": 16}}
    assert report["given"]["words"]["num_given"] == 16
    again = say(capsys, "train", stage, *options)
    assert "words: 16 of 16 documents were cut" in again.err


def test_a_development_set_is_measured_along_the_way(capsys, stage, tmp_path):
    data = write_beir(tmp_path / "data", split="dev")
    options = ("--set", f"dev={{data: {data}}}", "--json")
    said = say(capsys, "train", stage, "--to", tmp_path / "run", *options, wiring=Wiring())
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert 0 <= report["figures"]["ndcg_at_10"] <= 1 and report["best_step"] in (2, 4)
    assert said.err.count("ndcg_at_10") == 2


@pytest.mark.parametrize(("tolerance", "code"), [(1.0, 0), (-1.0, 2)])
def test_a_gate_lets_through_or_refuses_in_one_line(capsys, stage, tmp_path, tolerance, code):
    data = write_beir(tmp_path / "data", split="dev")
    gate = f"gate={{sets: {{held: {{data: {data}, tolerance: {tolerance}}}}}}}"
    said = say(capsys, "train", stage, "--to", tmp_path / "run", "--set", gate, "--json", wiring=Wiring())
    assert said.code == code, said.err
    assert (tmp_path / "run" / "model").is_dir() is (code == 0)
    if code:
        assert "worse than" in said.err.splitlines()[-1] and "held" in said.err.splitlines()[-1]
    else:
        assert json.loads(said.out)["gate"]["held"]["tolerance"] == 1.0


def test_a_judged_set_that_is_not_there_is_told_before_training(capsys, stage, tmp_path):
    said = say(capsys, "train", stage, "--to", tmp_path / "run", "--set", "gate={sets: {held: {data: nowhere}}}")
    assert_one_error_line(said, "nowhere")
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_settings_on_the_command_line_win(capsys, stage, tmp_path):
    options = ("--set", "loop.num_steps=2", "--set", "lora={rank: 2}", "--json")
    report = json.loads(say(capsys, "train", stage, "--to", tmp_path / "run", *options).out)
    assert report["steps"] == 2
    assert (tmp_path / "run" / "adapters").is_dir()


def test_begun_again_nothing_of_the_earlier_run_is_left_and_other_folders_are_safe(capsys, stage, tmp_path):
    say(capsys, "train", stage, "--to", tmp_path / "run", "--set", "loop.num_steps=2")
    said = say(capsys, "train", stage, "--to", tmp_path / "run", "--restart", "--json")
    assert json.loads(said.out)["steps"] == 4 and "going on" not in said.err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    refused = say(capsys, "train", stage, "--to", tmp_path / "mine", "--restart")
    assert_one_error_line(refused, "no folder of a run")
    assert (tmp_path / "mine" / "thesis.txt").is_file()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--set", "loop.num_step=2"), "unknown key"),
        (("--set", "loop.num_steps"), "is not name=value"),
        (("--set", "loop={"), "holds no value"),
        (("--set", "kind=retriever"), "must be one of"),
        (("--set", "sources={a: nowhere.jsonl}"), "nowhere.jsonl"),
        (("--model", "nowhere"), "no such preset"),
        (("--set", "mixture.batch_size=0"), "at least 1"),
        (("--set", "dev={data: nowhere}"), "nowhere"),
    ],
)
def test_bad_settings_are_one_line(capsys, stage, tmp_path, options, part):
    assert_one_error_line(say(capsys, "train", stage, "--to", tmp_path / "run", *options), part)


def test_two_processes_leave_the_model_that_one_leaves(capsys, stage, tmp_path):
    from safetensors.torch import load_file

    alone = json.loads(say(capsys, "train", stage, "--to", tmp_path / "one", "--json").out)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "embedrank"]
    options = ["train", str(stage), "--to", str(tmp_path / "two"), "--set", "loop.parallel=ddp"]
    done = subprocess.run(
        [*command, *options], env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("4 steps") == 1
    first, second = (
        load_file(f"{folder}/model.safetensors") for folder in (alone["model"], tmp_path / "two" / "model")
    )
    assert all(abs(tensor.float() - second[name].float()).max() < 2e-2 for name, tensor in first.items())  # bf16


def test_the_bar_tells_loss_and_rate():
    report = StepReport(
        step=0, loss=1.5, grad_norm=1.0, learning_rate=0.1, seconds=0.5, source="words", num_tokens=1000
    )
    assert told([report, report]) == "loss 1.500, 2,000 tokens/s"
