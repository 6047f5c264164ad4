"""From what a user types to a folder: a preset, a local folder, or a hub id that is downloaded once."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from embedrank.core.errors import CheckpointError, ModelNotFoundError
from embedrank.model.presets import presets

_BUNDLED = "bundled:"
_PATTERNS = ("*.json", "*.safetensors", "1_Pooling/*", "*.txt")


def resolve(name: str, *, kind: str, revision: str | None = None) -> Path:
    """Find or fetch a model folder.

    Args:
        name: Preset, folder or hub id.
        kind: `embedder` or `reranker`; which half of a preset is meant.
        revision: Branch, tag or commit on the hub.

    Returns:
        A local folder.

    Raises:
        ModelNotFoundError: If it is none of the three, or the hub cannot be reached and has nothing cached.
    """
    preset = presets().get(name)
    target: str = getattr(preset, kind) if preset else name
    if target.startswith(_BUNDLED):
        return _bundled(name, target.removeprefix(_BUNDLED))
    folder = Path(target).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_file():
        raise CheckpointError(folder, "is a file", hint="give the folder that holds config.json")
    if target.count("/") == 1 and not target.startswith((".", "/", "~")):
        return _download(name, target, revision)
    raise ModelNotFoundError(name, "no such preset or folder", hint=f"presets: {', '.join(presets())}")


def _bundled(name: str, folder: str) -> Path:
    path = Path(str(resources.files("embedrank"))) / "data" / "models" / folder
    if not path.is_dir():
        raise ModelNotFoundError(name, "this installation lacks the bundled weights", hint="install the package again")
    return path


def _download(name: str, repository: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=list(_PATTERNS)))
    except Exception as error:  # the hub raises a family of its own, network errors and plain OSErrors
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelNotFoundError(
            name, f"not a folder, and not to be had from the hub: {first_line}", hint="check the name and the network"
        ) from error
