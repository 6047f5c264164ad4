"""Loading models by sentence-transformers, whatever their class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embedrank.core.errors import CheckpointError
from embedrank.core.packages import require_packages
from embedrank.evaluation.rivals.model_files import model_files
from embedrank.evaluation.rivals.number_type import loading_options
from embedrank.evaluation.rivals.quiet_loading import quiet_loading


def load_model(kind: str, prefix: str, name: str, *, dtype: str | None, device: str | None) -> tuple[Any, Path]:
    """Load a model.

    Args:
        kind: Class of the library: `SentenceTransformer` or `CrossEncoder`.
        prefix: What stands before its name on the command line.
        name: A folder, or a hub id.
        dtype: `bf16`, `fp32` or `fp16`; None chooses as for our own models.
        device: Such as `cpu` or `cuda:1`; None takes the fastest.

    Returns:
        The model, and its folder.

    Raises:
        MissingPackageError: If sentence-transformers is not installed.
        ModelNotFoundError: If there is no such model.
        CheckpointError: If the library cannot load it.
    """
    require_packages(f"{prefix}:{name}", "sentence_transformers", extra="rivals")
    folder = model_files(name)
    options = loading_options(name, dtype=dtype, device=device)
    try:
        with quiet_loading():
            import sentence_transformers

            return getattr(sentence_transformers, kind)(str(folder), **options), folder
    except Exception as error:  # whatever the libraries and the model's own code raise
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(folder, f"sentence-transformers cannot load it: {said}") from error


def longest_read(model: Any) -> int | None:
    """Most tokens that a model reads, or None where it has no limit to speak of."""
    limit = model.max_seq_length
    return int(limit) if limit and limit < 1 << 31 else None
