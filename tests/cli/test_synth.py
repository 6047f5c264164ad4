"""`embedrank synth` makes rows of corpora and documents, resumes, stops at its budget; what it refuses is one line."""

import json
import shutil

import pytest

from embedrank.cli.synth_bar import told
from embedrank.core.settings import read_yaml
from embedrank.synthesis.generators.usage import Usage
from embedrank.synthesis.ledger import Totals
from tests.cli.command_line import assert_one_error_line, no_models, process, say
from tests.synthesis.misbehaving_server import MisbehavingServer
from tests.synthesis.simple_run import read

RIVERS = ("Elbe", "Rhine", "Weser", "Danube", "Oder", "Neckar", "Main", "Mosel", "Isar", "Lech")
SETTINGS = """
passages: {{corpus: {corpus}, lang: en}}
plan: {{negatives: 3}}
generator:
  kind: openai
  model: test
  base_url: {url}
  retry: {{base_s: 0.002, max_s: 0.02, patience_s: 0.5, max_attempts: 4}}
  prices: {{prompt: 1, completion: 2}}
encoder: null
filters: {{schema: , length: , language: }}
block_passages: 4
"""


@pytest.fixture
def corpus(tmp_path):
    """One passage a river, each long enough to be asked about in every way."""
    lines = [
        {
            "_id": name,
            "title": f"The {name}",
            "text": f"The {name} is a river that flows through {number + 3} towns on its way to the sea. Its water "
            f"comes from melting snow in the mountains. Ships of up to {number + 1}00 tons carry coal and grain on it. "
            "A lock at every weir lifts them from one level to the next.",
        }
        for number, name in enumerate(RIVERS)
    ]
    path = tmp_path / "rivers.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def settings(tmp_path, corpus):
    """Writes the YAML file for an endpoint."""

    def write(url="http://127.0.0.1:9/v1"):
        path = tmp_path / "run.yaml"
        path.write_text(SETTINGS.format(corpus=corpus, url=url))
        return path

    return write


def adds_up(folder, told):
    rows, made, dropped = (read(folder / f"{name}.jsonl") for name in ("rows", "made", "dropped"))
    accounts = told["accounts"]
    assert accounts["adds_up"] and accounts["drafts"] == len(rows) + len(dropped)
    assert (accounts["kept"], accounts["dropped"]) == (len(rows), len(dropped)) and len(made) == len(rows)
    return rows


