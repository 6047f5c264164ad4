"""Options that several commands share, spelled once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Model: TypeAlias = Annotated[str, typer.Option("--model", envvar="EMBEDRANK_MODEL", help="Preset, folder or hub id.")]
Reranker: TypeAlias = Annotated[
    str | None,
    typer.Option("--reranker", envvar="EMBEDRANK_RERANKER", help="Preset, folder or hub id. Default: the model's own."),
]
NoRerank: TypeAlias = Annotated[bool, typer.Option("--no-rerank", help="Leave the second stage out.")]
Index: TypeAlias = Annotated[
    str, typer.Option("--in", "--index", "-i", envvar="EMBEDRANK_INDEX", help="Folder of the index.")
]
Instruction: TypeAlias = Annotated[
    str | None, typer.Option("--instruction", help="The task in one English sentence. Default: the model's own.")
]
Dim: TypeAlias = Annotated[
    int | None, typer.Option("--dim", help="Leading vector dimensions to use, renormalised. Default: all.")
]
Dtype: TypeAlias = Annotated[
    str | None,
    typer.Option(
        envvar="EMBEDRANK_DTYPE", help="Numbers to compute in, such as bf16, fp32 or int8. Default: what is fast here."
    ),
]
Device: TypeAlias = Annotated[
    str | None,
    typer.Option(envvar="EMBEDRANK_DEVICE", help="Where to compute, such as cpu or cuda:1. Default: the fastest."),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
JsonLinesIn: TypeAlias = Annotated[bool, typer.Option("--jsonl", help="Stdin holds JSON objects with a field text.")]
Recall: TypeAlias = Annotated[int, typer.Option("--recall", help="Candidates taken from each recall list.")]
Mode: TypeAlias = Annotated[str, typer.Option("--mode", help="Recall by fused (both), dense or lexical.")]
Fusion: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--fusion",
        help="How lists are fused: rrf (by rank), minmax or zscore (by score). Default: the embedder's advice.",
    ),
]
DenseWeight: TypeAlias = Annotated[float | None, typer.Option("--dense-weight", help="Weight of dense in the fusion.")]
LexicalWeight: TypeAlias = Annotated[
    float | None, typer.Option("--lexical-weight", help="Weight of BM25 in the fusion.")
]
RerankDepth: TypeAlias = Annotated[
    int, typer.Option("--rerank-depth", help="Candidates that the reranker reads for each query.")
]
Blend: TypeAlias = Annotated[
    str | None, typer.Option("--blend", help="How reranker and recall are mixed: logit, probability or rank.")
]
