"""`embedrank recipe` as users type it, and the commands that its steps run."""

import json
import subprocess
import sys

import pytest

from embedrank import Embedder
from tests.cli.command_line import assert_one_error_line, no_models, say
from tests.evaluation.beir_folder import write_beir
from tests.recipe.small_recipe import RECIPE, kill_when, words_of, write_recipe
from tests.training.merge.test_merging import embedder

ROWS = [
    {"task": "retrieval", "query": f"where is the {word}", "positives": [f"the {word} is here"], "source": "words"}
    for word in ("bear", "river", "ferry", "whale", "stamp", "moon", "tide", "forest")
]
TRAINED = """
about: a pico model
steps:
  weak: &stage
    kind: train
    model: here/base
    sources: {own: here/rows.jsonl}
    mixture: {batch_size: 4}
    objective: {dims: [48, 16]}
    loop: {num_steps: 60, learning_rate: 0.001, warmup_steps: 1, checkpoint_every: 20, bf16: false}
    device: cpu
  fine: {<<: *stage, model: weak, loop: {num_steps: 2, learning_rate: 0.001, warmup_steps: 1, bf16: false}}
  merged: {kind: merge, models: [weak, fine], t: 0.5}
  measured: {kind: eval, embedder: merged, sets: [{data: data/set}]}
  card:
    {kind: card, model: merged, title: p, licence: mit, rows: here/rows.jsonl, figures: measured, sources: {words: CC0}}
result: {embedder: card, figures: measured}
variants:
  without-merge: {set: {measured.embedder: fine}}
"""


def write_rows(path, rows=ROWS):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_run_ends_with_a_table_in_four_forms(capsys, tmp_path):
    recipe = write_recipe(tmp_path)
    said = say(capsys, *words_of(recipe, "run"), wiring=no_models())
    assert said.code == 0, said.err
    assert "without-first" in said.out and "95 % interval" in said.out
    content = json.loads((tmp_path / "run" / "ablation.json").read_text())
    values = {row["variant"]: row["cells"]["mean"]["value"] for row in content["rows"]}
    plain = {words: sum(words / (20 + place) for place in range(30)) / 30 for words in (1, 3, 6)}
    assert values == pytest.approx(
        {"final": plain[3], "double": plain[6], "without-first": plain[1], "straight": plain[3]}
    )
    marks = {row["variant"]: row["cells"]["mean"]["mark"] for row in content["rows"]}
    assert marks == {"final": "", "double": "+", "without-first": "-", "straight": ""}
    page = (tmp_path / "run" / "ablation.html").read_text()
    assert page.count("<svg ") == 2 and "words twice" in page and "http-equiv" in page
    assert f"| double | {100 * plain[6]:.1f}+ |" in (tmp_path / "run" / "ablation.md").read_text()
    for name in ("ablation-difference.png", "ablation-seconds.svg", "recipe.yaml"):
        assert (tmp_path / "run" / name).stat().st_size > 100


def test_show_tells_done_stale_and_missing_and_runs_nothing(capsys, tmp_path):
    recipe = write_recipe(tmp_path)

    def states(*words):
        said = say(capsys, *words_of(recipe, "show", "--json", *words), wiring=no_models())
        assert said.code == 0, said.err
        return {(each["variant"], each["step"]): each for each in json.loads(said.out)["steps"]}

    assert {each["state"] for each in states().values()} == {"missing"}
    assert not (tmp_path / "run").exists()
    say(capsys, *words_of(recipe, "run", "--only", "second"))
    found = states()
    assert [found["final", step]["state"] for step in ("first", "second", "third")] == ["done", "done", "missing"]
    assert found["double", "second"]["shared_with"] == "final" and found["double", "third"]["shared_with"] == ""
    assert found["final", "second"]["wall_s"] > 0 and found["final", "second"]["inputs"] == ["first", "data/more.txt"]
    stale = states("--set", "first.options.times=2")
    assert [stale["final", step]["state"] for step in ("first", "second", "third")] == ["stale", "stale", "missing"]
    assert "without-first" in say(capsys, *words_of(recipe, "show")).out


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("about: words", "abuot: words", "unknown key"),
        ("script: figures.py,", "script: figures.py, option: {},", "unknown key"),
        ("kind: script, script: figures.py", "kind: scripture", "must be one of script, synth, train"),
        ("script: figures.py", "script: nothing.py", "there is no file 'nothing.py'"),
        ("inputs: {words: second}", "inputs: {words: measured}", "third -> measured"),
        ("inputs: {words: second}", "inputs: {words: secnd}", "there is no step secnd"),
        ("inputs: {words: second}", "inputs: {words: second.rows}", "no such output; it has words"),
        ("inputs: {words: second}", "inputs: {words: data/less.txt}", "is not there"),
        ("inputs: {words: second}", "inputs: {words: ../words.txt}", "is no step"),
        ("{figures: measured}\nvariants", "{figures: measurd}\nvariants", "no such step"),
        ("third.options.times", "thrid.options.times", "begins with no step"),
        ("script: figures.py,", "script: figures.py, needs: [no-such-package>=3],", "pip install 'no-such-package>=3'"),
        ("steps:\n", "steps:\n  data: {kind: script}\n", "not data or here"),
    ],
)
def test_a_recipe_that_cannot_run_is_one_line_before_anything_runs(capsys, tmp_path, old, new, part):
    assert old in RECIPE
    recipe = write_recipe(tmp_path, RECIPE.replace(old, new))
    assert_one_error_line(say(capsys, *words_of(recipe, "run"), wiring=no_models()), part)
    assert not (tmp_path / "run" / "steps").exists()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--set", "thrid.options.times=2"), "begins with no step"),
        (("--only", "fourth"), "there are first"),
        (("--only", "triple/third"), "there are final"),
        (("--data", "nowhere"), "no such folder"),
    ],
)
def test_words_that_fit_no_recipe_are_one_line(capsys, tmp_path, words, part):
    assert_one_error_line(say(capsys, *words_of(write_recipe(tmp_path), "run", *words)), part)