def test_a_corpus_becomes_rows_without_any_model(capsys, tmp_path, corpus):
    said = say(
        capsys, "synth", corpus, "--to", tmp_path / "out", "--set", "passages.lang=en", "--json", wiring=no_models()
    )
    assert said.code == 0, said.err
    rows = adds_up(tmp_path / "out", json.loads(said.out))
    assert rows and {row["source"] for row in rows} == {"rivers"} and {row["lang"] for row in rows} == {"en"}
    assert {"report.json", "report.html", "synthesis.yaml", "ledger.jsonl"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert read_yaml(tmp_path / "out" / "synthesis.yaml") == {"passages": {"corpus": [str(corpus)], "lang": "en"}}


def test_the_terminal_shows_the_funnel(capsys, tmp_path, corpus):
    said = say(capsys, "synth", corpus, "--to", tmp_path / "out", "--limit", 5, wiring=no_models())
    assert "from 5 passages: 5 wished = " in said.out and "duplicates" in said.out
    assert "rows.jsonl, made.jsonl, dropped.jsonl, report.html" in said.err


def test_documents_become_passages_with_names_below_their_folder(capsys, tmp_path):
    docs = tmp_path / "docs"
    (docs / "deep").mkdir(parents=True)
    (docs / "a.md").write_text("# Locks\n\nA lock lifts ships from one level to the next.\n")
    (docs / "deep" / "b.py").write_text('def weir(height):\n    """Hold water back."""\n    return height\n')
    (docs / "empty.txt").write_text("  ")
    said = say(capsys, "synth", docs, "--to", tmp_path / "out", "--json", wiring=no_models())
    assert said.code == 0, said.err
    passages = read(tmp_path / "out" / "passages.jsonl")
    assert [(line["_id"], line["source"], line.get("lang")) for line in passages] == [
        ("a.md#0", "docs", None),
        ("deep/b.py#0", "docs", "python"),
    ]
    assert "1 documents left out" in said.err and sum(json.loads(said.out)["left_out"].values()) == 1
    assert str(tmp_path) not in (tmp_path / "out" / "made.jsonl").read_text()
    (docs / "a.md").write_text("changed since")  # the run has its own copy
    assert say(capsys, "synth", docs, "--to", tmp_path / "out", "--json", wiring=no_models()).code == 0


def test_an_endpoint_writes_rows_with_negatives(capsys, tmp_path, settings):
    with MisbehavingServer() as server:
        said = say(capsys, "synth", settings(server.url), "--to", tmp_path / "out", "--json")
    assert said.code == 0, said.err
    result = json.loads(said.out)
    rows = adds_up(tmp_path / "out", result)
    assert rows and all(len(row["negatives"]) == 3 for row in rows)
    assert result["run"]["requests"] == len(server.asked) == 30 and result["run"]["generator"] == "test"
    assert result["run"]["cost"] > 0 and result["run"]["stopped"] == ""
    made = read(tmp_path / "out" / "made.jsonl")
    assert all(line["facts"]["persona"] and line["facts"]["negatives"] for line in made)
    assert (tmp_path / "out" / "synthesis.yaml").read_text() == (tmp_path / "run.yaml").read_text()


def test_a_rerun_asks_nothing_and_a_restart_neither(capsys, tmp_path, settings):
    out = tmp_path / "out"
    with MisbehavingServer() as server:
        say(capsys, "synth", settings(server.url), "--to", out)
        before, rows = len(server.asked), (out / "rows.jsonl").read_bytes()
        again = say(capsys, "synth", settings(server.url), "--to", out)
        anew = say(capsys, "synth", settings(server.url), "--to", out, "--restart", "--json")
        assert len(server.asked) == before
    assert "went on after 10 passages of an earlier run" in again.err
    assert (out / "rows.jsonl").read_bytes() == rows
    run = json.loads(anew.out)["run"]
    assert run["cached"] == run["requests"] == before and run["cost"] == 0


def test_a_budget_stops_the_run_cleanly_and_a_larger_one_goes_on(capsys, tmp_path, settings):
    out = tmp_path / "out"
    with MisbehavingServer() as server:
        path = settings(server.url)
        options = ("--set", "budget.requests=17", "--set", "blocks_in_flight=1", "--json")
        said = say(capsys, "synth", path, "--to", out, *options)
        assert said.code == 0 and "stopped by the budget: 17 of 17 requests spent" in said.err
        result = json.loads(said.out)
        adds_up(out, result)
        assert result["accounts"]["passages"] == 4 and "budget" in result["run"]["stopped"]
        assert len(server.asked) == 17
        said = say(capsys, "synth", path, "--to", out, "--set", "budget.requests=100", "--json")
        assert json.loads(said.out)["accounts"]["passages"] == 10
        assert len(server.asked) == 30


def test_a_damaged_cache_is_told_in_one_line(capsys, tmp_path, settings):
    (tmp_path / "answers.sqlite").write_bytes(b"no database" * 1000)
    options = ("--set", f"cache={tmp_path / 'answers.sqlite'}")
    said = say(capsys, "synth", settings(), "--to", tmp_path / "out", *options)
    assert_one_error_line(said, "answers.sqlite: the request cache is damaged")


def test_an_endpoint_that_is_away_ends_the_run_in_one_line(capsys, tmp_path, settings):
    said = say(capsys, "synth", settings(), "--to", tmp_path / "out", "--json")
    assert_one_error_line(said, "generator test answers no more: no connection")
    assert "run it again" in said.err


def test_the_key_is_read_from_the_named_variable(capsys, tmp_path, settings, monkeypatch):
    monkeypatch.setenv("MY_KEY", "very secret")
    with MisbehavingServer(key="very secret") as server:
        path = settings(server.url)
        said = say(capsys, "synth", path, "--to", tmp_path / "no")
        assert_one_error_line(said, "not authorised: 401")
        said = say(capsys, "synth", path, "--to", tmp_path / "out", "--set", "generator.key_env=MY_KEY")
    assert said.code == 0, said.err
    everything = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file())
    assert b"very secret" not in everything


