"""What `embedrank serve` is set to: a YAML file, the environment over it, options over both; all in one schema."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from embedrank.cli.set_words import settings_in
from embedrank.cli.wiring import DEFAULT_MODEL, native_choice, partner_of
from embedrank.core.errors import InvalidInputError
from embedrank.core.settings import build, put_in, read_yaml
from embedrank.serving.settings import ServeSettings

PREFIX: Final = "EMBEDRANK_SERVE_"
"""`EMBEDRANK_SERVE_LIMITS__MAX_ITEMS=100` sets `limits.max_items`."""
KEYS_VARIABLE: Final = "EMBEDRANK_API_KEYS"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def serve_settings(
    *,
    config: Path | None,
    embedders: Sequence[str],
    rerankers: Sequence[str],
    no_rerank: bool,
    key_file: Path | None,
    options: Mapping[str, Any],
    model_options: Mapping[str, Any],
    set_: Sequence[str],
) -> ServeSettings:
    """Put file, environment and options together.

    Args:
        config: YAML file; None for none.
        embedders: `SOURCE` or `NAME=SOURCE` words; they replace those of the file.
        rerankers: Likewise.
        no_rerank: Whether the embedder's own reranker is left out.
        key_file: File of API keys; None for none.
        options: Settings by dotted name; None where one was not given.
        model_options: Settings of every model that does not say its own; None where one was not given.
        set_: `name=value` words.

    Returns:
        The checked settings.

    Raises:
        InvalidInputError: If a file cannot be read or a word is malformed.
        ConfigError: If a setting is unknown or out of range.
    """
    settings = read_yaml(config) if config is not None else {}
    for name, value in {**_from_environment(), **settings_in(set_)}.items():
        put_in(settings, name, value)
    for name, value in options.items():
        if value is not None:
            put_in(settings, name, value)
    for kind, words in (("embedders", embedders), ("rerankers", rerankers)):
        if words:
            settings[kind] = dict(map(_named, words))
    _choose_models(settings, no_rerank=no_rerank)
    _fill_models(settings, {"native": native_choice(), **model_options})
    keys = {**_keys_in_environment(), **(_keys_in(key_file) if key_file is not None else {})}
    for name, key in keys.items():
        settings.setdefault("access", {}).setdefault("keys", {})[name] = key
    _guard_loopback(settings)
    return build(ServeSettings, settings)


def is_loopback(host: str) -> bool:
    """Whether only this machine can call an address."""
    return host in _LOOPBACK or host.startswith("127.")


def _named(word: str) -> tuple[str, dict[str, Any]]:
    """Name and settings of a model; a folder's name is its last part, for paths are nobody else's business."""
    name, sign, source = word.partition("=")
    if not sign:
        name, source = (Path(word).resolve().name if Path(word).is_dir() else word), word
    if not name or not source:
        raise InvalidInputError("model", f"{word!r} is neither SOURCE nor NAME=SOURCE")
    return name, {"source": source}


def _choose_models(settings: dict[str, Any], *, no_rerank: bool) -> None:
    """What is served where nothing was named: the index's own model, else the bundled ones."""
    if not settings.get("embedders") and (settings.get("index") or not settings.get("rerankers")):
        name = DEFAULT_MODEL
        if settings.get("index"):
            from embedrank.search.opening import built_with, exists, local_folder

            folder = local_folder(settings["index"])
            name = built_with(folder) if exists(folder) else DEFAULT_MODEL  # a new index can be filled from the page
        settings["embedders"] = dict([_named(name)])
    if no_rerank:
        settings["rerankers"] = {}
    elif not settings.get("rerankers"):
        partners = [partner_of(model.get("source") or name) for name, model in _models(settings, "embedders")]
        settings["rerankers"] = {partner: {} for partner in partners if partner}


def _fill_models(settings: dict[str, Any], options: Mapping[str, Any]) -> None:
    for kind in ("embedders", "rerankers"):
        for _, model in _models(settings, kind):
            for name, value in options.items():
                if value is not None:
                    model.setdefault(name, value)


def _models(settings: dict[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Models of a kind; one that stands in YAML with nothing behind its name has no settings of its own."""
    models = settings.get(kind) or {}
    if not isinstance(models, dict):
        raise InvalidInputError(kind, "must be a mapping of names to settings")
    settings[kind] = models = {name: {} if model is None else model for name, model in models.items()}
    return [(name, model) for name, model in models.items() if isinstance(model, dict)]


def _from_environment() -> dict[str, Any]:
    words = [
        f"{name.removeprefix(PREFIX).lower().replace('__', '.')}={value}"
        for name, value in sorted(os.environ.items())
        if name.startswith(PREFIX)
    ]
    return settings_in(words)


def _keys_in_environment() -> dict[str, Any]:
    words = [word for word in os.environ.get(KEYS_VARIABLE, "").split(",") if word.strip()]
    return _keys(words)


def _keys_in(path: Path) -> dict[str, Any]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(str(path), f"cannot be read: {error}") from error
    keys = _keys([line for line in lines if line.strip() and not line.lstrip().startswith("#")])
    if not keys:
        raise InvalidInputError(str(path), "holds no key", hint="one a line: KEY or NAME=KEY")
    return keys


def _keys(words: Sequence[str]) -> dict[str, Any]:
    """`KEY` or `NAME=KEY` words; quotas are told in YAML, under `access.keys`."""
    keys: dict[str, Any] = {}
    for place, word in enumerate(words, start=1):
        name, sign, key = word.strip().partition("=")
        keys[name if sign else f"key {place}"] = {"key": key if sign else name}
    return keys


def _guard_loopback(settings: dict[str, Any]) -> None:
    """A server for this machine answers to this machine's names only, so that no web page can make itself one."""
    access = settings.setdefault("access", {})
    if isinstance(access, dict) and is_loopback(str(settings.get("host", _LOOPBACK[1]))):
        access.setdefault("allowed_hosts", [*_LOOPBACK, str(settings.get("host", _LOOPBACK[1]))])
