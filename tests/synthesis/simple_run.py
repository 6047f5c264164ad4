"""A run over numbered passages with a recipe of two steps, small enough to say what must come of it."""

import json
from dataclasses import replace
from pathlib import Path

from embedrank.core.generation import Completion, GenerationRequest, Message
from embedrank.synthesis.draft import Rejected, SyntheticRow, Wish
from embedrank.synthesis.filters.filter import Verdict
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.pipeline import SynthesisTask, run_synthesis
from embedrank.synthesis.pool import ThisProcess

SCHEMA = {
    "type": "object",
    "properties": {"asker": {"type": "string"}, "query": {"type": "string"}},
    "required": ["asker", "query"],
    "additionalProperties": False,
}


def passages(count):
    for number in range(count):
        text = f"passage number {number} says that river {number * 7} flows through town {number * 13}"
        yield Passage(id=f"p{number}", text=text, source="rivers", lang="en")


def wishes(index, passage):
    """Two rows of each third passage, none of each seventh, one of the others."""
    rows = 0 if index % 7 == 6 else 2 if index % 3 == 0 else 1
    return [(f"{passage.id}#{n}", Wish(kind="retrieval", lang="en", length=(2, 9))) for n in range(rows)]


class Ask:
    """Takes one field of a JSON answer into the facts."""

    def __init__(self, name):
        self.name = name

    def request(self, draft):
        said = f"{self.name} for {draft.key}: {draft.passage.text} {sorted(draft.facts.items())}"
        return GenerationRequest(
            key=f"{draft.key}/{self.name}",
            messages=(Message(role="user", content=said),),
            schema=SCHEMA,
            max_tokens=60,
            seed=len(draft.key),
        )

    def take(self, draft, answer):
        try:
            found = json.loads(answer[answer.index("{") : answer.rindex("}") + 1])[self.name]
        except (ValueError, KeyError, TypeError) as error:
            return Rejected(stage=self.name, reason="unusable", detail=type(error).__name__)
        return replace(draft, facts={**draft.facts, self.name: found})


class TwoSteps:
    def begin(self, drafts):
        blank = Rejected(stage="plan", reason="unlucky")
        return [blank if draft.passage.id == "p14" else draft for draft in drafts]

    def steps(self, kind):
        return (Ask("asker"), Ask("query"))

    def finish(self, draft):
        positive = draft.passage.text
        row = SyntheticRow(task="retrieval", query=draft.facts["query"], positives=(positive,), source="rivers")
        return replace(draft, row=row)


class NoRepeats:
    """Drops queries that came before, in this run or before it was begun again."""

    name = "repeats"

    def __init__(self):
        self.seen = set()

    def judge(self, drafts):
        here, verdicts = set(), []
        for draft in drafts:
            is_new = draft.row.query not in self.seen | here
            here.add(draft.row.query)
            figures = {"repeats_words": float(len(draft.row.query.split()))}
            verdicts.append(Verdict(keep=is_new, reason="" if is_new else "repeated", figures=figures))
        return verdicts

    def remember(self, drafts):
        self.seen |= {draft.row.query for draft in drafts}


class Echo:
    """A generator that needs no endpoint, and repeats itself."""

    name = "echo"

    def __init__(self):
        self.asked = []

    def generate(self, requests):
        self.asked += [request.key for request in requests]
        return [
            Completion(text=json.dumps({"asker": "someone", "query": f"query {hash_of(request.key) % 50}"}))
            for request in requests
        ]

    def close(self):
        pass


def hash_of(text):
    return sum(ord(letter) * (place + 1) for place, letter in enumerate(text))


def simple_task(*, count=60, size=8, filters=None, limit=None, **settings):
    return SynthesisTask(
        passages=lambda: passages(count),
        wishes=wishes,
        filters=[NoRepeats()] if filters is None else filters,
        generator="echo",
        settings={"seed": 0, **settings},
        limit=limit,
        block_passages=size,
    )


def run(folder, generator=None, *, restart=False, tell=lambda totals: None, num_blocks=2, task=None, **how):
    """One beginning of a run, to its end."""
    pool = ThisProcess(TwoSteps(), generator or Echo(), num_blocks=num_blocks)
    return run_synthesis(task or simple_task(**how), pool, Path(folder), tell=tell, restart=restart)


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def output_of(folder):
    """The bytes of everything that the rows of a run consist of."""
    return {name: (folder / name).read_bytes() for name in ("rows.jsonl", "made.jsonl", "dropped.jsonl")}


def assert_accounted_for(folder, report, count):
    """Each draft is in one file, once; the ledger and the files say the same."""
    rows, made, dropped = (read(folder / f"{name}.jsonl") for name in ("rows", "made", "dropped"))
    totals = report.totals
    wanted = [key for index, passage in enumerate(passages(count)) for key, _ in wishes(index, passage)]
    assert sorted(line["key"] for line in made + dropped) == sorted(wanted)
    assert (totals.passages, totals.drafts) == (count, len(wanted))
    assert totals.kept == len(rows) == len(made)
    assert totals.num_dropped == len(dropped) == totals.drafts - totals.kept
    reasons = {}
    for line in dropped:
        stage = reasons.setdefault(line["stage"], {})
        stage[line["reason"]] = stage.get(line["reason"], 0) + 1
    assert reasons == {stage: counts for stage, counts in totals.dropped.items() if counts}
