"""What checkpoints must have in common to be merged, and what is only told."""

from __future__ import annotations

from collections.abc import Sequence

from embedrank.core.errors import CheckpointError
from embedrank.model.config import DecoderConfig
from embedrank.model.head import LM_HEAD
from embedrank.model.pooling import read_pooling
from embedrank.model.prompting import PromptPolicy
from embedrank.model.provenance import max_length_of, model_kind
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import Weights

_SHOWN = 3


def merged_names(first: Weights, every: Sequence[Weights]) -> tuple[str, ...]:
    """Names of the tensors that are merged; all checkpoints must have the same ones in the same shapes.

    A head that nothing reads is left out: embedders need none, and tied models read it from the token table.

    Args:
        first: The first parent.
        every: All others, with the base.

    Returns:
        The names, in the order of the first parent's files.

    Raises:
        CheckpointError: If a tensor is missing somewhere or has another shape.
    """
    shape = DecoderConfig.from_json(first.folder / "config.json")
    spare = {LM_HEAD} if model_kind(first.folder) == "embedder" or shape.tie_word_embeddings else set()
    names = [name for name in first.names if name not in spare]
    for other in every:
        theirs = [name for name in other.names if name not in spare]
        _require_names(first, other, sorted(set(theirs) - set(names)))
        _require_names(other, first, [name for name in names if name not in other])
        for name in names:
            if first.shape(name) != other.shape(name):
                shapes = f"{list(other.shape(name))}, and {list(first.shape(name))} in {first.folder}"
                raise CheckpointError(other.folder, f"{name} has shape {shapes}")
    return tuple(names)


def require_same_reading(first: Weights, other: Weights) -> None:
    """Refuse parents that would read the same text differently; weights trained for one reading do not fit the other.

    Args:
        first: The first parent.
        other: Another one.

    Raises:
        CheckpointError: If kind, decoder, tokenizer or pooling differ.
    """
    ours, theirs = (DecoderConfig.from_json(each.folder / "config.json").to_mapping() for each in (first, other))
    if unlike := [f"{field} {value}" for field, value in theirs.items() if value != ours[field]]:
        raise CheckpointError(other.folder, f"has {', '.join(unlike)}, unlike {first.folder}")
    kinds = [model_kind(each.folder) for each in (first, other)]
    if None not in kinds and kinds[0] != kinds[1]:
        raise CheckpointError(other.folder, f"is no {kinds[0]}, unlike {first.folder}")
    if not _same_tokenizer(first, other):
        raise CheckpointError(other.folder, f"has another tokenizer than {first.folder}")
    poolings = [read_pooling(each.folder) for each in (first, other)]
    if poolings[0] != poolings[1]:
        raise CheckpointError(other.folder, f"pools by {poolings[1]}, and {first.folder} by {poolings[0]}")


def differences(first: Weights, other: Weights) -> list[str]:
    """What may differ between parents; the result has it from the first.

    Args:
        first: The first parent.
        other: Another one.

    Returns:
        A line for each difference.
    """
    ours, theirs = _told(first), _told(other)
    return [
        f"{other.folder} has another {what}; that of {first.folder} is kept"
        for what, value in theirs.items()
        if value != ours[what]
    ]


def _told(weights: Weights) -> dict[str, object]:
    config = DecoderConfig.from_json(weights.folder / "config.json")
    return {
        "prompts": PromptPolicy.load(weights.folder),
        "number of tokens read": max_length_of(weights.folder, config.max_position_embeddings),
        "number type": weights.stored_dtype,
    }


def _require_names(folder: Weights, other: Weights, missing: Sequence[str]) -> None:
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise CheckpointError(folder.folder, f"lacks {', '.join(missing[:_SHOWN])}{more}, unlike {other.folder}")


def _same_tokenizer(first: Weights, other: Weights) -> bool:
    """Whether texts become the same tokens; the post-processor does not count, the end token is appended without it."""
    files = [each.folder / "tokenizer.json" for each in (first, other)]
    if all(file.is_file() for file in files) and files[0].read_bytes() == files[1].read_bytes():
        return True
    ours, theirs = (TextTokenizer.load(each.folder).files(post_processor=False) for each in (first, other))
    return ours == theirs
