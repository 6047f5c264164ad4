"""A recipe of seconds: a pico model, a script that makes rows, and every kind of step."""

import json
import os
import signal
import subprocess
import sys

from tests.evaluation.beir_folder import CORPUS, write_beir
from tests.training.merge.test_merging import embedder

SCRIPT = '''
"""Writes rows; beside it lies what it imports."""
import argparse
from pathlib import Path

import told

parser = argparse.ArgumentParser()
parser.add_argument("--words", type=Path)
parser.add_argument("--times", type=int, default=1)
parser.add_argument("--out", type=Path)
arguments = parser.parse_args()
words = arguments.words.read_text().split() * arguments.times
(arguments.out / "rows.jsonl").write_text("".join(told.row(word) for word in words))
(arguments.out / "note.txt").write_text(str(len(words)))
'''
MODULE = """
import json


def row(word):
    row = {"task": "retrieval", "query": f"where is the {word}", "positives": [f"the {word} is here, by the water"]}
    return json.dumps({**row, "source": "words"}) + "\\n"
"""
WORDS = "bear river ferry whale stamp moon tide forest"
PASSAGES = [
    {
        "_id": f"en:p{place}",
        "title": f"The {word}",
        "text": f"The {word} of the northern coast was first described by sailors. They drew it on their maps for two "
        f"hundred years. Later travellers found that the {word} had been known to fishermen long before. Today it is "
        "protected by law, and visitors may look at it from a wooden bridge above the harbour.",
    }
    for place, word in enumerate(("lighthouse", "glacier", "orchard", "observatory", "monastery", "waterfall"))
]
RECIPE = """
about: pico
seed: 3
steps:
  rows:
    kind: script
    script: rows.py
    inputs: {words: here/words.txt}
    outputs: {rows: rows.jsonl, note: note.txt}
  synth:
    kind: synth
    passages: {corpus: [data/set]}
    generator: {kind: extractive}
    encoder: null
    filters: {schema: null}
  weak: &stage
    kind: train
    model: here/base
    sources: {own: rows, synth: synth}
    mixture: {batch_size: 4}
    objective: {dims: [48, 16], loss: {margin: 0.1}}
    loop: {num_steps: 2, learning_rate: 0.001, warmup_steps: 1, checkpoint_every: 1, bf16: false}
    device: cpu
  kept:
    kind: filter
    rows: [rows, synth]
    encoder: weak
    filters: {cosine: {minimum: -1.0}}
  mined:
    kind: mine
    rows: kept
    model: weak
    negatives: {skip: 0, max_score: null, max_share: null, num_negatives: 1, require_positive: false}
  fine:
    <<: *stage
    model: weak
    sources: {own: mined}
  fine-b:
    <<: *stage
    model: weak
    sources: {own: mined}
    seed: 4
  merged: {kind: merge, models: [fine, fine-b]}
  measured:
    kind: eval
    embedder: merged
    sets: [{data: data/set, split: test}, {data: data/other, split: test, type: other}]
  card:
    kind: card
    model: merged
    title: pico
    licence: apache-2.0
    rows: [kept]
    figures: measured
    sources: {words: "CC0, made up", set: "CC0, made up"}
result: {embedder: card, figures: measured}
variants:
  only-synthetic: {about: stage 1 alone, set: {measured.embedder: weak}}
  without-merge: {leave_out: [merged], set: {measured.embedder: fine}}
  without-synthetic: {leave_out: [synth]}
  without-mask: {set: {fine.objective.loss.margin: null, fine-b.objective.loss.margin: null}}
"""


def write_recipe(folder, text=RECIPE):
    """The recipe, what it reads beside it, and a data folder."""
    (folder / "words.txt").write_text(WORDS)
    (folder / "rows.py").write_text(SCRIPT)
    (folder / "told.py").write_text(MODULE)
    embedder(folder / "base", 1)
    (folder / "data").mkdir()
    for name in ("set", "other"):
        write_beir(folder / "data" / name, split="test", corpus=[*CORPUS, *PASSAGES])
    (folder / "recipe.yaml").write_text(text)
    return folder / "recipe.yaml"


def command(recipe, *words):
    """What a user types, and for how it is run."""
    data = recipe.parent / "data"
    return [
        sys.executable,
        "-m",
        "embedrank",
        "recipe",
        *words[:1],
        str(recipe),
        "--to",
        str(recipe.parent / "run"),
        "--data",
        str(data),
        *words[1:],
    ]


def run(recipe, *words):
    """Run a recipe in a process of its own."""
    return subprocess.run(
        command(recipe, *words),
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )


def ran(recipe, *words):
    """Run it, and name the steps that were run, as VARIANT/STEP."""
    done = run(recipe, "run", "--json", *words)
    assert done.returncode == 0, done.stderr
    return [f"{each['variant']}/{each['step']}" for each in json.loads(done.stdout)["steps"] if each["ran"]]


def kill_when(recipe, there, *words):
    """Start it, and kill it without warning as soon as a file is there."""
    process = subprocess.Popen(command(recipe, "run", *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not there():
            assert process.poll() is None, "it ended before it could be killed"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
