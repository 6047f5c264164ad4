"""The reranker's loss is chosen by name; heads, grades and teachers are taken as they should be, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.prompts import rerank_template
from embedrank.model.checkpoint import save_reranker
from embedrank.model.reranker import Reranker
from embedrank.training.gradients import Gradients
from embedrank.training.loop_config import LoopConfig
from embedrank.training.losses.for_rerankers import RERANKER_LOSSES
from embedrank.training.losses.regression import regression
from embedrank.training.losses.score_head import score_head
from embedrank.training.parallel.alone import Alone
from embedrank.training.reranker_config import RerankerObjectiveConfig
from embedrank.training.reranker_objective import RerankerObjective
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized_pairs import rerank_prompts
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.training.conftest import gradients, largest_difference
from tests.training.task_rows import rows_of
from tests.training.two_in_one import loss_of_two_apart


def rows() -> list[TrainingRow]:
    return [
        replace(row, teacher_scores=(3.0, *[-2.0 - k for k in range(len(row.negatives))])) for row in rows_of("code")
    ]


def objective(decoder: Any = None, *, teacher: Any = None, lm_head: Any = None, **changes: Any) -> RerankerObjective:
    decoder = decoder or pico_decoder().requires_grad_()
    config = RerankerObjectiveConfig(max_length=512, **changes)
    return RerankerObjective(decoder, pico_tokenizer(), config, lm_head_VM=lm_head, teacher=teacher)


@pytest.mark.parametrize("loss", RERANKER_LOSSES)
def test_every_loss_learns(loss: str) -> None:
    ours, found = objective(loss=loss), []
    optimizer = torch.optim.AdamW(ours.module.parameters(), lr=3e-3)
    for _ in range(12):
        value = ours.loss(rows())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        found.append(value.item())
    assert found[-1] < 0.7 * found[0]


@pytest.mark.parametrize("loss", RERANKER_LOSSES)
def test_passes_and_two_processes_have_the_loss_and_gradient_of_one(loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = objective(loss=loss, list_weight=0.0 if loss == "listwise" else 0.5, pack_tokens=400)
    config = LoopConfig(num_steps=1, learning_rate=1.0, in_passes=False, bf16=False)
    one = Gradients(ours, Alone(), config).add(rows())
    expected = gradients(ours.module)
    assert Gradients(ours, Alone(), replace(config, in_passes=True)).add(rows()) == pytest.approx(one, rel=1e-5)
    assert largest_difference(expected, gradients(ours.module)) < 1e-4
    two = loss_of_two_apart(ours.prepare, (rows()[:5], rows()[5:]), monkeypatch)
    two.backward()
    assert two.item() == pytest.approx(one, rel=1e-5)
    assert largest_difference(expected, gradients(ours.module)) < 1e-4


GRADED = {"score_head": score_head, "regression": regression}


@pytest.mark.parametrize("loss", GRADED)
def test_graded_rows_train_with_their_scores(loss: str) -> None:
    ours, graded = objective(loss=loss, num_negatives=0, instructed=1.0), rows_of("sts")
    logits = ours.logits([(row.query, row.positives[0], row.instruction) for row in graded])
    expected = GRADED[loss](logits, torch.tensor([row.score for row in graded]))
    assert ours.loss(graded).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_score_head_begins_as_the_tokens_learns_beside_them_and_is_saved_with_them(tmp_path: Path) -> None:
    plain, headed = objective(), objective(loss="score_head", head="score")
    pairs = [("a", "b c", None), ("hello", "world", None)]
    torch.testing.assert_close(headed.logits(pairs), plain.logits(pairs), atol=1e-5, rtol=0)
    optimizer = torch.optim.SGD(headed.module.parameters(), lr=0.1)
    headed.loss(rows()).backward()
    assert headed.module.score.weight.grad.any()
    optimizer.step()
    from transformers import AutoModelForSequenceClassification

    save_reranker(tmp_path / "model", headed.module, pico_tokenizer(), dtype=torch.float32)
    loaded = Reranker.load(str(tmp_path / "model"))
    found = [loaded.logits(query, [document]).item() for query, document, _ in pairs]
    expected = headed.logits(pairs).tolist()
    assert found == pytest.approx(expected, abs=1e-4)
    ids = rerank_prompts(pairs, pico_tokenizer(), rerank_template("default"), max_length=512).prompts
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model", dtype=torch.float32)
    with torch.no_grad():
        assert [theirs(torch.tensor([one])).logits.item() for one in ids] == pytest.approx(expected, abs=1e-4)


def test_an_untied_decoder_is_judged_by_its_own_head() -> None:
    untied = pico_decoder(tie_word_embeddings=False).requires_grad_()
    tied = objective()
    pairs = [("a", "b c", None)]
    table = untied.embed_tokens.weight
    assert torch.equal(objective(untied, lm_head=table).logits(pairs), tied.logits(pairs))
    assert torch.equal(objective(untied, lm_head=-table).logits(pairs), -tied.logits(pairs))
    with pytest.raises(ConfigError, match="untied"):
        objective(untied)


@pytest.mark.parametrize(
    ("some", "changes", "problem"),
    [
        (rows_of("sts"), {}, "'some sts' with scores, which two_tokens ignores"),
        (rows_of("sts", score=3.0), {"loss": "regression"}, "scale scores to 0..1"),
        (rows_of("code", negatives=()), {}, "mine some first"),
        (rows_of("code"), {"loss": "kl"}, "'some code' without teacher_scores"),
    ],
)
def test_rows_that_do_not_fit_the_loss_are_refused(some: Any, changes: Any, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem):
        objective(**changes).loss(some)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"loss": "hinge"}, "two_tokens, full_vocabulary"),
        ({"head": "linear"}, "tokens, score"),
        ({"loss": "full_vocabulary", "head": "score"}, "no vocabulary"),
        ({"loss": "listwise", "list_weight": 1.0}, "list_weight"),
        ({"list_weight": -1.0}, "list_weight"),
        ({"num_negatives": 0}, "at least 1"),
        ({"teacher": object()}, "asks no teacher"),
    ],
)
def test_unsound_settings_are_refused(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        objective(**wrong)
