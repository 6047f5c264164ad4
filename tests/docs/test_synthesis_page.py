"""The settings on the page about synthesis are taken as they stand there, and its counts are true."""

from __future__ import annotations

import yaml

from embedrank.core.settings import build, read_yaml
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.passages_config import PassagesConfig
from embedrank.synthesis.personas import load_personas
from embedrank.synthesis.personas_config import PersonasConfig
from embedrank.synthesis.plan_config import PlanConfig
from tests.docs.pages import REPOSITORY, blocks

PAGE = REPOSITORY / "docs" / "synthesis.md"
PARTS = {"passages": PassagesConfig, "plan": PlanConfig}


def test_settings_are_taken() -> None:
    taken = set()
    for block in blocks(PAGE, "yaml"):
        for name, settings in yaml.safe_load(block).items():
            if name in PARTS:
                build(PARTS[name], settings)
                taken.add(name)
    assert taken == set(PARTS)


def test_counts_are_true() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"library of {len(load_personas(PersonasConfig()))} people" in text
    forms = set(read_yaml(data_file("question_forms.yaml"))) - {"any", "zh-hans"}
    assert f"forms in {len(forms)} languages" in text
