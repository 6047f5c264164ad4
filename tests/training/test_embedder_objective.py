"""Every task's batch takes its loss; two processes make the whole; quantised forms train; bad rows are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.settings import build
from embedrank.model.checkpoint import save_embedder
from embedrank.model.embedder import Embedder
from embedrank.model.prompting import PromptPolicy
from embedrank.training import embedder_task
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.gradients import Gradients
from embedrank.training.loop_config import LoopConfig
from embedrank.training.losses.for_embedders import EMBEDDER_LOSSES, LOSS_OF_TASK
from embedrank.training.parallel.alone import Alone
from embedrank.training.tasks import TASKS
from embedrank.training.token_table import TokenTable, TokenTableObjective
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.training.conftest import gradients, largest_difference
from tests.training.task_rows import rows_of
from tests.training.two_in_one import loss_of_two


def objective(**changes: Any) -> EmbedderObjective:
    decoder = pico_decoder().requires_grad_()
    settings = {"dims": (48, 16), "num_negatives": 3, "loss_rows": 2, **changes}
    return EmbedderObjective(decoder, pico_tokenizer(), EmbedderObjectiveConfig(**settings))


def test_every_task_has_a_loss_and_every_loss_a_task() -> None:
    assert set(LOSS_OF_TASK) == set(TASKS)
    assert set(LOSS_OF_TASK.values()) == set(EMBEDDER_LOSSES)


@pytest.mark.parametrize("task", TASKS)
def test_a_batch_takes_the_loss_of_its_task_over_every_prefix(task: str) -> None:
    ours, rows = objective(), rows_of(task)
    found = ours.loss(rows)
    texts = ours.texts(rows)
    vectors, expected = ours.embed(texts.sequences), torch.zeros(())
    loss = EMBEDDER_LOSSES[LOSS_OF_TASK[task]]
    for dim in (48, 16):
        batch = texts.places.embedded(normalize(vectors[:, :dim], dim=-1), slice(None))
        if task == "sts":
            batch = replace(batch, scores_N=torch.tensor([row.score for row in rows]))
        expected = expected + 0.5 * loss.compute(batch, ours.config.switches(LOSS_OF_TASK[task]))
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    assert found > 0


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("share", [3, 6])
def test_two_processes_that_see_all_vectors_have_the_loss_and_gradient_of_one(
    task: str, share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, rows = objective(), rows_of(task)
    one = ours.loss(rows)
    one.backward()
    expected = gradients(ours.module)
    two = loss_of_two(ours.prepare, (rows[:share], rows[share:]), monkeypatch)
    two.backward()
    assert two.item() == pytest.approx(one.item(), rel=1e-5)
    assert largest_difference(expected, gradients(ours.module)) < 1e-4


@pytest.mark.parametrize("task", ["sts", "clustering"])
def test_steps_in_passes_have_the_gradient_of_the_whole_batch(task: str) -> None:
    ours, found = objective(pack_tokens=40, quantise={"none": 1.0, "lsq": 0.5}), []
    for in_passes in (False, True):
        config = LoopConfig(num_steps=1, learning_rate=1.0, in_passes=in_passes, bf16=False)
        Gradients(ours, Alone(), config).add(rows_of(task))
        found.append(gradients(ours.module))
    assert "embedding_steps" in found[0]
    assert largest_difference(*found) < 1e-5


def test_losses_are_computed_in_float32_under_autocast() -> None:
    ours, rows = objective(), rows_of("retrieval")
    batch = ours.prepare(rows)
    vectors = batch.vectors().detach()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = torch.stack([term(vectors) for term in batch.terms])
    assert torch.equal(rough, torch.stack([term(vectors) for term in batch.terms]))


@pytest.mark.parametrize("changes", [{}, {"detach_others": True}, {"cross_device": False}])
def test_vectors_of_others_are_gathered_as_the_switches_say(
    changes: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def gather(vectors: Tensor, *, detached: bool) -> Tensor:
        asked.append(detached)
        return vectors

    monkeypatch.setattr(embedder_task, "gather_rows", gather)
    objective(**changes).loss(rows_of("code"))
    assert asked == ([] if changes.get("cross_device") is False else [changes.get("detach_others", False)])


def test_hard_negatives_that_a_loss_does_not_read_are_not_embedded() -> None:
    rows = rows_of("sts", negatives=("never read",))
    assert len(objective().texts(rows).sequences) == 2 * len(rows)


def test_rows_with_one_document_id_are_no_negatives_of_each_other() -> None:
    ours = objective(num_negatives=0)
    apart = rows_of("retrieval", negatives=())
    same = [replace(row, document_ids=("the same",)) for row in apart]
    assert ours.loss(apart) > 0
    assert ours.loss(same) == 0


def test_scores_are_compared_within_a_source_only() -> None:
    ours, one = objective(), rows_of("sts")
    other = [replace(row, source="others", score=100 * (row.score or 0)) for row in reversed(one)]
    both = ours.loss([*one, *other]).item()
    assert both < ours.loss([*one, *[replace(row, source="some sts") for row in other]]).item()
    assert both > max(ours.loss(one).item(), ours.loss(other).item())


FORMS = [{"int8": 1.0}, {"binary": 1.0}, {"lsq": 1.0}, {"none": 0.5, "lsq": 0.25, "binary": 0.25}]


@pytest.mark.parametrize("quantise", FORMS)
def test_quantised_forms_learn(quantise: dict[str, float]) -> None:
    ours, rows = objective(quantise=quantise), rows_of("retrieval")
    optimizer = torch.optim.AdamW(ours.module.parameters(), lr=3e-3)
    found = []
    for _ in range(12):
        loss = ours.loss(rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    assert found[-1] < 0.7 * found[0]


def test_learned_steps_train_and_the_saved_model_is_an_ordinary_one(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    ours = objective(quantise={"lsq": 1.0})
    steps = ours.module.embedding_steps
    ours.loss(rows_of("retrieval")).backward()
    assert steps.shape == (2,) and (steps.grad != 0).all()
    save_embedder(
        tmp_path / "model", ours.module, pico_tokenizer(), prompts=PromptPolicy(), max_length=64, dtype=torch.float32
    )
    assert "embedding_steps" not in load_file(tmp_path / "model" / "model.safetensors")
    texts = ["hello world", "a b c"]
    vectors = torch.from_numpy(Embedder.load(str(tmp_path / "model")).encode_documents(texts))
    sequences = [ids for ids, _ in pico_tokenizer().encode_ended(texts, max_length=64)]
    expected = normalize(ours.embed(sequences), dim=-1).detach()
    torch.testing.assert_close(vectors, expected, atol=1e-5, rtol=0)
    theirs = SentenceTransformer(str(tmp_path / "model"), device="cpu").encode_document(texts, convert_to_tensor=True)
    torch.testing.assert_close(theirs.float(), expected, atol=1e-5, rtol=0)


def test_a_second_stage_goes_on_with_the_steps_or_leaves_them_alone() -> None:
    first = objective(quantise={"lsq": 1.0})
    steps = first.module.embedding_steps
    for quantise, learns in (({"lsq": 1.0}, True), (None, False), ({"lsq": 1.0}, True)):
        config = EmbedderObjectiveConfig(dims=(48, 16), quantise=quantise)
        EmbedderObjective(first.module, pico_tokenizer(), config)
        assert first.module.embedding_steps is steps
        assert steps.requires_grad == learns
    shorter = EmbedderObjectiveConfig(dims=(32,), quantise={"lsq": 1.0})
    assert len(EmbedderObjective(first.module, pico_tokenizer(), shorter).module.embedding_steps) == 1


def test_a_token_table_takes_every_form_but_the_learned_one() -> None:
    def table(**quantise: float) -> TokenTableObjective:
        config = EmbedderObjectiveConfig(dims=(48,), quantise=quantise)
        return TokenTableObjective(TokenTable(320, 48), pico_tokenizer(), config)

    assert table(int8=1.0).loss(rows_of("bitext")) > 0
    with pytest.raises(ConfigError, match="EmbedderObjective to hold them"):
        table(lsq=1.0).loss(rows_of("bitext"))


@pytest.mark.parametrize(
    ("rows", "changes", "problem"),
    [
        (rows_of("sts", score=None), {}, r"'some sts' without a score, which cosent compares"),
        (rows_of("sts"), {"task_losses": {"sts": "info_nce"}}, "with scores, which info_nce ignores"),
        (rows_of("classification", negatives=()), {}, "'some classification' without negatives"),
        (rows_of("classification"), {"num_negatives": 0}, "num_negatives is 0"),
        ([*rows_of("code"), *rows_of("sts")], {}, "of tasks code, sts"),
    ],
)
def test_rows_that_do_not_fit_the_loss_are_refused_by_the_name_of_their_source(
    rows: list[Any], changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidInputError, match=problem):
        objective(**changes).loss(rows)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"task_losses": {"sts": "mse"}}, "task_losses.sts"),
        ({"task_losses": {"chat": "info_nce"}}, "task_losses"),
        ({"dims": ()}, "dims"),
        ({"dims": (64,)}, "none may exceed 48"),
        ({"dim_weights": (1.0,)}, "must hold 2 weights"),
        ({"dim_weighting": "cubic"}, "equal, root"),
        ({"dim_weighting": "root", "dim_weights": (0.5, 0.5)}, "decides nothing"),
        ({"quantise": {}}, "must name a form"),
        ({"quantise": {"int4": 1.0}}, "forms are"),
        ({"quantise": {"int8": 0.0}}, "must be positive"),
        ({"lsq_bits": 1}, "within 2..8"),
        ({"loss_rows": 0}, "at least 1"),
        ({"cross_device": False, "detach_others": True}, "nothing of others"),
    ],
)
def test_unsound_settings_are_refused(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        objective(**wrong)


def test_settings_come_from_plain_values() -> None:
    config = build(
        EmbedderObjectiveConfig,
        {
            "dims": [32, 16],
            "dim_weighting": "root",
            "task_losses": {"sts": "info_nce"},
            "cosent": {"temperature": 0.1},
            "quantise": {"none": 1.0, "int8": 0.5},
        },
    )
    assert config.loss_name("sts") == "info_nce" and config.loss_name("code") == "info_nce"
    assert config.switches("cosent").temperature == 0.1
    assert [(form.dim, round(form.weight, 3)) for form in config.forms()] == [
        (32, 0.5),
        (16, 0.354),
        (32, 0.25),
        (16, 0.177),
    ]
