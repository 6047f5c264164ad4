"""What tells that a resumed run has the data and the settings that it began with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from embedrank.training.source_stream import Rows

_PROBED_ROWS: Final = 64


def fingerprint(rows: Rows) -> list[Any]:
    """Number of rows, and a hash of all of them, or of some where they are a list.

    Args:
        rows: At least one row.

    Returns:
        Plain values.
    """
    digest = getattr(rows, "digest", None)
    if digest is None:
        step = max(1, len(rows) // _PROBED_ROWS)
        probed = [asdict(rows[index]) for index in range(0, len(rows), step)]
        digest = hashlib.blake2b(json.dumps(probed).encode(), digest_size=16).hexdigest()
    return [len(rows), digest]


def plain(config: Any) -> dict[str, Any]:
    """A configuration as JSON knows it, so that it is equal to itself after saving and loading."""
    values: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return values


def differences(stored: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """What two runs do not have in common.

    Args:
        stored: Settings and data of the run that was saved, two levels of names.
        given: The same of the one that is to go on.

    Returns:
        One phrase for each difference, by name.
    """
    found = []
    for part in sorted({*stored, *given}):
        before, now = stored.get(part, {}), given.get(part, {})
        found += [
            f"{part}.{name} was {before.get(name, 'absent')!r}, is {now.get(name, 'absent')!r}"
            for name in sorted({*before, *now})
            if before.get(name, "absent") != now.get(name, "absent")
        ]
    return found
