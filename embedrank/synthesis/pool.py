"""Where blocks are computed: in threads of this process, or elsewhere behind the same protocol."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Protocol

from embedrank.core.protocols import TextGenerator
from embedrank.synthesis.block import Block
from embedrank.synthesis.making import Made, Recipe, make

_TOLD_EVERY_S: Final = 0.5


class Pool(Protocol):
    """Computes blocks."""

    def results(self, blocks: Iterator[Block], idle: Callable[[], None]) -> Generator[tuple[Block, Made], None, None]:
        """Each block with what became of its drafts, in order; `idle` is called now and then while none comes."""
        ...


class ThisProcess:
    """Some blocks at a time, each in a thread, so that a generator stays busy at the tail of one."""

    def __init__(self, recipe: Recipe, generator: TextGenerator, *, num_blocks: int) -> None:
        """Set up.

        Args:
            recipe: What is done with drafts.
            generator: Answers; shared by the threads.
            num_blocks: Blocks at a time, at least 1.
        """
        self._recipe, self._generator, self._num_blocks = recipe, generator, num_blocks

    def results(self, blocks: Iterator[Block], idle: Callable[[], None]) -> Generator[tuple[Block, Made], None, None]:
        """As the protocol says.

        Args:
            blocks: Read as results come back.
            idle: Called about twice a second while none comes.

        Yields:
            Block and result.

        Raises:
            GeneratorStoppedError: If the generator answers no more; results of earlier blocks came before.
        """
        executor = ThreadPoolExecutor(self._num_blocks, thread_name_prefix="embedrank-synthesis")
        under_way: deque[tuple[Block, Future[Made]]] = deque()
        try:
            for block in blocks:
                under_way.append((block, executor.submit(make, block.drafts, self._recipe, self._generator)))
                if len(under_way) == self._num_blocks:
                    yield _waited(*under_way.popleft(), idle)
            while under_way:
                yield _waited(*under_way.popleft(), idle)
        finally:  # threads that still run end when their generator is closed
            executor.shutdown(wait=False, cancel_futures=True)


def _waited(block: Block, result: Future[Made], idle: Callable[[], None]) -> tuple[Block, Made]:
    while not wait([result], timeout=_TOLD_EVERY_S).done:
        idle()
    return block, result.result()
