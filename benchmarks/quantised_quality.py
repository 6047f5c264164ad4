"""What fewer bits cost in quality: the models of a preset in every number type, on real sets, as Markdown tables.

    python benchmarks/quantised_quality.py [--data shared/data] [--sets arcd:test,covid_faq:test.en,...]

The embedder searches each set alone, with all queries. The reranker orders the same candidates in every type: the first
that the float32 embedder finds for a sample of the queries. Two types are for comparison only: `fp32, table int8` is
float32 but for the token table, in 8 bits by row; `int4, exact inputs` multiplies float32 inputs with the weights of
int4. Needs `pip install "embedrank[eval]"`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from embedrank import Embedder, Reranker
from embedrank.core.types import FloatArray, joined_text
from embedrank.evaluation.beir import BeirSet, load_beir
from embedrank.evaluation.metrics import means, per_query
from embedrank.evaluation.subset import sample_queries, shared_prefix, with_prefix
from embedrank.model.decoder import Decoder
from embedrank.model.export.row_table import RowTable
from embedrank.model.export.source import Source
from embedrank.model.projection import PlainProjection
from embedrank.model.provenance import EMBEDDER, RERANKER
from embedrank.model.quantise.int4 import LOWEST, MOST_STEP, Int4Projection
from embedrank.model.quantise.token_rows import TokenQuantiser

TABLE, INPUTS = "fp32, table int8", "int4, exact inputs"
VARIANTS = ("fp32", TABLE, "bf16", "int8", "int4", INPUTS)
DEPTH = 100  # documents of a run: recall is read there


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What an embedder made of a set: its documents' vectors, and for each query the ids that it found, best first."""

    vectors: FloatArray
    run: dict[str, list[str]]


def own_corpus(dataset: BeirSet) -> BeirSet:
    """The part of the corpus that a split is meant for, as `embedrank eval` takes it."""
    return with_prefix(dataset, shared_prefix(dataset))


def texts_of(dataset: BeirSet) -> list[str]:
    """Documents as the package reads them: the title before the text."""
    return [joined_text(row.title, row.text) for row in dataset.documents]


def load_embedder(name: str, variant: str) -> Embedder:
    """The embedder in one of `VARIANTS`."""
    if variant not in CHANGES:
        return Embedder.load(name, device="cpu", dtype=variant)
    source = Source.open(name, kind=EMBEDDER)
    decoder = CHANGES[variant](source.decoder())
    return Embedder(decoder, source.tokenizer, prompts=source.prompts, max_length=source.max_length)


def load_reranker(name: str, variant: str) -> Reranker:
    """The reranker in one of `VARIANTS`."""
    if variant not in CHANGES:
        return Reranker.load(name, device="cpu", dtype=variant)
    source = Source.open(name, kind=RERANKER)
    decoder = CHANGES[variant](source.decoder())
    return Reranker(decoder, source.head(), source.tokenizer, max_length=source.max_length)


def with_row_table(decoder: Decoder) -> Decoder:
    """The decoder with its token table in 8 bits."""
    table = RowTable(decoder.embed_tokens.weight)
    table.register_buffer("weight", torch.empty(0))  # tells the decoder's device
    decoder.set_submodule("embed_tokens", table)
    return decoder


@torch.no_grad()
def with_int4_weights(decoder: Decoder) -> Decoder:
    """The decoder with the numbers of int4 in plain float32 products."""
    for module in decoder.modules():
        if isinstance(module, PlainProjection):
            factor = module.weight.abs().amax(1) / (-LOWEST * MOST_STEP)
            module.weight.copy_((Int4Projection(module.weight, TokenQuantiser()).unpacked() * factor).T)
    return decoder


CHANGES = {TABLE: with_row_table, INPUTS: with_int4_weights}


def search(embedder: Embedder, dataset: BeirSet) -> Searched:
    """All queries over the whole corpus, exactly."""
    vectors = embedder.encode_documents(texts_of(dataset))
    scores = embedder.encode_queries(list(dataset.queries.values())) @ vectors.T
    ids = [row.id for row in dataset.documents]
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    run = {query: [ids[place] for place in places] for query, places in zip(dataset.queries, best, strict=True)}
    return Searched(vectors=vectors, run=run)


