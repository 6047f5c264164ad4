"""Where a model behind an endpoint is: `MODEL@BASE_URL#option=value&...`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from embedrank.core.errors import InvalidInputError

_SHAPE: Final = "is not MODEL@URL"
_EXAMPLE: Final = "such as bge-m3@http://localhost:8000/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A model behind an endpoint.

    Attributes:
        model: Its name there.
        url: Base URL, without a slash at the end.
        options: What stands behind `#`, which is never sent as part of the URL.
    """

    model: str
    url: str
    options: Mapping[str, str]

    @classmethod
    def parse(cls, text: str, *, known: Sequence[str]) -> Place:
        """Read a place.

        Args:
            text: `MODEL@BASE_URL`, or with `#option=value&option=value`.
            known: Names of options.

        Returns:
            The place.

        Raises:
            InvalidInputError: If it has another shape, holds a password, or an option is unknown.
        """
        parts = [text.partition(f"@{scheme}://") for scheme in ("http", "https")]
        model, at, _ = min((part for part in parts if part[1]), key=lambda part: len(part[0]), default=("", "", ""))
        split = urlsplit(text[len(model) + 1 :]) if at else urlsplit("")
        if not model or not split.hostname:
            raise InvalidInputError(text, _SHAPE, hint=_EXAMPLE)
        if "@" in split.netloc:
            raise InvalidInputError(f"{model}@{split.hostname}", "the URL holds a password", hint="use key_env=NAME")
        options = dict(parse_qsl(split.fragment, keep_blank_values=True))
        for name in options:
            if name not in known:
                raise InvalidInputError(text, f"unknown option {name!r}", hint=f"there are {', '.join(known)}")
        url = urlunsplit(split._replace(fragment="", path=split.path.rstrip("/")))
        return cls(model=model, url=url, options=options)

    def __str__(self) -> str:
        return f"{self.model}@{self.url}"

    def whole(self, option: str, default: int | None) -> int | None:
        """The value of an option that is a whole number from 1.

        Args:
            option: Its name.
            default: Taken where it is not given.

        Returns:
            The number.

        Raises:
            InvalidInputError: If it is none.
        """
        value = self.options.get(option)
        if value is None:
            return default
        if not value.isdecimal() or int(value) < 1:
            raise InvalidInputError(f"{self} {option}", f"{value!r} is not a whole number from 1")
        return int(value)

    def choice(self, option: str, values: Sequence[str]) -> str:
        """The value of an option that is one of a few words.

        Args:
            option: Its name.
            values: The words; the first is taken where it is not given.

        Returns:
            The word.

        Raises:
            InvalidInputError: If it is another.
        """
        value = self.options.get(option, values[0])
        if value not in values:
            raise InvalidInputError(f"{self} {option}", f"{value!r} is not one of {', '.join(values)}")
        return value
