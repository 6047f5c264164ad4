"""A cap on requests, tokens and money that is not passed: what is in flight counts with the most it can take."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum

from embedrank.core.errors import ConfigError
from embedrank.synthesis.generators.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetConfig:
    """Caps of a run over all the times that it was begun again; None is no cap.

    Attributes:
        requests: Requests sent, those sent again included; at least 1.
        tokens: Tokens read and written; at least 1.
        money: In the currency of the prices; above 0.
    """

    requests: int | None = None
    tokens: int | None = None
    money: float | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and (not isinstance(value, int | float) or not value > 0):
                raise ConfigError("budget", each.name, value, "must be a number above 0, or left out for no cap")


class Admission(Enum):
    """What a budget says of one more request."""

    GO = "go"
    WAIT = "wait"  # it may fit once those in flight have taken less than they might
    SPENT = "spent"


class Budget:
    """Counts what was spent and what is in flight. Not safe among threads; its owner holds a lock."""

    def __init__(self, config: BudgetConfig, *, spent: Usage) -> None:
        """Begin.

        Args:
            config: The caps.
            spent: By earlier beginnings of the run.
        """
        self._config = config
        self._spent = spent
        self._in_flight = Usage()

    @property
    def spent(self) -> Usage:
        """Everything so far."""
        return self._spent

    def admit(self, need: Usage) -> Admission:
        """Ask to send a request; GO reserves what it may take.

        Args:
            need: The most it can take.

        Returns:
            Whether it may be sent now.
        """
        if self._passed(self._spent.plus(need)):
            return Admission.SPENT
        if self._passed(self._spent.plus(self._in_flight).plus(need)):
            return Admission.WAIT
        self._in_flight = self._in_flight.plus(need)
        return Admission.GO

    def settle(self, need: Usage, took: Usage) -> None:
        """Take note of a request that is no longer in flight.

        Args:
            need: What was reserved for it.
            took: What it took.
        """
        self._in_flight = self._in_flight.minus(need)
        self._spent = self._spent.plus(took)

    def hit(self) -> None:
        """Take note of an answer from the cache."""
        self._spent = self._spent.plus(Usage(cached=1))

    def why_spent(self, need: Usage) -> str:
        """Words for a request that does not fit any more.

        Args:
            need: The most it could take.

        Returns:
            The caps that stand in its way, with what was spent and what it may take.
        """
        said = [
            f"{getattr(self._spent, name):,.6g} of {cap:,.6g} {what} spent, the next request may take "
            f"{getattr(need, name):,.6g}"
            for what, name, cap in self._passed(self._spent.plus(need))
        ]
        return "; ".join(said)

    def _passed(self, usage: Usage) -> list[tuple[str, str, float]]:
        caps = (
            ("requests", "requests", self._config.requests),
            ("tokens", "tokens", self._config.tokens),
            ("money", "cost", self._config.money),
        )
        return [(what, name, cap) for what, name, cap in caps if cap is not None and getattr(usage, name) > cap]
