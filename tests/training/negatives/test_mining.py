"""A whole run: what it writes, what it never writes, what it counts, and that a kill at any moment changes nothing."""

from __future__ import annotations

import gzip
import json
import sqlite3
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.core.errors import DatasetError, InvalidInputError, ResumeError, StorageError
from embedrank.core.same_text import normalised
from embedrank.training.negatives import decision_file, library, mining, reasons
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.mining import MiningTask, mine
from embedrank.training.negatives.row_source import RowSource
from embedrank.training.negatives.row_writing import write_rows
from embedrank.training.rows import TrainingRow
from tests.search.fakes import BagEncoder, OverlapReranker

OPEN = MiningConfig(skip=0, max_score=None, max_share=None, num_negatives=2)
WORDS = ("red", "blue", "fox", "owl", "sea", "sky")


def row(query: str, *positives: str, **more) -> TrainingRow:
    return TrainingRow(task="retrieval", query=query, positives=positives, source="s", **more)


def task_of(rows, corpus=None, *, encoders=None, reranker=None) -> MiningTask:
    return MiningTask(
        rows=lambda: rows,
        corpus=None if corpus is None else lambda: corpus,
        encoders={name: partial(lambda made: made, made) for name, made in (encoders or {"bag": BagEncoder()}).items()},
        reranker=None if reranker is None else lambda: reranker,
    )


def rows_of(path: Path) -> list[TrainingRow]:
    return list(RowSource(path, "train").read())


def quiet(part, done, total) -> None:
    pass


