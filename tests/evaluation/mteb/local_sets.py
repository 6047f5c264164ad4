"""A set of made-up texts that is large enough for rankings to differ, and models for it."""

import random

from embedrank.evaluation.beir import load_beir
from embedrank.evaluation.mteb.encoder import MtebEncoder
from embedrank.evaluation.mteb.meta import encoder_meta
from embedrank.evaluation.mteb.uniform_prompts import OWN
from tests.evaluation.beir_folder import write_beir

WORDS = [
    "bear",
    "fox",
    "salmon",
    "river",
    "ferry",
    "wood",
    "rain",
    "stone",
    "bread",
    "light",
    "horse",
    "cloud",
    "winter",
]


def write_made_up(folder, *, num_documents=60, num_queries=12):
    """Documents of random words; a query shares words with what it judges relevant, in grades."""
    chance = random.Random(0)
    corpus = [
        {"_id": f"d{n}", "title": WORDS[n % 5] if n % 3 == 0 else "", "text": " ".join(chance.choices(WORDS, k=12))}
        for n in range(num_documents)
    ]
    queries = [{"_id": f"q{n}", "text": " ".join(chance.choices(WORDS, k=4))} for n in range(num_queries)]
    rows = [f"q{n}\td{chance.randrange(num_documents)}\t{grade}" for n in range(num_queries) for grade in (2, 1, 1)]
    return write_beir(folder, corpus=corpus, queries=queries, qrels="query-id\tcorpus-id\tscore\n" + "\n".join(rows))


def made_up(folder, **sizes):
    return load_beir(write_made_up(folder, **sizes), "test")


def as_mteb(encoder, task, **more):
    meta = encoder_meta(encoder, "tests/bag", dim=encoder.dim, settings={"prompts": "report"})
    return MtebEncoder(encoder, {task.metadata.name: OWN}, meta, **more)
