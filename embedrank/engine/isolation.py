"""One poisoned text fails alone: a batch that fails for what is in it is halved until the culprit stands by itself."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from embedrank.core.errors import ComputeError, EmbedrankError, NumericalError

T = TypeVar("T")


def outcomes_of(
    entries: Sequence[T],
    run: Callable[[Sequence[T]], Sequence[Any]],
    *,
    model: str,
    on_split: Callable[[], None] = lambda: None,
) -> list[Any]:
    """Run a batch and account for every entry of it.

    Args:
        entries: At least one.
        run: Gives a value for each entry, or raises.
        model: Name in errors.
        on_split: Told each time that a batch is halved.

    Returns:
        For each entry its value, or the exception that stands in its place.

    Raises:
        Exception: If the device is broken, so that trying again is no use.
    """
    try:
        values = list(run(entries))
        assert len(values) == len(entries), f"{len(values)} values for {len(entries)} entries"
        return values
    except Exception as error:
        if breaks_device(error):
            raise
        failure = error
    if len(entries) > 1 and lies_in_content(failure):
        failure.__traceback__ = None  # its frames hold the memory that the next try needs
        _free_memory(failure)
        on_split()
        middle = len(entries) // 2
        halves = (entries[:middle], entries[middle:])
        return [value for half in halves for value in outcomes_of(half, run, model=model, on_split=on_split)]
    return [told(failure, model)] * len(entries)


def lies_in_content(error: Exception) -> bool:
    """Whether fewer or other texts might have gone well: too much for the memory, or an input that is refused."""
    return is_out_of_memory(error) or isinstance(error, (ValueError, NumericalError))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on a device or on the host."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def breaks_device(error: BaseException) -> bool:
    """Whether the device can compute nothing more in this process, as after a fault inside a CUDA kernel."""
    if is_out_of_memory(error):
        return False
    return type(error).__name__ == "AcceleratorError" or (
        isinstance(error, RuntimeError) and "CUDA error" in str(error)
    )


def told(failure: Exception, model: str) -> EmbedrankError:
    """A failure as its callers get it: an error of the house as it is, any other as a `ComputeError` with its cause."""
    if isinstance(failure, EmbedrankError):
        return failure
    first_line = (str(failure).splitlines() or [""])[0]
    wrapped = ComputeError(model, f"{type(failure).__name__}: {first_line}" if first_line else type(failure).__name__)
    wrapped.__cause__ = failure
    return wrapped


def _free_memory(failure: Exception) -> None:
    torch = sys.modules.get("torch")
    if is_out_of_memory(failure) and torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()
