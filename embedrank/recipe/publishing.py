"""The finished models, copied to where people look for them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import StorageError
from embedrank.recipe.workspace import Placed, Workspace
from embedrank.training.stages.replacing import replace_folder

_FROM: Final = "published-from"
FOLDERS: Final = {"embedder": "model", "reranker": "reranker"}


def publish(workspace: Workspace, placed: Mapping[str, Placed]) -> dict[str, Path]:
    """Copy the recipe's models; those that are there already are left.

    Args:
        workspace: The recipe in its folder.
        placed: Its finished steps.

    Returns:
        `embedder` and `reranker`, as far as the recipe makes them, to their folders.

    Raises:
        StorageError: If they cannot be written.
    """
    found = {}
    for role, name in FOLDERS.items():
        asked = getattr(workspace.recipe.result, role)
        if asked is None:
            continue
        source, target = workspace.result(asked, placed), workspace.folder / name
        mark = workspace.folder / f"{name}.{_FROM}"
        try:
            if not target.is_dir() or not mark.is_file() or mark.read_text(encoding="utf-8") != str(source):
                replace_folder(target, partial(shutil.copytree, source))
                replace_durably(mark, str(source))
        except OSError as error:
            raise StorageError(target, f"cannot be written: {error.strerror or error}") from error
        found[role] = target
    return found
