"""All kinds of steps by the name that recipes choose them by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from embedrank.recipe.kinds.card import CARD
from embedrank.recipe.kinds.evaluate import EVAL
from embedrank.recipe.kinds.filter import FILTER
from embedrank.recipe.kinds.kind import StepKind
from embedrank.recipe.kinds.merge import MERGE
from embedrank.recipe.kinds.mine import MINE
from embedrank.recipe.kinds.script import SCRIPT
from embedrank.recipe.kinds.synth import SYNTH
from embedrank.recipe.kinds.train import TRAIN

KINDS: Final[Mapping[str, StepKind]] = {
    "script": SCRIPT,
    "synth": SYNTH,
    "train": TRAIN,
    "filter": FILTER,
    "mine": MINE,
    "merge": MERGE,
    "eval": EVAL,
    "card": CARD,
}