def test_naming_a_model_and_an_endpoint_chooses_openai(capsys, tmp_path, corpus):
    with MisbehavingServer() as server:
        options = ("--model", "some-model", "--base-url", server.url, "--set", "encoder=null", "--json")
        said = say(capsys, "synth", corpus, "--to", tmp_path / "out", *options)
    assert said.code == 0, said.err
    assert {asked.body["model"] for asked in server.asked} == {"some-model"}
    assert json.loads(said.out)["run"]["generator"] == "some-model"


def test_the_environment_names_an_endpoint_only_where_the_settings_do_not(
    capsys, tmp_path, corpus, settings, monkeypatch
):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with MisbehavingServer() as server:
        assert say(capsys, "synth", settings(server.url), "--to", tmp_path / "file").code == 0
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        options = ("--generator", "openai", "--model", "m", "--set", "encoder=null")
        assert say(capsys, "synth", corpus, "--to", tmp_path / "environment", *options).code == 0
    said = say(capsys, "synth", corpus, "--to", tmp_path / "rules", wiring=no_models())
    assert said.code == 0  # a variable alone chooses no endpoint


def test_personas_are_found_by_the_encoder(capsys, tmp_path, settings):
    from embedrank.cli.wiring import Wiring
    from tests.search.fakes import BagEncoder

    asked = []
    wiring = Wiring(embedder=lambda name: asked.append(name) or BagEncoder())
    with MisbehavingServer() as server:
        said = say(
            capsys, "synth", settings(server.url), "--to", tmp_path / "out", "--set", "encoder=some", wiring=wiring
        )
    assert said.code == 0, said.err
    assert asked == ["some"]


