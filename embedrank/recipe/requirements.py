"""Distributions that a script needs, looked for before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from embedrank.core.errors import InvalidInputError


def require_distributions(needs: Sequence[str]) -> None:
    """Refuse what is not installed.

    Args:
        needs: As pip takes them, such as `bm25s>=0.2`.

    Raises:
        InvalidInputError: If one is malformed, missing, or there in another version.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    for text in needs:
        try:
            need = Requirement(str(text))
        except InvalidRequirement as error:
            raise InvalidInputError(f"needs {text!r}", f"is no requirement: {error}") from error
        try:
            found = version(need.name)
        except PackageNotFoundError as error:
            raise InvalidInputError(f"needs {text}", "it is not installed", hint=f"pip install '{text}'") from error
        if not need.specifier.contains(found, prereleases=True):
            raise InvalidInputError(f"needs {text}", f"{found} is installed", hint=f"pip install '{text}'")