def judge(
    reranker: Reranker, dataset: BeirSet, candidates: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[str]], FloatArray]:
    """Candidates of each query in the reranker's order, and all their scores in the order of the candidates."""
    texts = dict(zip((row.id for row in dataset.documents), texts_of(dataset), strict=True))
    run, scores = {}, []
    for query, names in candidates.items():
        found = reranker.score(dataset.queries[query], [texts[name] for name in names])
        run[query] = [names[place] for place in np.argsort(-found, kind="stable")]
        scores.append(found)
    return run, np.concatenate(scores)


def print_head(title: str, columns: Sequence[str]) -> None:
    """What stands above the rows of a Markdown table."""
    print(f"\n{title}\n\n| numbers | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}", flush=True)


def embedder_table(model: str, sets: Mapping[str, BeirSet]) -> dict[str, Searched]:
    """Measure and print the embedder; what it found in float32 comes back."""
    columns = [*(f"{name} nDCG@10 / recall@100" for name in sets), "smallest cosine", "mean cosine"]
    print_head(f"{model} embedder, {sum(len(dataset.documents) for dataset in sets.values())} documents", columns)
    exact: dict[str, Searched] = {}
    for variant in VARIANTS:
        embedder = load_embedder(model, variant)
        found = {name: search(embedder, dataset) for name, dataset in sets.items()}
        exact = exact or found
        quality = [means(per_query(dataset.qrels, found[name].run)) for name, dataset in sets.items()]
        cosines = np.concatenate([(found[name].vectors * exact[name].vectors).sum(1) for name in sets])
        cells = [f"{each['ndcg_at_10']:.4f} / {each['recall_at_100']:.4f}" for each in quality]
        print(f"| {variant} | {' | '.join(cells)} | {cosines.min():.4f} | {cosines.mean():.4f} |", flush=True)
    return exact


def reranker_table(model: str, sets: Mapping[str, BeirSet], runs: Mapping[str, Searched], depth: int) -> None:
    """Measure and print the reranker."""
    columns = [*(f"{name} nDCG@10" for name in sets), "largest difference of scores", "mean difference"]
    num_queries = sum(len(dataset.queries) for dataset in sets.values())
    print_head(f"{model} reranker, {num_queries} queries with {depth} candidates each", columns)
    exact: dict[str, tuple[dict[str, list[str]], FloatArray]] = {}
    for variant in VARIANTS:
        reranker = load_reranker(model, variant)
        found = {
            name: judge(reranker, dataset, {query: runs[name].run[query][:depth] for query in dataset.queries})
            for name, dataset in sets.items()
        }
        exact = exact or found
        quality = [means(per_query(dataset.qrels, found[name][0])) for name, dataset in sets.items()]
        apart = np.concatenate([np.abs(found[name][1] - exact[name][1]) for name in sets])
        cells = [f"{each['ndcg_at_10']:.4f}" for each in quality]
        print(f"| {variant} | {' | '.join(cells)} | {apart.max():.4f} | {apart.mean():.4f} |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument(
        "--sets", default="arcd:test,covid_faq:test.en,humaneval_mbpp:test.humaneval", help="FOLDER:SPLIT,..."
    )
    parser.add_argument("--model", default="nano", help="a preset, which has an embedder and a reranker")
    parser.add_argument("--queries", type=int, default=60, help="of each set, for the reranker")
    parser.add_argument("--depth", type=int, default=10, help="candidates of a query, for the reranker")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f"not run: no data at {arguments.data} (say --data)")
        return
    pairs = [each.split(":", 1) for each in arguments.sets.split(",")]
    sets = {folder: own_corpus(load_beir(arguments.data / folder, split)) for folder, split in pairs}
    runs = embedder_table(arguments.model, sets)
    sampled = {name: sample_queries(dataset, arguments.queries, seed=0) for name, dataset in sets.items()}
    reranker_table(arguments.model, sampled, runs, arguments.depth)


if __name__ == "__main__":
    main()
