"""What every test may use: quiet threads, no network, the shared data folder and the real Qwen3 vocabulary."""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Before torch is imported: spinning OpenMP threads starve each other on small machines, and a test that
# reaches for a hub has to fail at once. The opt-in official tests set HF_HUB_OFFLINE=0 themselves.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# mteb makes its folder when it is imported, in the user's home if it is not told another.
os.environ.setdefault("MTEB_CACHE", str(Path(tempfile.gettempdir()) / "embedrank-tests-mteb"))

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def built_kernels() -> None:
    """The CPU kernels, built before any test: a model that changes over to them between two calls changes its bits."""
    from embedrank.model.native.toolchain import assets_folder, build_name, find_compiler

    compiler = find_compiler()
    if compiler is not None and not (assets_folder() / build_name(compiler)).is_file():
        from embedrank.model.native.source import KERNELS

        KERNELS.wait()


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the working tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public data that is not part of the repository; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("EMBEDRANK_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set EMBEDRANK_SHARED_DATA to the folder that holds it)")
    return folder


@pytest.fixture(scope="session")
def bundled_models() -> Path:
    """Folder of the models that ship with the package."""
    folder = REPOSITORY / "embedrank" / "data" / "models"
    for name in ("nano-embedder", "nano-reranker"):
        assert (folder / name / "config.json").is_file(), f"{name} is not in {folder}"
    return folder


@pytest.fixture(scope="session")
def embedrank_command() -> list[str]:
    """The console script as pyproject.toml declares it, runnable without an installed entry point."""
    if not (REPOSITORY / "embedrank" / "cli" / "__init__.py").is_file():
        pytest.skip("embedrank.cli is not written yet")
    return [sys.executable, "-c", "import sys; from embedrank.cli import main; sys.exit(main())"]


@pytest.fixture(scope="session")
def build_qwen3_tokenizer(shared_data: Path) -> Callable[[bool], Any]:
    """Builder of the real Qwen3 tokenizer: True keeps the post-processor that appends the end token."""
    tokenizers = pytest.importorskip("tokenizers")
    path = shared_data / "qwen3-tokenizer" / "embedding-tokenizer.json.gz"
    if not path.is_file():
        pytest.skip(f"no Qwen3 tokenizer at {path}")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        content: dict[str, Any] = json.load(file)

    def build(appends_end_token: bool) -> Any:
        kept = content if appends_end_token else {**content, "post_processor": None}
        return tokenizers.Tokenizer.from_str(json.dumps(kept))

    return build


@pytest.fixture(scope="session")
def qwen3_embedding_tokenizer(build_qwen3_tokenizer: Callable[[bool], Any]) -> Any:
    """The embedders' tokenizer: appends `<|endoftext|>`."""
    return build_qwen3_tokenizer(True)


@pytest.fixture(scope="session")
def qwen3_tokenizer(build_qwen3_tokenizer: Callable[[bool], Any]) -> Any:
    """The rerankers' tokenizer: appends nothing."""
    return build_qwen3_tokenizer(False)
