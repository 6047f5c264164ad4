"""Settings as words of the command line: `--set name=value`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from embedrank.core.errors import InvalidInputError


def settings_in(words: Sequence[str]) -> dict[str, Any]:
    """Read `name=value` words.

    Args:
        words: Names with dots between their parts; values are read as YAML.

    Returns:
        Value by name.

    Raises:
        InvalidInputError: If a word is not of that form.
    """
    import yaml

    found: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise InvalidInputError("--set", f"{word!r} is not name=value")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InvalidInputError("--set", f"{word!r} holds no value: {str(error).splitlines()[0]}") from error
    return found
