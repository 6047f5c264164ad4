"""The files beside the weights that make a folder a model: configuration, tokenizer, sentence-transformers' modules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from embedrank.core.errors import CheckpointError

_MODULES = "modules.json"
# A list, not "all but weights": folders of runs hold optimiser states, hub folders other formats and a model card.
_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    _MODULES,
)
_LICENCES = ("LICENSE*", "NOTICE*")
_WEIGHTS = ("*.safetensors", "*.bin")


def copy_surroundings(source: Path, target: Path) -> None:
    """Copy what belongs to the model; the model card is left out, because it speaks of other weights.

    Args:
        source: A model folder.
        target: A folder that is there.

    Raises:
        CheckpointError: If a sentence-transformers module has weights of its own, which are not merged.
    """
    files = [source / name for name in _FILES]
    files += [file for pattern in _LICENCES for file in sorted(source.glob(pattern))]
    for file in files:
        if file.is_file():
            shutil.copyfile(file, target / file.name)
    for module in _module_folders(source):
        if weights := [file.name for pattern in _WEIGHTS for file in (source / module).glob(pattern)]:
            raise CheckpointError(source / module, f"holds {weights[0]}", hint="modules with weights are not merged")
        shutil.copytree(source / module, target / module)


def _module_folders(source: Path) -> list[str]:
    path = source / _MODULES
    if not path.is_file():
        return []
    try:
        folders = [str(module.get("path", "")) for module in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, AttributeError, TypeError) as error:
        raise CheckpointError(path, f"cannot be read: {error}") from error
    inside = [folder for folder in folders if folder not in ("", "..") and folder == Path(folder).name]
    return [folder for folder in inside if (source / folder).is_dir()]
