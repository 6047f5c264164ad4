"""Whether a model computes by the kernels: as soon as they are built, after waiting for them, or never."""

from __future__ import annotations

from typing import Final

from torch import nn

from embedrank.core.errors import InvalidInputError
from embedrank.model.native.norm import use_native_norms
from embedrank.model.native.source import KERNELS

AUTO: Final = "auto"
WAIT: Final = "wait"
OFF: Final = "off"
CHOICES: Final = (AUTO, WAIT, OFF)


def check_native(name: str) -> None:
    """Refuse an unknown choice.

    Args:
        name: One of `CHOICES`.

    Raises:
        InvalidInputError: If it is none of them.
    """
    if name not in CHOICES:
        raise InvalidInputError("native", f"{name!r} is not one of {', '.join(CHOICES)}")


def steady(name: str) -> str:
    """The choice under which nothing changes while a model is in use.

    Args:
        name: One of `CHOICES`.

    Returns:
        `wait` for `auto`, whose results change by rounding once the kernels are there; else the same.
    """
    return WAIT if name == AUTO else name


def use_native(decoder: nn.Module, name: str) -> None:
    """Let a decoder compute by the kernels; its attention is chosen elsewhere (`choose_attention`).

    Args:
        decoder: The model, on CPU.
        name: `auto` begins to build them where they are missing, `wait` waits for them, `off` leaves them out.
    """
    if name == OFF:
        return
    KERNELS.start()
    if name == WAIT:
        KERNELS.wait()
    use_native_norms(decoder)