def run(folder: Path, rows, corpus=None, config=OPEN, *, restart=False, name="out.jsonl", **models):
    """The rows written, the provenance lines, the report."""
    out = folder / name
    report = mine(task_of(rows, corpus, **models), out, config, tell=quiet, restart=restart)
    provenance = (folder / f"{name}.provenance.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads((folder / f"{name}.report.json").read_text(encoding="utf-8")) == json.loads(json.dumps(report))
    assert not (folder / f"{name}.partial").exists()
    return rows_of(out), [json.loads(line) for line in provenance], report


TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
SPELLINGS = st.tuples(TEXTS, st.sampled_from([str, str.upper, lambda text: f" {text} ".replace(" ", "  ")])).map(
    lambda drawn: drawn[1](drawn[0])
)
ROWS = st.lists(
    st.builds(
        TrainingRow,
        task=st.just("retrieval"),
        query=TEXTS,
        positives=st.lists(SPELLINGS, min_size=1, max_size=2).map(tuple),
        negatives=st.lists(SPELLINGS, max_size=2).map(tuple),
        instruction=st.sampled_from([None, "find"]),
        score=st.sampled_from([None, None, None, 0.5]),
    ),
    min_size=1,
    max_size=8,
)
CONFIGS = st.builds(
    MiningConfig,
    num_negatives=st.integers(1, 4),
    min_negatives=st.integers(0, 1),
    window=st.integers(3, 8),
    skip=st.integers(0, 2),
    max_share=st.sampled_from([None, 0.9]),
    max_similarity=st.sampled_from([None, 0.9]),
    sampling=st.sampled_from(["top", "random", "weighted"]),
    existing=st.sampled_from(["keep", "fill", "replace"]),
    require_positive=st.booleans(),
)


@given(ROWS, st.none() | st.lists(SPELLINGS, min_size=1, max_size=12), CONFIGS, st.booleans())
@settings(deadline=None, max_examples=60)
def test_positives_are_never_negatives_order_is_kept_and_the_report_adds_up(rows, corpus, config, two) -> None:
    encoders = {"bag": BagEncoder(), "other": BagEncoder(dim=3)} if two else {"bag": BagEncoder()}
    with TemporaryDirectory() as folder:
        written, provenance, report = run(Path(folder), rows, corpus, config, encoders=encoders)
    fates = [(number, line["outcome"]) for number, line in enumerate(provenance)]
    assert [line["row"] for line in provenance] == list(range(1, len(rows) + 1))
    survivors = [rows[number] for number, fate in fates if fate in (reasons.KEPT, reasons.GRADED)]
    assert [replace(one, negatives=()) for one in written] == [replace(one, negatives=()) for one in survivors]
    for mined in written:
        if mined.score is not None:
            continue
        positives = {
            normalised(text)
            for other in rows
            if (normalised(other.query), other.instruction) == (normalised(mined.query), mined.instruction)
            for text in other.positives
        }
        negatives = [normalised(text) for text in mined.negatives]
        assert not positives & set(negatives)
        assert len(set(negatives)) == len(negatives)
    counts = report["rows"]
    assert sum(counts.values()) == report["num_rows"] == len(rows)
    num_searched = len(rows) - counts[reasons.GRADED] - counts[reasons.NOT_IN_CORPUS]
    per_search = min(config.window, report["corpus"]["num_documents"])
    assert sum(report["documents"].values()) == num_searched * per_search * len(encoders)
    assert sum(report["written_negatives"].values()) == sum(len(one.negatives) for one in rows)
    mined = [one for line in provenance for one in line.get("mined", [])]
    assert len(mined) == report["num_negatives_mined"] == sum(report["kept_by_encoder"].values())


def small_rows(num: int = 7) -> list[TrainingRow]:
    return [row(f"red fox {number}", f"the red fox number {number}") for number in range(num)]


class Killed(BaseException):
    """What a signal does, as far as files are concerned: nothing more is written."""


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining, "_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(decision_file, "_COMMIT_EVERY_S", 0.0)
    monkeypatch.setattr(library, "_EMBEDDED_AT_ONCE", 3)


def test_a_run_killed_at_every_step_ends_with_the_same_bytes(tmp_path, small_parts, monkeypatch) -> None:
    config = replace(OPEN, sampling="random")
    models = {"reranker": OverlapReranker(), "encoders": {"a": BagEncoder(), "b": BagEncoder(dim=9)}}
    run(tmp_path, small_rows(), None, config, name="whole.jsonl", **models)
    commit = mining.WorkFolder.commit
    num_kills = 0

    def dying(work, progress):
        commit(work, progress)
        for junk in work.path.glob("[vd]*"):  # a kill between the writing of files and the journal
            with junk.open("ab") as file:
                file.write(b"junk")
        raise Killed

    monkeypatch.setattr(mining.WorkFolder, "commit", dying)
    for attempt in count():
        assert attempt < 20, "it does not get on"
        try:
            run(tmp_path, small_rows(), None, config, name="killed.jsonl", **models)
            break
        except Killed:
            num_kills += 1
            assert not (tmp_path / "killed.jsonl").exists()
    assert num_kills == 1 + 3 + 3 + 7  # the corpus, two times seven vectors by three, seven rows
    for suffix in ("", ".provenance.jsonl", ".report.json"):
        assert (tmp_path / f"killed.jsonl{suffix}").read_bytes() == (tmp_path / f"whole.jsonl{suffix}").read_bytes()


def test_a_kill_while_the_output_is_written_leaves_none_and_is_made_good(tmp_path) -> None:
    def dying(part, done, total):
        if part == "writing" and done == 5:
            raise Killed

    out = tmp_path / "out.jsonl"
    with pytest.raises(Killed):
        mine(task_of(small_rows()), out, OPEN, tell=dying)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl.partial"]
    assert len(run(tmp_path, small_rows())[0]) == 7


def test_what_is_done_is_not_done_again(tmp_path, small_parts) -> None:
    class Dying(BagEncoder):
        def encode_queries(self, texts, **more):
            raise Killed

    class Documentless(BagEncoder):
        def encode_documents(self, texts, **more):
            raise AssertionError("embedded again")

    with pytest.raises(Killed):
        run(tmp_path, small_rows(), encoders={"bag": Dying()})
    assert len(run(tmp_path, small_rows(), encoders={"bag": Documentless()})[0]) == 7


def test_another_model_other_settings_and_a_second_run_are_refused(tmp_path) -> None:
    class Dying(BagEncoder):
        def encode_queries(self, texts, **more):
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path, small_rows(), encoders={"bag": Dying()})
    with pytest.raises(ResumeError, match=r"fingerprints was \['bag-1'\], is \['new'\]"):
        run(tmp_path, small_rows(), encoders={"bag": BagEncoder(fingerprint="new")})
    with pytest.raises(ResumeError, match="window 100, is window 50"):
        run(tmp_path, small_rows(), config=replace(OPEN, window=50))
    other = sqlite3.connect(tmp_path / "out.jsonl.partial" / "lock.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="another run"):
        run(tmp_path, small_rows())
    other.close()
    (tmp_path / "out.jsonl.partial" / "journal.json").write_text("{")
    with pytest.raises(StorageError, match="--restart"):
        run(tmp_path, small_rows())
    assert len(run(tmp_path, small_rows(), restart=True)[0]) == 7


def test_the_corpus_of_rows_is_their_positives_each_once(tmp_path) -> None:
    rows = [row("red", "Red one"), row("blue", "red  ONE", "blue two"), row("fox", "fox three")]
    written, _, report = run(tmp_path, rows)
    assert report["corpus"] == {
        "num_read": 4,
        "num_blank": 0,
        "num_repeated": 1,
        "num_repeated_positives": 1,
        "num_documents": 3,
    }
    assert set(written[1].negatives) == {"fox three"}  # its own positives are the two others


def test_a_positive_that_the_corpus_lacks_drops_the_row_or_is_embedded_for_its_score(tmp_path) -> None:
    rows, corpus = [row("red fox", "red fox here")], ["red fox", "red owl", " ", "sea"]
    _, _, report = run(tmp_path, rows, corpus)
    assert report["rows"][reasons.NOT_IN_CORPUS] == 1 and report["corpus"]["num_blank"] == 1
    config = replace(OPEN, require_positive=False, max_share=1.0)
    written, _, report = run(tmp_path, rows, corpus, config)
    assert written[0].negatives == ("red owl", "sea")
    assert report["documents"][reasons.ABOVE_SHARE] == 1  # "red fox" scores 1, the positive less


def test_a_positive_outside_the_window_drops_the_row(tmp_path) -> None:
    corpus = ["red fox", "red fox one", "the sea far away"]
    _, provenance, _ = run(tmp_path, [row("red fox", corpus[2])], corpus, replace(OPEN, window=2))
    assert provenance == [{"row": 1, "outcome": reasons.NOT_FOUND}]


def test_positives_of_other_rows_with_the_same_query_and_instruction_are_no_negatives(tmp_path) -> None:
    rows = [row("fox", "red fox"), row("FOX ", "blue fox"), row("fox", "fox at sea", instruction="by the sea")]
    written, _, report = run(tmp_path, rows)
    assert [set(one.negatives) for one in written] == [{"fox at sea"}, {"fox at sea"}, {"red fox", "blue fox"}]
    assert report["documents"][reasons.OTHER_POSITIVE] == 2


def test_a_near_copy_of_a_positive_is_refused_where_it_is_asked_for(tmp_path) -> None:
    corpus = ["red fox here", "here red fox !", "red owl", "red sea"]
    rows = [row("red fox", corpus[0])]
    assert run(tmp_path, rows, corpus)[0][0].negatives[0] == corpus[1]
    written, _, report = run(tmp_path, rows, corpus, replace(OPEN, max_similarity=0.95))
    assert written[0].negatives == ("red owl", "red sea")
    assert report["documents"][reasons.SIMILAR] == 1


WRITTEN = ("an owl that an LLM wrote", "RED fox", "an owl that an LLM  wrote", "one more")


@pytest.mark.parametrize(
    ("existing", "negatives", "counts"),
    [
        ("keep", (WRITTEN[0], WRITTEN[3], "red owl", "red sea"), {"kept": 2, "replaced": 0}),
        ("fill", (WRITTEN[0], WRITTEN[3]), {"kept": 2, "replaced": 0}),
        ("replace", ("red owl", "red sea"), {"kept": 0, "replaced": 4}),
    ],
)
def test_written_negatives_stay_apart_and_are_counted(tmp_path, existing, negatives, counts) -> None:
    rows, corpus = [row("red fox", "red fox", negatives=WRITTEN)], ["red fox", "red owl", "red sea", "one  More"]
    written, provenance, report = run(tmp_path, rows, corpus, replace(OPEN, existing=existing))
    assert written[0].negatives == negatives
    assert provenance[0]["num_written"] == counts["kept"]
    assert len(provenance[0]["mined"]) == len(negatives) - counts["kept"]
    num_wrong = 0 if existing == "replace" else 2
    assert report["written_negatives"]["the same text as a positive or an earlier one"] == num_wrong
    assert {name: report["written_negatives"][name] for name in counts} == counts


def test_graded_pairs_are_left_as_they_are(tmp_path) -> None:
    rows = [row("red fox", "red owl", score=0.3, negatives=("x",)), row("sea", "the sea")]
    written, _, report = run(tmp_path, rows)
    assert written[0] == rows[0]
    assert report["rows"][reasons.GRADED] == 1


def test_each_query_is_read_under_its_own_instruction(tmp_path) -> None:
    encoder, judge = BagEncoder(), OverlapReranker()
    rows = [row("red", "red fox"), row("blue", "blue fox", instruction="by colour"), row("sky", "the sky")]
    run(tmp_path, rows, encoders={"bag": encoder}, reranker=judge)
    assert encoder.batches == [(["red", "sky"], ""), (["blue"], "by colour")]
    assert {(query, instruction) for query, _, instruction in judge.calls} == {
        ("red", None),
        ("blue", "by colour"),
        ("sky", None),
    }
    encoder.batches.clear()
    run(tmp_path, rows, config=replace(OPEN, instruction="find"), encoders={"bag": encoder})
    assert encoder.batches == [(["red", "sky"], "find"), (["blue"], "by colour")]


def test_fewer_dimensions_are_asked_of_the_encoder(tmp_path) -> None:
    class Short(BagEncoder):
        def _encode(self, texts, dim):
            assert dim == 16
            return super()._encode(texts, dim)

    assert len(run(tmp_path, small_rows(), config=replace(OPEN, dim=16), encoders={"bag": Short()})[0]) == 7


def test_provenance_tells_encoder_rank_and_scores(tmp_path) -> None:
    corpus = ["red fox", "red owl", "the sea"]
    encoders = {"a": BagEncoder(), "b": BagEncoder()}
    models = {"encoders": encoders, "reranker": OverlapReranker()}
    _, provenance, _ = run(tmp_path, [row("red fox", "red fox")], corpus, **models)
    (first, second) = provenance[0]["mined"]
    relevance = float(OverlapReranker().score("red fox", ["red owl"])[0])
    assert first == {"encoder": "a", "rank": 2, "score": 0.5, "relevance": round(relevance, 6)}
    assert second["rank"] == 3


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_rows_survive_every_format(tmp_path, name) -> None:
    rows = [row("red fox", "a", "b", negatives=("c",), instruction="find", score=0.5, lang="en"), row("梵文", "x")]
    write_rows(tmp_path / name, rows)
    assert rows_of(tmp_path / name) == rows
    written, _, _ = run(tmp_path, rows_of(tmp_path / name), ["x", "y"], name=f"mined-{name}")
    assert [one.query for one in written] == ["red fox", "梵文"] and written[1].negatives == ("y",)


def test_gzipped_output_holds_no_time(tmp_path) -> None:
    write_rows(tmp_path / "a.jsonl.gz", small_rows())
    assert (tmp_path / "a.jsonl.gz").read_bytes()[4:8] == bytes(4)
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()).count(b"\n") == 7


