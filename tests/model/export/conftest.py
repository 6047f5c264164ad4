"""Pico models for every kind, and exports of them that are made once and shared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.export.config import ExportConfig
from embedrank.model.export.exporting import Report, export_model
from embedrank.model.export.formats import FORMATS
from embedrank.model.prompting import PromptPolicy
from tests.model.conftest import pico_decoder, pico_tokenizer

BLOCKS = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 1}
LAYERS = 2  # tracing and converting take a second or two a layer
Exporter = Callable[..., Report]


@pytest.fixture(scope="session")
def embedder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the fixture above this folder, with fewer layers."""
    folder = tmp_path_factory.mktemp("models") / "embedder"
    decoder, prompts = pico_decoder(num_hidden_layers=LAYERS), PromptPolicy()
    save_embedder(folder, decoder, pico_tokenizer(), prompts=prompts, max_length=512, dtype=torch.float32)
    return folder


@pytest.fixture(scope="session")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the fixture above this folder, with fewer layers."""
    folder = tmp_path_factory.mktemp("models") / "reranker"
    save_reranker(folder, pico_decoder(num_hidden_layers=LAYERS), pico_tokenizer(), dtype=torch.float32)
    return folder


@pytest.fixture(scope="session")
def blocks_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedder whose rows are multiples of GGML's block of 32."""
    folder = tmp_path_factory.mktemp("models") / "blocks"
    decoder, prompts = pico_decoder(**BLOCKS), PromptPolicy(document_prefix="passage: ")
    save_embedder(folder, decoder, pico_tokenizer(), prompts=prompts, max_length=512, dtype=torch.float32)
    return folder


@pytest.fixture(scope="session")
def exported(
    tmp_path_factory: pytest.TempPathFactory, embedder_folder: Path, reranker_folder: Path, blocks_folder: Path
) -> Exporter:
    """Exports a pico model, each combination once a session."""
    sources = {"embedder": embedder_folder, "reranker": reranker_folder, "blocks": blocks_folder}
    root, made = tmp_path_factory.mktemp("exported"), {}

    def export(source: str, format: str, dtype: str | None = None) -> Report:
        if (source, format, dtype) not in made:
            target = root / f"{source}-{format}-{dtype}{FORMATS[format].suffix}"
            config = ExportConfig(format=format, dtype=dtype)
            made[source, format, dtype] = export_model(str(sources[source]), target, config)
        return made[source, format, dtype]

    return export
