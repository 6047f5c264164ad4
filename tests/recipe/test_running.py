"""Each step runs once for its inputs, and again exactly when something that decides it has changed."""

import json
import subprocess
import time

import pytest

from tests.cli.command_line import no_models, say
from tests.recipe.small_recipe import RECIPE, TOLD, kill_when, start, steps_run, words_of, write_recipe

ALL = ["final/first", "final/second", "final/third", "final/measured"]
VARIANTS = [
    "double/third",
    "double/measured",
    "without-first/second",
    "without-first/third",
    "without-first/measured",
]


@pytest.fixture
def recipe(tmp_path):
    return write_recipe(tmp_path)


@pytest.fixture
def run(capsys, recipe):
    return lambda *words: steps_run(say(capsys, *words_of(recipe, "run", *words), "--json", wiring=no_models()))


def manifests(recipe, step):
    files = sorted((recipe.parent / "run" / "steps").glob(f"{step}-*/manifest.json"))
    return [json.loads(file.read_text()) for file in files]


def test_each_step_runs_once_and_variants_share_what_they_do_not_touch(run):
    # `straight` measures another step's words, which are the same: equal contents, hence nothing of it is run.
    assert run() == ALL + VARIANTS
    assert run() == []


def test_a_changed_setting_reruns_exactly_what_depends_on_it(run):
    run()
    changed = run("--set", "third.options.times=5")
    assert changed == [
        "final/third",
        "final/measured",
        "without-first/third",
        "without-first/measured",
    ]
    assert run() == []  # the earlier results are still there


def test_a_changed_file_and_changed_code_are_seen(run, recipe):
    run()
    (recipe.parent / "data" / "more.txt").write_text("sun")
    assert run("--only", "third") == ["final/second", "final/third"]
    (recipe.parent / "told.py").write_text(TOLD.replace('" "', '"  "'))
    assert run("--only", "third") == ["final/first", "final/second", "final/third"]


def test_code_that_changes_no_result_reruns_nothing_behind_it(run, recipe):
    run()
    (recipe.parent / "figures.py").write_text((recipe.parent / "figures.py").read_text() + "# a remark\n")
    assert {name.split("/")[1] for name in run()} == {"measured"}


def test_only_one_step_and_what_it_needs_is_run(run):
    assert run("--only", "second") == ["final/first", "final/second"]
    assert run("--only", "double/third") == ["double/third"]


def test_the_seed_decides_too(run):
    run("--only", "first")
    assert run("--only", "first", "--set", "seed=1") == ["final/first"]


def test_a_manifest_tells_what_went_in_and_out_and_what_it_took(run, recipe):
    run("--only", "second")
    (second,) = manifests(recipe, "second")
    (first,) = manifests(recipe, "first")
    assert second["inputs"]["first"] and second["inputs"].keys() == {"first", "data/more.txt"}
    assert second["code"].keys() == {"words.py", "told.py"}
    assert first["outputs"]["words"]["path"] == "out/words.txt" and len(first["outputs"]["words"]["digest"]) == 32
    assert second["wall_s"] > 0 and second["cpu_s"] > 0 and second["peak_rss_mib"] > 1 and second["attempts"] == 1
    assert {"python", "torch"} <= second["versions"].keys() and second["command"][0] == "python"


def test_a_step_without_manifest_or_output_is_not_done(run, recipe):
    run("--only", "second")
    (folder,) = (recipe.parent / "run" / "steps").glob("second-*")
    (folder / "out" / "words.txt").unlink()
    assert run("--only", "second") == ["final/second"]
    (folder / "manifest.json").unlink()
    assert run("--only", "second") == ["final/second"]


def test_killed_in_the_middle_of_a_step_it_goes_on_there(run, recipe):
    go = recipe.parent / "go"
    recipe.write_text(RECIPE.replace("  third: {<<: *words,", f"  third: {{<<: *words, options: {{wait: {go}}},"))
    steps = recipe.parent / "run" / "steps"
    kill_when(start(recipe), lambda: any(steps.glob("third-*/out/begun")))
    (third,) = steps.glob("third-*")
    deadline = time.monotonic() + 30  # what was killed must not write on beside the next run
    while str(third) in subprocess.run(["ps", "ax", "-o", "args"], capture_output=True, text=True, check=True).stdout:
        assert time.monotonic() < deadline, "the step outlived the run"
    assert not (third / "manifest.json").exists()
    go.write_text("")
    assert run() == ["final/third", "final/measured", *VARIANTS]
    assert json.loads((third / "manifest.json").read_text())["attempts"] == 2


def test_a_step_that_fails_is_one_line_and_the_rest_is_kept(capsys, run, recipe):
    (recipe.parent / "figures.py").write_text("raise SystemExit('no figures today')")
    said = say(capsys, *words_of(recipe, "run"))
    assert said.code == 2 and said.out == ""
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("error: step measured failed with exit code 1: no figures today") and "log.txt" in last
    assert run("--only", "third") == []


def test_a_second_run_in_the_folder_is_refused(capsys, recipe):
    recipe.write_text(RECIPE.replace("options: {times: 1}", f"options: {{wait: {recipe.parent / 'go'}}}"))
    process = start(recipe)
    try:
        while not any((recipe.parent / "run" / "steps").glob("first-*/out/begun")):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        said = say(capsys, *words_of(recipe, "run"))
        assert said.code == 2 and "another run is writing it" in said.err
    finally:
        process.kill()
        process.communicate()
