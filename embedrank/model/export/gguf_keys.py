"""Names and numbers of GGUF that writing and reading share, where the `gguf` package has none."""

from __future__ import annotations

from typing import Final

CLASSIFIER: Final = "cls.output.weight"
PROMPT_KEY: Final = "embedrank.prompt."  # plus query or document: what a caller puts before texts; our own key
POOLINGS: Final = {"mean": 1, "cls": 2, "lasttoken": 3}  # llama.cpp's pooling types
RANK: Final = 4
