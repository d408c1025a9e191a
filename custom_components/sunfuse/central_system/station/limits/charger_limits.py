"""Limits that a station reports and that Sunfuse did not set: its own, the grid operator's, the electrician's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ....engine.clock_change import moved
from ...station_commands import Schedule
from ..shared_state import SharedState

WHOLE = 0  # the connector that stands for the whole station
_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerLimit:
    """Limits over time, each schedule from its own start (our clock)."""

    schedules: tuple[tuple[datetime, Schedule], ...]

    def at(self, now: datetime) -> float | None:
        """Return the limit in amperes per phase; None where there is none now."""
        limits = [
            max(limit, 0.0)
            for start, schedule in self.schedules
            if now >= start
            and (limit := schedule.at((now - start) / timedelta(seconds=1))) is not None
        ]
        return min(limits, default=None)


class ChargerLimits:
    """The limits beside ours, by connector and source."""

    def __init__(self, shared: SharedState) -> None:
        """Start with none."""
        self._shared = shared
        self._limits: dict[tuple[int, str], ChargerLimit] = {}

    def set(self, connector: int, source: str, limit: ChargerLimit) -> None:
        """Note a limit for a connector or (0) the whole station; it replaces an earlier one of the same source."""
        if (connector, source) in self._limits or len(self._limits) < _MOST:
            self._limits[connector, source] = limit
        self.apply()

    def clear(self, connector: int | None, source: str) -> None:
        """Note that a limit has ended; without a connector: on all of them."""
        for key in tuple(self._limits):
            if key[1] == source and connector in (None, WHOLE, key[0]):
                del self._limits[key]
        self.apply()

    def apply(self) -> None:
        """Note on each connector what it may draw at most now, None if nothing limits it."""
        for state in self._shared.state.connectors:
            in_force = self._in_force((state.id, WHOLE), self._shared.now())
            limit_a = min(in_force, default=None)
            if limit_a != state.charger_limit_a:
                self._shared.change(state.id, charger_limit_a=limit_a)

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which our clock was set forward."""
        self._limits = moved(self._limits, by)

    def _in_force(self, connectors: tuple[int, ...], now: datetime) -> Iterable[float]:
        for (connector, _), limit in self._limits.items():
            if connector in connectors and (current_a := limit.at(now)) is not None:
                yield current_a
