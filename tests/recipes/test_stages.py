"""The stages that we hand out are read by the code that runs them, and their table is whole."""

import re

import pytest

from embedrank.training.stages.config import StageConfig
from tests.docs.pages import REPOSITORY

FOLDER = REPOSITORY / "recipes" / "stages"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_a_stage_is_read(name):
    config = StageConfig.read(FOLDER / name, {})
    assert config.kind == ("reranker" if "reranker" in name else "embedder")


def test_every_stage_stands_in_the_table():
    named = re.findall(r"`([\w.-]+\.yaml)`", (FOLDER / "README.md").read_text())
    assert sorted(named) == FILES
