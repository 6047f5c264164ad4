"""Whole stages on pico models: what they leave, and that a run broken off goes on as if it had not been."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from embedrank import Embedder, Reranker
from embedrank.core.errors import CheckpointError, ConfigError, WorseModelError
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.prompting import PromptPolicy
from embedrank.training.stages.config import StageConfig
from embedrank.training.stages.history import read_history
from embedrank.training.stages.run import Watch, run_stage
from embedrank.training.taught import write_taught
from embedrank.training.text_counts import TextCounts
from tests.model.conftest import pico_decoder, pico_tokenizer

WORDS = ("bear", "salmon", "river", "ferry", "whale", "stamp", "moon", "tide", "harbour", "forest", "engine", "violin")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    policy = PromptPolicy()
    save_embedder(folder / "embedder", pico_decoder(), pico_tokenizer(), prompts=policy, max_length=512)
    save_reranker(folder / "reranker", pico_decoder(), pico_tokenizer())
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = []
    for number, word in enumerate(WORDS * 4):
        other = WORDS[(number + 5) % len(WORDS)]
        row = {"task": "retrieval", "query": f"{word} {number}", "positives": [f"about {word}"], "negatives": [other]}
        lines.append(json.dumps(row))
    path.write_text("\n".join(lines))
    return path


def stage(models, rows, kind="embedder", **changes):
    objective = {"dims": [48, 16]} if kind == "embedder" else {"num_negatives": 1}
    settings = {
        "kind": kind,
        "model": str(models / kind),
        "sources": {"words": str(rows)},
        "mixture": {"batch_size": 8},
        "objective": objective,
        "loop": {"num_steps": 6, "learning_rate": 1e-3, "warmup_steps": 2, "checkpoint_every": 2, "bf16": False},
        "device": "cpu",
        **changes,
    }
    return StageConfig.from_mapping(settings)


def weights(folder):
    return load_file(folder / "model.safetensors")


def test_a_run_leaves_a_model_and_its_story(models, rows, tmp_path):
    told = []
    report = run_stage(stage(models, rows), tmp_path / "run", watch=Watch(on_step=told.append))
    assert report.steps == 6 and not report.stopped_early
    assert report.sources == {"words": {"rows": 48}}
    assert report.texts == {"words": TextCounts(num_queries=48, num_documents=48)}
    assert (report.given["words"].num_given, report.given["words"].epoch, report.short) == (48, 1, {"words": 0})
    assert Embedder.load(str(report.model), device="cpu").encode_documents(["about bear"]).shape == (1, 48)
    assert any(
        not torch.equal(tensor, weights(models / "embedder")[name]) for name, tensor in weights(report.model).items()
    )
    steps = [record for record in read_history(tmp_path / "run" / "log.jsonl") if record["kind"] == "step"]
    assert [record["step"] for record in steps] == [1, 2, 3, 4, 5, 6]
    assert all(record["num_tokens"] > 0 and record["grad_norm"] > 0 for record in steps)
    assert [step.step for step in told] == [0, 1, 2, 3, 4, 5]
    assert (tmp_path / "run" / "run.png").is_file() and any((tmp_path / "run" / "tensorboard").iterdir())


@pytest.mark.parametrize("kind", ["embedder", "reranker"])
def test_a_run_broken_off_ends_as_one_that_was_not(models, rows, tmp_path, kind):
    config = stage(models, rows, kind)
    whole = run_stage(config, tmp_path / "whole")
    run_stage(config, tmp_path / "broken", stop_at=3)
    assert not (tmp_path / "broken" / "model").exists()
    begun = []
    again = run_stage(config, tmp_path / "broken", watch=Watch(on_begin=lambda sources, done: begun.append(done)))
    assert begun == [3]
    for name, tensor in weights(whole.model).items():
        assert torch.equal(tensor, weights(again.model)[name])
    losses = [
        [record["loss"] for record in read_history(tmp_path / run / "log.jsonl") if record["kind"] == "step"]
        for run in ("whole", "broken")
    ]
    assert losses[0] == losses[1]
    assert replace(again, model=whole.model) == whole


def figures(*values):
    """A measure that gives these one after another, and the folders that it was asked about."""
    asked, left = [], list(values)

    def measure(model, judged):
        asked.append(Path(model).name)
        return {"ndcg_at_10": left.pop(0)}

    return measure, asked


def with_dev(config, **changes):
    dev = {"data": "unused", "keep_best": 1, **changes}
    loop = replace(config.loop, evaluate_every=1)
    return replace(config, loop=loop, dev=type(config).from_mapping({**_plain(config), "dev": dev}).dev)


def _plain(config):
    return {
        "kind": config.kind,
        "model": config.model,
        "sources": {"words": "unused"},
        "mixture": {"batch_size": 1},
        "objective": {"dims": [48]} if config.kind == "embedder" else {},
        "loop": {"num_steps": 1, "learning_rate": 1.0},
    }


def test_the_best_model_is_the_finished_one_and_patience_ends_the_run(models, rows, tmp_path):
    measure, asked = figures(0.2, 0.5, 0.4, 0.3, 0.9, 0.9)
    report = run_stage(with_dev(stage(models, rows), patience=2), tmp_path / "run", measure=measure)
    assert asked == ["step-0000001", "step-0000002", "step-0000003", "step-0000004"]
    assert (report.steps, report.stopped_early, report.best_step) == (4, True, 2)
    assert report.figures == {"ndcg_at_10": 0.5}
    assert [path.name for path in (tmp_path / "run" / "best").iterdir()] == ["step-0000002"]
    best = tmp_path / "run" / "best" / "step-0000002"
    assert all(torch.equal(tensor, weights(best)[name]) for name, tensor in weights(report.model).items())
    log = (tmp_path / "run" / "log.jsonl").read_text()
    again = run_stage(with_dev(stage(models, rows), patience=2), tmp_path / "run", measure=figures()[0])
    assert again == report  # it was over, and stays so
    assert (tmp_path / "run" / "log.jsonl").read_text() == log


@pytest.mark.parametrize("kind", ["embedder", "reranker"])
def test_what_is_cut_put_off_and_left_out_is_counted_in_report_and_log(models, rows, tmp_path, kind):
    lengths = {"dims": [48], "max_query_tokens": 6, "max_document_tokens": 9, "num_negatives": 1}
    objective = lengths if kind == "embedder" else {"num_negatives": 1, "max_length": 290}
    mixture = {"batch_size": 10, "distinct": True}
    config = stage(models, rows, kind, objective=objective, mixture=mixture)
    report = run_stage(config, tmp_path / "run")
    texts, given = report.texts["words"], report.given["words"]
    assert (texts.num_queries, texts.num_documents) == (given.num_given, 2 * given.num_given)
    assert texts.cut_documents > 0 and (texts.cut_queries > 0) is (kind == "embedder")
    assert given.num_deferred > 0  # each document stands in four rows
    (told,) = [record for record in read_history(tmp_path / "run" / "log.jsonl") if record["kind"] == "rows"]
    assert told["given"] == {"words": asdict(given)} and told["short"] == report.short
    assert run_stage(config, tmp_path / "run") == report


def test_the_best_k_are_kept(models, rows, tmp_path):
    measure, _ = figures(0.5, 0.1, 0.6, 0.2, 0.3, 0.4)
    run_stage(with_dev(stage(models, rows), keep_best=3), tmp_path / "run", measure=measure)
    kept = sorted(path.name for path in (tmp_path / "run" / "best").iterdir())
    assert kept == ["step-0000001", "step-0000003", "step-0000006"]


@pytest.mark.parametrize("lora", [{"rank": 4}, {"rank": 2, "rank_stabilised": True, "dropout": 0.1}])
def test_adapters_are_trained_kept_and_merged_into_the_model(models, rows, tmp_path, lora):
    config = stage(models, rows, lora=lora)
    report = run_stage(config, tmp_path / "run")
    base, trained = weights(models / "embedder"), weights(report.model)
    assert trained.keys() == base.keys()
    changed = {name for name, tensor in trained.items() if not torch.equal(tensor, base[name])}
    assert changed and all(name.endswith("_proj.weight") for name in changed)
    assert (tmp_path / "run" / "adapters" / "adapter_model.safetensors").is_file()
    size = max(path.stat().st_size for path in (tmp_path / "run" / "checkpoints").rglob("*.pt"))
    assert size < 250_000  # adapters and their moments, not the base
    run_stage(config, tmp_path / "broken", stop_at=3)
    again = weights(run_stage(config, tmp_path / "broken").model)
    assert all(torch.equal(tensor, again[name]) for name, tensor in trained.items())


@pytest.mark.filterwarnings("ignore")  # of bitsandbytes, about kernels that this machine lacks
def test_adapters_beside_four_bits_leave_a_whole_model(models, rows, tmp_path):
    report = run_stage(stage(models, rows, lora={"rank": 4, "four_bit": "nf4"}), tmp_path / "run")
    assert weights(report.model).keys() == weights(models / "embedder").keys()
    Embedder.load(str(report.model), device="cpu").encode_documents(["about bear"])


@pytest.mark.parametrize("head", ["tokens", "score"])
def test_rerankers_are_saved_with_the_head_that_they_trained(models, rows, tmp_path, head):
    objective = {"num_negatives": 1, "head": head, "loss": "two_tokens" if head == "tokens" else "score_head"}
    report = run_stage(stage(models, rows, "reranker", objective=objective), tmp_path / "run")
    assert ("score.weight" in weights(report.model)) is (head == "score")
    score = Reranker.load(str(report.model), device="cpu").score("bear 0", ["about bear", "violin"])
    assert score.shape == (2,)


def test_attention_may_look_both_ways_and_the_model_says_so(models, rows, tmp_path):
    report = run_stage(stage(models, rows, attention="bidirectional"), tmp_path / "run")
    assert json.loads((report.model / "config.json").read_text())["is_causal"] is False


def test_a_student_learns_from_a_teacher(models, rows, tmp_path):
    teacher = Reranker.load(str(models / "reranker"), device="cpu")
    config = stage(
        models,
        rows,
        objective={"dims": [48], "num_negatives": 1},
        distil={"loss": "kl"},
        teacher={"kind": "reranker", "model": str(models / "reranker")},
    )
    report = run_stage(config, tmp_path / "run", load_teacher=lambda asked: teacher)
    assert report.steps == 6


def test_a_student_learns_from_vectors_that_a_teacher_gave_beforehand(models, rows, tmp_path):
    write_taught(tmp_path / "taught", {"about bear": 0}, np.ones((1, 48), dtype="float32"))
    teacher = {"kind": "vectors", "model": str(tmp_path / "taught")}
    distil = {"loss": "cosine", "task_weight": 1.0}
    report = run_stage(stage(models, rows, distil=distil, teacher=teacher), tmp_path / "run")
    assert report.steps == 6
    with pytest.raises(ConfigError, match="teaches embedders"):
        objective = {"num_negatives": 1, "loss": "kl"}
        run_stage(stage(models, rows, "reranker", objective=objective, teacher=teacher), tmp_path / "other")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"kind": "retriever"}, "kind"),
        ({"attention": "both"}, "attention"),
        ({"sources": {}}, "sources"),
        ({"sources": {"a": 5}}, "source"),
        ({"objectve": {}}, "unknown key"),
        ({"objective": {"dims": [48], "temperature": 1}}, "unknown key"),
        ({"teacher": {"kind": "reranker", "model": "nano"}}, "asked nothing"),
        ({"distil": {"loss": "kl"}, "kind": "reranker", "objective": {}}, "for embedders"),
        ({"lora": {"rank": 4}, "loop": {"num_steps": 1, "learning_rate": 1.0, "parallel": "fsdp"}}, "in shards"),
        ({"lora": {"ranks": 4}}, "unknown key"),
        ({"dev": {"data": "x", "patience": 0}}, "patience"),
        ({"dev": {"data": "x", "max_queries": 0}}, "max_queries"),
        ({"gate": {"sets": {}}}, "must name a set"),
        ({"gate": {"sets": {"a": {"data": "x", "tolerance": 2}}}}, "tolerance"),
        ({"gate": {"sets": {"a": {"date": "x"}}}}, "unknown key"),
        ({"replay": {"share": 0.5}}, "name earlier runs"),
        ({"replay": {"runs": ["x"], "share": 1}}, "below 1"),
        ({"replay": {"sources": {"a": 5}}}, "source"),
    ],
)
def test_unsound_stages_are_refused(models, rows, changes, part):
    with pytest.raises(ConfigError, match=part):
        stage(models, rows, **changes)


def gated(models, rows, **changes):
    return stage(models, rows, gate={"sets": {"new": {"data": "unused"}}}, **changes)


def test_a_model_that_passes_the_gate_is_handed_out_with_its_figures(models, rows, tmp_path):
    measure, asked = figures(0.4, 0.5)
    report = run_stage(gated(models, rows), tmp_path / "run", measure=measure)
    assert asked == ["embedder", "model"]
    assert (report.gate["new"].before, report.gate["new"].after) == (0.4, 0.5)
    again = run_stage(gated(models, rows), tmp_path / "run", measure=figures()[0])
    assert again.gate == report.gate


def test_a_worse_model_is_put_away_and_the_run_says_so_each_time(models, rows, tmp_path):
    config = gated(models, rows)
    with pytest.raises(WorseModelError, match=r"new 0\.5000 to 0\.4000"):
        run_stage(config, tmp_path / "run", measure=figures(0.5, 0.4)[0])
    assert not (tmp_path / "run" / "model").exists()
    Embedder.load(str(tmp_path / "run" / "refused"), device="cpu")
    with pytest.raises(WorseModelError):
        run_stage(config, tmp_path / "run", measure=figures()[0])


def test_a_run_broken_off_is_not_judged(models, rows, tmp_path):
    report = run_stage(gated(models, rows), tmp_path / "run", measure=figures()[0], stop_at=3)
    assert report.gate == {}


def test_a_judged_stage_needs_something_that_measures(models, rows, tmp_path):
    with pytest.raises(ConfigError, match="needs something that measures"):
        run_stage(gated(models, rows), tmp_path / "run")


def test_rows_of_an_earlier_run_are_replayed_in_their_share(models, rows, tmp_path):
    run_stage(stage(models, rows), tmp_path / "first")
    fresh = tmp_path / "fresh.jsonl"
    fresh.write_text(rows.read_text().replace("about", "of"))
    config = stage(models, fresh, replay={"runs": [str(tmp_path / "first")], "share": 0.5})
    config = replace(config, loop=replace(config.loop, num_steps=20))
    told = []
    report = run_stage(config, tmp_path / "second", watch=Watch(on_step=told.append))
    assert report.sources == {"words": {"rows": 48}, "replay.words": {"rows": 48}}
    drawn = [step.source for step in told]
    assert set(drawn) == {"words", "replay.words"} and 4 <= drawn.count("replay.words") <= 16


def test_models_that_cannot_learn_so_are_refused(models, rows, tmp_path):
    with pytest.raises(CheckpointError):
        run_stage(stage(models, rows, model=str(tmp_path)), tmp_path / "run")
