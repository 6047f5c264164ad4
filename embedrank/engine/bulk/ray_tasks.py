"""What runs inside Ray: the feed that chunks are drawn from, and the actor that computes them, as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from embedrank.core.errors import EmbedrankError
from embedrank.engine.bulk.encoder import Computed, Load, ModelFacts, compute
from embedrank.engine.bulk.worker import Failure

if TYPE_CHECKING:
    from embedrank.engine.bulk.config import BulkConfig


def drawn(_: Any, *, feed: Any) -> Iterator[Any]:
    """Draw chunks from the feed until it ends.

    Args:
        feed: Handle of the actor.

    Yields:
        A table of one row for each chunk: `number`, `texts`.
    """
    import pyarrow as pa
    import ray

    while (chunk := ray.get(feed.take.remote())) is not None:
        number, texts = chunk
        yield pa.table({"number": [number], "texts": pa.array([texts], type=pa.list_(pa.large_string()))})


def facts_of(load: Load) -> ModelFacts | Failure:
    """Load a model and tell what it is.

    Args:
        load: Gives the model.

    Returns:
        Its facts, or why it cannot be loaded.
    """
    try:
        return ModelFacts.of(load())
    except EmbedrankError as error:
        return Failure.of(error)


class Encode:
    """The pool's actor: loads the model once, computes one chunk a call."""

    def __init__(self, load: Load, config: BulkConfig, fingerprint: str, feed: Any) -> None:
        """Load the model.

        Args:
            load: Gives the model.
            config: Side, instruction and dim.
            fingerprint: Of the model that all actors have to have.
            feed: Handle of the actor that chunks come from.
        """
        self._config, self._feed = config, feed
        self._encoder = load()
        self._is_stranger = self._encoder.fingerprint != fingerprint

    def __call__(self, rows: Any) -> Any:
        """Compute a chunk.

        Args:
            rows: A table of one row: `number`, `texts`.

        Returns:
            A table of one row: `number`, `vectors` and `lengths` as bytes, `dim`, and `failure` where it failed.
        """
        import pyarrow as pa
        import ray

        number, texts = rows["number"][0].as_py(), rows["texts"][0].as_py()
        vectors, lengths, dim, failure = b"", b"", 0, ""
        if self._is_stranger:
            failure = "a machine holds another model of that name"
        elif not ray.get(self._feed.begin.remote(number)):
            failure = "two actors died on the same chunk (too little memory? what was committed is kept)"
        else:
            try:
                computed = compute(self._encoder, texts, self._config)
                dim = computed.vectors.shape[1]
                vectors, lengths = computed.vectors.tobytes(), computed.lengths.tobytes()
            except EmbedrankError as error:
                failure = str(error)
        self._feed.end.remote(number)
        columns: dict[str, Any] = {"number": [number], "dim": [dim], "failure": [failure]}
        columns["vectors"] = pa.array([vectors], type=pa.large_binary())
        columns["lengths"] = pa.array([lengths], type=pa.large_binary())
        return pa.table(columns)


def computed_of(row: dict[str, Any]) -> Computed:
    """What an actor computed.

    Args:
        row: The columns of its row.

    Returns:
        Vectors and lengths.
    """
    vectors = np.frombuffer(row["vectors"], dtype=np.float32).reshape(-1, row["dim"])
    return Computed(vectors=vectors, lengths=np.frombuffer(row["lengths"], dtype=np.int32).reshape(-1, 2))