def test_data_has_to_be_named_where_it_is_read(capsys, tmp_path):
    recipe = write_recipe(tmp_path)
    assert_one_error_line(say(capsys, "recipe", "run", recipe, "--to", tmp_path / "run"), "--data")


def test_rows_are_filtered_by_the_cosine_and_what_was_dropped_is_told(capsys, tmp_path):
    rows = [*ROWS, {"task": "retrieval", "query": "zebra", "positives": ["the ferry is here"]}]
    rows.append({"task": "sts", "query": "zebra", "positives": ["the moon"], "score": 0.2})
    settings = tmp_path / "filter.yaml"
    settings.write_text(
        f"rows: {write_rows(tmp_path / 'rows.jsonl', rows)}\nencoder: any\nfilters: {{cosine: {{minimum: 0.3}}}}\n"
    )
    said = say(capsys, "recipe", "filter", settings, "--to", tmp_path / "kept.jsonl", "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out) == {"rows": 10, "kept": 9, "dropped": {"cosine: not alike": 1}}
    assert [json.loads(line) for line in (tmp_path / "kept.jsonl").read_text().splitlines()] == [*rows[:8], rows[9]]


def test_a_filter_that_keeps_nothing_or_judges_no_rows_is_one_line(capsys, tmp_path):
    rows = write_rows(tmp_path / "rows.jsonl")
    settings = tmp_path / "filter.yaml"
    settings.write_text(f"rows: {rows}\nencoder: any\nfilters: {{cosine: {{minimum: 1.0}}}}\n")
    assert_one_error_line(say(capsys, "recipe", "filter", settings, "--to", tmp_path / "kept.jsonl"), "no row of 8")
    settings.write_text(f"rows: {rows}\nencoder: any\nfilters: {{round_trip: null}}\n")
    assert_one_error_line(
        say(capsys, "recipe", "filter", settings, "--to", tmp_path / "kept.jsonl"), "does not judge rows"
    )


def test_every_query_is_measured_and_a_set_that_was_is_not_again(capsys, tmp_path):
    data = write_beir(tmp_path / "set")
    settings = tmp_path / "measure.yaml"
    settings.write_text(f"embedder: any\nsets: [{{data: {data}, type: retrieval}}]\n")
    said = say(capsys, "recipe", "measure", settings, "--to", tmp_path / "out", "--json")
    assert said.code == 0, said.err
    (report,) = json.loads((tmp_path / "out" / "figures.json").read_text())["sets"]
    evaluated = json.loads(say(capsys, "eval", "--data", data, "--embedder", "any", "--json").out)
    assert report["systems"]["dense"]["ndcg_at_10"] == pytest.approx(evaluated["ndcg_at_10"])
    queries = report["queries"]["dense"]
    assert queries.keys() == {"q1", "q2"} and sum(queries.values()) / 2 == pytest.approx(evaluated["ndcg_at_10"])
    again = say(capsys, "recipe", "measure", settings, "--to", tmp_path / "out", wiring=no_models())
    assert again.code == 0 and "set: dense" in again.err


def test_rows_without_a_licence_are_refused(capsys, tmp_path):
    model, rows = embedder(tmp_path / "base", 1), write_rows(tmp_path / "rows.jsonl")
    settings = tmp_path / "card.yaml"
    settings.write_text(f"model: {model}\ntitle: t\nlicence: mit\nrows: {rows}\nsources: {{other: CC0}}\n")
    assert_one_error_line(say(capsys, "recipe", "card", settings, "--to", tmp_path / "model"), "no licence is told")


def test_models_are_trained_killed_trained_on_merged_measured_and_told_of(tmp_path):
    (tmp_path / "recipe.yaml").write_text(TRAINED)
    write_rows(tmp_path / "rows.jsonl")
    embedder(tmp_path / "base", 1)
    write_beir(tmp_path / "data" / "set")
    command = [sys.executable, "-m", "embedrank", *words_of(tmp_path / "recipe.yaml", "run", "--json")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    kill_when(process, lambda: any(tmp_path.glob("run/steps/weak-*/run/checkpoints/*")))
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    (weak,) = tmp_path.glob("run/steps/weak-*")
    assert json.loads((weak / "manifest.json").read_text())["attempts"] == 2
    assert "going on after" in (weak / "log.txt").read_text()
    told = json.loads(done.stdout)
    assert [row["variant"] for row in told["ablation"]["rows"]] == ["final", "without-merge"]
    model = Embedder.load(told["models"]["embedder"], device="cpu")
    assert model.encode_queries(["where"]).shape == (1, 48)
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert (
        card.startswith("---\nlicense: mit\n")
        and "| words | 8 | CC0 |" in card
        and "| set | retrieval | 2 | no |" in card
    )
