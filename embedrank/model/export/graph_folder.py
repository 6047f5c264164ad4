"""What the folders of traced graphs share: the traced program, the tokenizer beside it, and running it on the probe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embedrank.core.types import FloatArray
from embedrank.model.decoder import Decoder
from embedrank.model.export.folder import write_tokenizer
from embedrank.model.export.graph import EmbedderGraph, RerankerGraph
from embedrank.model.export.padding import Run, run_in_layouts
from embedrank.model.export.probe import Probe, probabilities
from embedrank.model.export.record import read_record
from embedrank.model.export.source import Source
from embedrank.model.provenance import EMBEDDER
from embedrank.model.tokenizer import TextTokenizer

OUTPUTS = {EMBEDDER: EmbedderGraph.output, "reranker": RerankerGraph.output}
Graph = EmbedderGraph | RerankerGraph


def graph_of(source: Source, decoder: Decoder) -> Graph:
    """The plain forward of a model, with pooling or head inside.

    Args:
        source: The model.
        decoder: Its weights in memory.

    Returns:
        The graph, in evaluation mode.
    """
    if source.kind == EMBEDDER:
        return EmbedderGraph(decoder, source.pooling).eval()
    return RerankerGraph(decoder, source.head()).eval()


def traced(graph: Graph) -> torch.export.ExportedProgram:
    """Trace a graph with free batch and sequence axes."""
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
    ids_BL = torch.tensor([[0, 0, 1], [1, 0, 1]])
    mask_BL = torch.tensor([[0, 1, 1], [1, 1, 1]])
    with torch.no_grad():
        return torch.export.export(graph, (ids_BL, mask_BL), dynamic_shapes=(axes, axes))


def write_surroundings(source: Source, target: Path) -> None:
    """The tokenizer, which appends the end token for embedders and nothing for rerankers."""
    write_tokenizer(target, source.tokenizer, post_processor=source.kind == EMBEDDER)


def run_probe(run: Run, target: Path, kind: str, probe: Probe) -> Mapping[str, FloatArray]:
    """Answers to the probe, texts spelled and tokenised as the files beside the graph say.

    Args:
        run: The graph in its runtime.
        target: The exported folder.
        kind: `embedder` or `reranker`.
        probe: The texts.

    Returns:
        Layout to answers.
    """
    tokenizer, record = TextTokenizer.load(target), read_record(target)
    limit = int(record["max_length"])
    if kind == EMBEDDER:
        sides = [record["prompts"][side] + text for side in ("document", "query") for text in probe.texts]
        ids = [tokens for tokens, _ in tokenizer.encode_ended(sides, max_length=limit)]
        return run_in_layouts(run, ids, pad_id=tokenizer.end_id)
    ways: dict[str, Any] = {}
    for way, logits in run_in_layouts(run, probe.prompt_ids(tokenizer, limit), pad_id=tokenizer.end_id).items():
        ways[way] = probabilities(np.asarray(logits))
    return ways
