"""Single flight: a text that is on its way to the model is not sent again; who asks for it too waits for it too."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from embedrank.engine.request import Request
from embedrank.engine.task import Asker, Item, Task


class Flights:
    """Items that were asked for and not yet answered, by key.

    A joined item stands in the lanes of all its requests and is computed when the first of these comes up, so joining a
    text deep in a long request costs no time, and leaving takes nothing from those who stay.
    """

    def __init__(self) -> None:
        self._flying: dict[bytes, Item] = {}
        self._lock = threading.Lock()

    def join(self, task: Task, key: bytes, asker: Asker) -> tuple[Item, bool]:
        """Ask for a text.

        Args:
            task: Who computes it.
            key: Its name in the cache.
            asker: Who waits.

        Returns:
            The item, and whether it is new.
        """
        with self._lock:
            item = self._flying.get(key)
            is_new = item is None
            if item is None:
                item = Item(task=task, group=None, key=key, submitted_at=asker[0].submitted_at)
                self._flying[key] = item
            item.askers.append(asker)
            return item, is_new

    def land(self, item: Item) -> Sequence[Asker]:
        """End a flight; what comes later finds the cache filled, which is why the cache is filled before.

        Args:
            item: Computed, or failed.

        Returns:
            Everybody who asked for it.
        """
        with self._lock:
            if self._flying.get(item.key) is item:
                del self._flying[item.key]
            askers, item.askers = item.askers, []
            return askers

    def leave(self, item: Item, request: Request) -> bool:
        """Stop waiting; an item that nobody waits for and that is not being computed is forgotten.

        Args:
            item: Joined before.
            request: Who leaves.

        Returns:
            Whether it was forgotten.
        """
        with self._lock:
            item.askers = [asker for asker in item.askers if asker[0] is not request]
            if item.askers or item.taken or self._flying.get(item.key) is not item:
                return False
            del self._flying[item.key]
            return True

    def __len__(self) -> int:
        return len(self._flying)
