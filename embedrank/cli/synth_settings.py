"""What `embedrank synth` is asked for: a YAML file, passages named beside it, and options, which win."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import InvalidInputError

_YAML: Final = (".yaml", ".yml")
_FROM_ENVIRONMENT: Final = {"base_url": "OPENAI_BASE_URL", "model": "OPENAI_MODEL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the words of the command line come to.

    Attributes:
        settings: As a YAML file holds them, with everything that was said beside it.
        file: The YAML file, if one was named.
        documents: Files and folders whose documents become passages.
        is_changed: Whether the settings are other than those of the file.
    """

    settings: dict[str, Any]
    file: Path | None
    documents: tuple[Path, ...]
    is_changed: bool


def asked_for(inputs: Sequence[Path], options: Mapping[str, Any], *, set_: Mapping[str, Any]) -> Asked:
    """Put file, passages and options together.

    Args:
        inputs: At most one YAML file; corpora; files and folders of documents.
        options: `generator`, `model`, `base_url`, `limit`; None where one was not given.
        set_: Settings by dotted name.

    Returns:
        All of it.

    Raises:
        InvalidInputError: If a file is missing, or there is nothing to read.
        ConfigError: If settings do not go together.
    """
    from embedrank.core.settings import put_in, read_yaml
    from embedrank.synthesis.passage_source import is_corpus

    files = [path for path in inputs if path.suffix.lower() in _YAML]
    passages = [path for path in inputs if path not in files]
    if len(files) > 1:
        raise InvalidInputError(str(files[1]), "is a second YAML file", hint="one holds the settings of a run")
    for path in passages:
        if not path.exists():
            raise InvalidInputError(str(path), "there is no such file or folder")
    settings = read_yaml(files[0]) if files else {}
    as_written = deepcopy(settings)
    corpora = [path for path in passages if is_corpus(path)]
    if corpora:
        put_in(settings, "passages.corpus", [str(path) for path in corpora])
    for name, value in set_.items():
        put_in(settings, name, value)
    if options["limit"] is not None:
        settings["limit"] = options["limit"]
    _choose_generator(settings, options)
    documents = tuple(path for path in passages if path not in corpora)
    is_changed = bool(documents) or settings != as_written
    if not documents and not _corpus_in(settings):
        raise InvalidInputError("passages", "none are named", hint="name files or folders, or say passages.corpus")
    return Asked(
        settings=settings,
        file=files[0] if files else None,
        documents=documents,
        is_changed=is_changed,
    )


def _choose_generator(settings: dict[str, Any], options: Mapping[str, Any]) -> None:
    """Naming a model or an endpoint chooses `openai` where nothing else was chosen."""
    told = {name: options[name] for name in ("model", "base_url") if options[name] is not None}
    stated = settings.get("generator")
    before: dict[str, Any] = dict(stated) if isinstance(stated, Mapping) else {}
    kind = options["generator"] or before.get("kind") or ("openai" if told else None)
    if kind is None:
        return
    if kind != before.get("kind"):
        before = {}  # settings of another generator mean nothing to this one
    chosen = {**before, "kind": kind, **told}
    if kind == "openai":
        for name, variable in _FROM_ENVIRONMENT.items():
            if name not in chosen and os.environ.get(variable):
                chosen[name] = os.environ[variable]
    settings["generator"] = chosen


def _corpus_in(settings: Mapping[str, Any]) -> bool:
    passages = settings.get("passages")
    if not isinstance(passages, dict):
        return False
    if isinstance(passages.get("corpus"), str):
        passages["corpus"] = [passages["corpus"]]
    return bool(passages.get("corpus"))
