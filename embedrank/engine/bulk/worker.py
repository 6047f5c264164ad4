"""The inside of a worker process: a model, and a pipe on which lists of texts come and their vectors go."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from embedrank.core.errors import EmbedrankError
from embedrank.engine.bulk.encoder import Load, ModelFacts, compute

if TYPE_CHECKING:
    from embedrank.engine.bulk.config import BulkConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a worker cannot go on: one line for the user, or the traceback of a bug."""

    message: str
    is_bug: bool

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """What is told of an error. Errors themselves do not travel: their facts are arguments they ask for."""
        if isinstance(error, EmbedrankError):
            return cls(message=str(error), is_bug=False)
        return cls(message="".join(traceback.format_exception(error)), is_bug=True)


def work(pipe: Connection, load: Load, config: BulkConfig) -> None:
    """Answer with facts of the model, then each list of texts with its vectors, until the pipe is closed.

    Args:
        pipe: This process's end.
        load: Gives the model.
        config: Side, instruction and dim.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which closes the pipe
    try:
        try:
            encoder = load()
            pipe.send(ModelFacts.of(encoder))
            while True:
                texts: Sequence[str] = pipe.recv()
                pipe.send(compute(encoder, texts, config))
        except (EOFError, ConnectionError):
            return  # the parent is gone or needs no more
        except Exception as error:
            pipe.send(Failure.of(error))
    except ConnectionError:
        return
