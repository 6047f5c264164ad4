"""The page's table of kinds is whole, and the small recipe is read by the code that runs it."""

import re

import pytest

from embedrank.recipe.kinds.registry import KINDS
from embedrank.recipe.recipe_file import Recipe
from tests.docs.pages import REPOSITORY

PAGE = (REPOSITORY / "docs" / "recipe.md").read_text(encoding="utf-8")


def test_every_kind_stands_on_the_page_with_its_outputs():
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| (.+) \|$", PAGE.split("## Kinds of steps")[1].split("## ")[0], re.M))
    assert rows.keys() == KINDS.keys()
    for name, told in rows.items():
        if name != "script":
            assert re.findall(r"`(\w+)`", told) == list(KINDS[name].outputs)


def test_the_small_recipe_is_sound_to_its_last_setting():
    recipe = Recipe.read(REPOSITORY / "recipes" / "nano-cpu.yaml", {})
    recipe.check()
    asked = {"only-synthetic", "without-synthetic", "without-merge", "without-mask", "without-qq-dd", "without-mrl"}
    assert set(recipe.variants) == asked | {"without-hard-negatives", "bidirectional"}


@pytest.mark.parametrize("variant", ["without-mask", "without-qq-dd", "without-mrl", "bidirectional"])
def test_a_variant_of_the_small_recipe_changes_fine_tuning_alone(variant):
    recipe = Recipe.read(REPOSITORY / "recipes" / "nano-cpu.yaml", {})
    before, after = recipe.of("final"), recipe.of(variant)
    assert {name for name in after if after[name] != before[name]} == {"fine", "fine-b"}
