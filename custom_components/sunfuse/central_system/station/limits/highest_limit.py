"""Chargers that refuse high limits alone: those for less current than was configured here."""

import math

from ...station_commands import Schedule
from ..refused_commands import RETRY
from .charger_limits import ChargerLimit, ChargerLimits
from .connector_offer import OfferedConnector

# The source of the limit: the charger refuses more.
REFUSED = "Refused"

_FINE_A = 1.0  # so close is the highest limit that is accepted looked for


class HighestLimit:
    """Looks for the highest limit that a connector accepts, between what it accepted and what it refused.

    It counts as a limit of the charger's own for an hour, so that the engine offers no more.
    """

    def __init__(
        self, connector: OfferedConnector, charger_limits: ChargerLimits
    ) -> None:
        """Begin with nothing accepted, and nothing refused."""
        self._connector = connector
        self._charger_limits = charger_limits
        self._accepted_a = 0.0  # the highest
        self._refused_a = math.inf  # the lowest above it
        self._sure = False  # it refused more than once: a charger may have been busy

    def instead_of(self, refused_a: float) -> float | None:
        """Return what to ask after a refusal: the highest that was accepted, or the least for a car; None if that is refused."""
        self._sure = self._sure or refused_a >= self._refused_a
        self._refused_a = min(self._refused_a, refused_a)
        if self._accepted_a >= refused_a:
            self._accepted_a = 0.0
        least_a = self._connector.shared.config.min_a
        less_a = max(self._accepted_a, least_a)
        return less_a if less_a < refused_a else None

    def accepted(self, current_a: float, *, less: bool) -> None:
        """Note an accepted limit; `less` says that it took the place of one that was refused."""
        higher = current_a > self._accepted_a
        self._accepted_a = max(self._accepted_a, current_a)
        if current_a >= self._refused_a:
            self._refused_a, self._sure = math.inf, False
            self._charger_limits.clear(self._connector.connector, REFUSED)
        elif self._sure and (higher or less):
            self._limit_to(self._next_a())

    def _next_a(self) -> float:
        """Return what to offer at most: the middle, or what was accepted if there is little between."""
        if self._refused_a - self._accepted_a <= _FINE_A:
            return self._accepted_a
        return math.floor((self._accepted_a + self._refused_a) / 2)

    def _limit_to(self, most_a: float) -> None:
        schedule = Schedule(steps=((0.0, most_a),), duration_s=RETRY.total_seconds())
        limit = ChargerLimit(schedules=((self._connector.shared.now(), schedule),))
        self._charger_limits.set(self._connector.connector, REFUSED, limit)
