"""The kinds of training rows; a batch holds rows of one kind."""

from __future__ import annotations

from typing import Final

TASKS: Final = ("retrieval", "sts", "classification", "bitext", "clustering", "code")
