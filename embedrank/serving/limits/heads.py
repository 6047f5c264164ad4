"""Bounds that uvicorn lacks: on the time that the head of a request may take, and on clients that never read.

Without them a client that sends a header a minute, or takes no byte of its answer, holds a connection for ever.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class _TimedProtocol(H11Protocol):
    """Closes a connection that has been waiting for a head, or for its client to read, for too long."""

    head_timeout_s: float
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin_to_wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._waits_for_a_head():
            self._begin_to_wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _waits_for_a_head(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _begin_to_wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.head_timeout_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if self._waits_for_a_head():
            self.transport.close()
            self._see_it_closed()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._see_it_closed()

    def _see_it_closed(self, unread: int | None = None) -> None:
        """What is still to be sent is sent first, as long as the client goes on reading it."""
        now_unread = self.transport.get_write_buffer_size()
        if unread == now_unread:
            self.transport.abort()
        elif now_unread:
            self.loop.call_later(self.head_timeout_s, self._see_it_closed, now_unread)


def timed_protocol(head_timeout_s: float) -> type[H11Protocol]:
    """The protocol of uvicorn for HTTP/1.1, with patience for heads that ends.

    Args:
        head_timeout_s: From the opening of a connection, or from the first byte after the last answer, to the end of
            the next head; and between two bytes that a client reads of an answer whose connection is to be closed.

    Returns:
        A class for `uvicorn.Config(http=...)`.
    """
    return type("TimedProtocol", (_TimedProtocol,), {"head_timeout_s": head_timeout_s})
