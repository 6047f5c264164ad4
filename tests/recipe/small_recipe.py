"""A recipe of scripts alone, which takes a second: words, what is made of them, and figures."""

import json
import os
import signal
import subprocess
import sys
import time

WORDS = '''
"""Writes words; how, stands beside it."""
import argparse
import time
from pathlib import Path

import told

parser = argparse.ArgumentParser()
parser.add_argument("--words", type=Path, action="append")
parser.add_argument("--times", type=int, default=1)
parser.add_argument("--wait", type=Path)
parser.add_argument("--out", type=Path)
arguments = parser.parse_args()
(arguments.out / "begun").write_text("")
while arguments.wait and not arguments.wait.exists():
    time.sleep(0.02)
words = [word for path in arguments.words for word in path.read_text().split()]
(arguments.out / "words.txt").write_text(told.joined(words * arguments.times))
'''
TOLD = 'def joined(words):\n    return " ".join(words)\n'
FIGURES = '''
"""A figure for each word, as `embedrank recipe measure` writes it: one query a word."""
import argparse
import json
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--words", type=Path)
parser.add_argument("--out", type=Path)
arguments = parser.parse_args()
words = arguments.words.read_text().split()
queries = {f"q{place}": len(words) / (20 + place) for place in range(30)}
report = {"name": "set", "data": "set", "type": "retrieval", "num_queries": 30, "num_documents": 2}
report |= {"queries": {"dense": queries}, "systems": {"dense": {"ndcg_at_10": sum(queries.values()) / 30}}}
(arguments.out / "figures.json").write_text(json.dumps({"sets": [report]}))
'''
RECIPE = """
about: words
steps:
  first: &words
    kind: script
    script: words.py
    inputs: {words: here/words.txt}
    options: {times: 1}
    outputs: {words: words.txt}
  second: {<<: *words, inputs: {words: [first, data/more.txt]}}
  third: {<<: *words, inputs: {words: second}}
  aside: {<<: *words, options: {times: 3}}
  measured: {kind: script, script: figures.py, inputs: {words: third}, outputs: {figures: figures.json}}
result: {figures: measured}
variants:
  double: {about: words twice, set: {third.options.times: 2}}
  without-first: {leave_out: [first]}
  straight: {set: {measured.inputs.words: second}}
"""


def write_recipe(folder, text=RECIPE):
    """The recipe and what it reads."""
    files = {"words.txt": "bear river", "words.py": WORDS, "told.py": TOLD, "figures.py": FIGURES, "recipe.yaml": text}
    for name, content in files.items():
        (folder / name).write_text(content)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "more.txt").write_text("moon")
    return folder / "recipe.yaml"


def words_of(recipe, *words):
    """Arguments of a command on the recipe."""
    first, *rest = words
    return [
        "recipe",
        first,
        str(recipe),
        "--to",
        str(recipe.parent / "run"),
        "--data",
        str(recipe.parent / "data"),
        *rest,
    ]


def start(recipe, *words):
    """Run it in a process of its own."""
    command = [sys.executable, "-m", "embedrank", *words_of(recipe, "run", *words)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(os.environ), text=True)


def kill_when(process, there):
    """Kill it without warning as soon as something is there."""
    try:
        while not there():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def steps_run(said):
    """Steps that a run with --json has run just now, as VARIANT/STEP."""
    assert said.code == 0, said.err
    return [f"{each['variant']}/{each['step']}" for each in json.loads(said.out)["steps"] if each["ran"]]