def test_a_judge_of_its_own_judges_within_the_same_budget(capsys, tmp_path, settings):
    grades = json.dumps(dict.fromkeys(("answerable", "natural", "specific", "grade", "reason"), 1))
    with MisbehavingServer() as server, MisbehavingServer(write=lambda body: grades) as court:
        judge = f"judge={{kind: openai, model: strict, base_url: {court.url}}}"
        options = ("--set", judge, "--set", "filters.judge=", "--json")
        said = say(capsys, "synth", settings(server.url), "--to", tmp_path / "out", *options)
    assert said.code == 0, said.err
    result = json.loads(said.out)
    adds_up(tmp_path / "out", result)
    assert result["accounts"]["kept"] == 0 and sum(result["dropped"]["judge"].values()) == len(court.asked) > 0
    assert {asked.body["model"] for asked in court.asked} == {"strict"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "plan.negatives=2"), "plan.negatives = 2"),
        (("--set", "plan.colour=red"), "colour"),
        (("--set", "generator.kind=oracle"), "must be one of extractive, openai"),
        (("--set", "filters.beauty="), "unknown filter"),
        (("--set", "budget.money=5", "--set", "generator.prices={}"), "needs the prices of generator openai"),
        (("--set", "generator=extractive"), "must be a mapping with `kind`"),
        (("--set", "generator={model: m}"), "generator.kind = None: must be one of extractive, openai"),
        (("--generator", "extractive", "--set", "filters.judge="), "needs a language model"),
        (("--set", "block_passages=0"), "at least 1"),
        (("--set", "passages.corpus=[nowhere.jsonl]"), "nowhere.jsonl: there is no such file"),
        (("--workers", 2), "--workers: is for Ray"),
        (("--generator", "vllm", "--model", "m"), "the generator vllm needs vllm, which is not installed"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(capsys, tmp_path, settings, options, said):
    assert_one_error_line(say(capsys, "synth", settings(), "--to", tmp_path / "out", *options), said)


def test_inputs_that_are_not_there_are_refused_before_anything_is_written(capsys, tmp_path):
    said = say(capsys, "synth", tmp_path / "nothing", "--to", tmp_path / "out")
    assert_one_error_line(said, "there is no such file or folder")
    (tmp_path / "bare.yaml").write_text("seed: 1\n")
    said = say(capsys, "synth", tmp_path / "bare.yaml", "--to", tmp_path / "out")
    assert_one_error_line(said, "passages: none are named")
    assert not (tmp_path / "out").exists()


def test_changed_settings_and_input_are_refused_by_name(capsys, tmp_path, corpus):
    out = tmp_path / "out"
    say(capsys, "synth", corpus, "--to", out, "--limit", 4, wiring=no_models())
    before = (out / "synthesis.yaml").read_text()
    said = say(capsys, "synth", corpus, "--to", out, "--set", "plan.rows_per_passage=2", wiring=no_models())
    assert_one_error_line(said, "plan.rows_per_passage was 1, is 2 (begin anew with --restart)")
    corpus.write_text(corpus.read_text() + json.dumps({"_id": "x", "text": "more"}) + "\n")
    said = say(capsys, "synth", corpus, "--to", out, wiring=no_models())
    assert_one_error_line(said, f"input {corpus} was")
    assert (out / "synthesis.yaml").read_text() == before
    assert say(capsys, "synth", corpus, "--to", out, "--restart", wiring=no_models()).code == 0


def test_a_run_may_move_to_another_endpoint_and_speed(capsys, tmp_path, settings):
    out = tmp_path / "out"
    with MisbehavingServer() as one, MisbehavingServer() as two:
        say(capsys, "synth", settings(one.url), "--to", out, "--limit", 4)
        options = ("--base-url", two.url, "--set", "generator.concurrency=2", "--set", "blocks_in_flight=1", "--json")
        said = say(capsys, "synth", settings(one.url), "--to", out, *options)
    assert said.code == 0, said.err
    assert json.loads(said.out)["accounts"]["passages"] == 10 and len(two.asked) == 18


def test_rows_are_rows_that_training_reads(capsys, tmp_path, settings):
    from embedrank.training.rows import read_rows

    with MisbehavingServer() as server:
        say(capsys, "synth", settings(server.url), "--to", tmp_path / "out")
    lines = read(tmp_path / "out" / "rows.jsonl")
    read_back = list(read_rows(tmp_path / "out" / "rows.jsonl"))
    assert [row.query for row in read_back] == [line["query"] for line in lines]
    assert all(len(row.negatives) == 3 for row in read_back)
    allowed = {"task", "instruction", "query", "positives", "negatives", "score", "source", "lang"}
    assert all({"task", "query", "positives"} <= set(line) <= allowed for line in lines)


def test_the_bar_tells_rate_spend_and_time_left():
    totals = Totals(passages=640, kept=590)
    usage = Usage(requests=1400, prompt_tokens=900_000, completion_tokens=100_000, cost=0.42)
    assert told(totals, usage, 5000, seconds=50.0, done=600) == (
        "640 of 5,000 passages, 590 rows, 12 passages/s, 1,400 requests, 1,000,000 tokens, 0.42 spent, 0:06:03 left"
    )
    assert told(Totals(), Usage(), 5000, seconds=0.0, done=0) == "0 of 5,000 passages, 0 rows"


@pytest.mark.slow
def test_ray_writes_the_rows_of_one_process(tmp_path, settings):
    pytest.importorskip("ray")
    with MisbehavingServer() as server:
        path = settings(server.url)
        alone = process("synth", path, "--to", tmp_path / "alone", "--json")
        on_ray = process("synth", path, "--to", tmp_path / "ray", "--ray", "local", "--workers", 2, "--json")
        assert on_ray.returncode == 0, on_ray.stderr
        assert json.loads(on_ray.stdout)["accounts"] == json.loads(alone.stdout)["accounts"]
    for name in ("rows", "made", "dropped"):
        assert (tmp_path / "ray" / f"{name}.jsonl").read_bytes() == (tmp_path / "alone" / f"{name}.jsonl").read_bytes()
    shutil.rmtree(tmp_path / "ray")
    extractive = process("synth", tmp_path / "rivers.jsonl", "--to", tmp_path / "ray", "--ray", "local", "--json")
    assert extractive.returncode == 0, extractive.stderr
