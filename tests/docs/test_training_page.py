"""The losses of the page on training are those of the code, and its settings are read."""

from __future__ import annotations

import re

import yaml

from embedrank.core.settings import build
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.losses.for_embedders import EMBEDDER_LOSSES, LOSS_OF_TASK
from embedrank.training.losses.for_rerankers import RERANKER_LOSSES
from embedrank.training.losses.for_students import DISTIL_LOSSES
from embedrank.training.losses.info_nce import TERMS
from embedrank.training.losses.quantisation_aware.quantised import FORMS
from tests.docs.pages import REPOSITORY, blocks, section

PAGE = REPOSITORY / "docs" / "training.md"


def first_cells(heading: str) -> list[str]:
    cells = re.findall(r"^\| (`[^|]+) \|", section(PAGE, heading), re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_every_loss_term_and_form_is_told() -> None:
    assert first_cells("Losses of an embedder") == [*EMBEDDER_LOSSES, *TERMS, *FORMS]
    assert first_cells("Losses of a reranker") == list(RERANKER_LOSSES)
    assert first_cells("Distillation") == list(DISTIL_LOSSES)


def test_tasks_stand_beside_their_losses() -> None:
    for task, loss in LOSS_OF_TASK.items():
        (line,) = re.findall(rf"^\| `{loss}` .*$", section(PAGE, "Losses of an embedder"), re.MULTILINE)
        assert f"`{task}`" in line.split("|")[3]


def test_the_settings_are_read() -> None:
    config = build(EmbedderObjectiveConfig, yaml.safe_load(blocks(PAGE, "yaml")[0]))
    assert config.loss_name("clustering") == "info_nce"
    assert len(config.forms()) == 2 * len(config.dims)
