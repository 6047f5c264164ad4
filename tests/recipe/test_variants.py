"""Variants change what they say and nothing else."""

import pytest

from embedrank.core.errors import ConfigError
from embedrank.recipe.recipe_file import Recipe
from tests.recipe.small_recipe import RECIPE, write_recipe

TRAINED = """
steps:
  rows: {kind: script, script: words.py, inputs: {words: here/words.txt}}
  synth: {kind: synth, passages: {corpus: [rows]}}
  weak: &stage
    kind: train
    model: nano
    sources: {own: rows, made: [synth]}
    objective: {dims: [8], loss: {margin: 0.1}}
  kept: {kind: filter, rows: [synth], encoder: weak, filters: {cosine: null}}
  fine: {<<: *stage, model: weak, sources: {kept: kept, own: {files: [rows]}}}
  fine-b: {<<: *stage, model: weak, seed: 2}
  merged: {kind: merge, models: [fine, fine-b]}
  measured: {kind: eval, embedder: merged, sets: [{data: here/data}]}
result: {embedder: merged, figures: measured}
variants:
  changed: %s
"""


def changed(tmp_path, variant):
    recipe = Recipe.read(write_recipe(tmp_path, TRAINED % variant), {})
    before, after = recipe.of("final"), recipe.of("changed")
    return {name: step.settings for name, step in after.items() if name not in before or step != before[name]}


def test_a_setting_is_replaced_in_one_step_only_though_yaml_shares_it(tmp_path):
    found = changed(tmp_path, "{set: {fine.objective.loss.margin: null}}")
    assert found.keys() == {"fine"} and found["fine"]["objective"]["loss"] == {"margin": None}


def test_what_a_step_would_have_read_stands_in_for_it(tmp_path):
    found = changed(tmp_path, "{leave_out: [weak]}")
    assert [found[name].get("model") for name in ("fine", "fine-b")] == ["nano", "nano"]
    assert found["kept"]["encoder"] == "nano"
    found = changed(tmp_path, "{leave_out: [kept]}")
    assert found["fine"]["sources"] == {"kept": "synth", "own": {"files": ["rows"]}}


def test_what_nothing_can_stand_in_for_is_taken_out_of_lists(tmp_path):
    found = changed(tmp_path, "{leave_out: [kept, synth], set: {kept.rows: [rows]}}")
    assert found["weak"]["sources"] == {"own": "rows"}
    assert found["fine"]["sources"] == {"kept": "rows", "own": {"files": ["rows"]}}


@pytest.mark.parametrize(
    ("variant", "part"),
    [
        ("{set: {finer.seed: 1}}", "begins with no step"),
        ("{leave_out: [finer]}", "is no step"),
        ("{}", "changes nothing"),
        ("{leave_out: kept}", "must be a list"),
        ("{sets: {fine.seed: 1}}", "unknown key"),
        ("{set: {fine.model: finer}}", "is no step"),
    ],
)
def test_unsound_variants_are_refused(tmp_path, variant, part):
    with pytest.raises(ConfigError, match=part):
        Recipe.read(write_recipe(tmp_path, TRAINED % variant), {})


def test_final_is_no_name_for_a_variant(tmp_path):
    with pytest.raises(ConfigError, match="as it stands"):
        Recipe.read(write_recipe(tmp_path, RECIPE.replace("  double:", "  final:")), {})