def test_a_malformed_row_ends_the_run_and_a_query_without_an_answer_is_counted(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text('{"task": "retrieval", "query": "q", "positives": ["p"]}\n{"query": 1}\n')
    with pytest.raises(DatasetError, match="line 2"):
        rows_of(tmp_path / "a.jsonl")
    (tmp_path / "set" / "qrels").mkdir(parents=True)
    (tmp_path / "set" / "corpus.jsonl").write_text('{"_id": "d", "text": "sea"}\n')
    (tmp_path / "set" / "queries.jsonl").write_text('{"_id": "q", "text": "a"}\n{"_id": "r", "text": "b"}\n')
    (tmp_path / "set" / "qrels" / "dev.tsv").write_text("q\td\t1\nr\td\t0\n")
    source = RowSource(tmp_path / "set", "dev")
    for _ in range(2):
        assert [(one.query, one.source) for one in source.read()] == [("a", "set")]
        assert source.left_out == {"no relevant document": 1}


def test_an_empty_corpus_no_rows_and_a_bad_output_are_errors_that_leave_nothing(tmp_path) -> None:
    with pytest.raises(DatasetError, match="holds no text"):
        run(tmp_path, small_rows(), [" "])
    with pytest.raises(DatasetError, match="there are none"):
        run(tmp_path, [])
    (tmp_path / "f.jsonl").mkdir()
    for name in ("out.csv", "none/out.jsonl", "f.jsonl"):
        with pytest.raises(InvalidInputError):
            run(tmp_path, small_rows(), name=name)
    assert [path.name for path in tmp_path.iterdir()] == ["f.jsonl"]
