"""Cars that do not resume after a pause, and how to wake them.

Some cars stop reacting to the control pilot after a long pause. A change of the pilot wakes some of them, a new
transaction (which unlocks, or looks like a new cable) most others.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from ....engine.model import ConnectorStatus
from .connector_offer import Offer

MIN_A = 6.0  # IEC 61851-1: below it there is no charging


class Wake(StrEnum):
    """What to try next."""

    NUDGE = "nudge"  # a short offer of 6 A
    RESTART = "restart"  # of the transaction


class Waker:
    """Tracks the pauses of one connector."""

    def __init__(self, wait: timedelta, nudge: timedelta) -> None:
        """Take a car to be asleep if it draws nothing for this long after it may again; a nudge lasts this long."""
        self._wait = wait
        self._nudge = nudge
        self._nudged_at: datetime | None = None
        self._was_charging = False  # when it was paused
        self._paused = False
        self._resumed_at: datetime | None = None
        self._next = Wake.NUDGE

    @property
    def is_busy(self) -> bool:
        """Whether a car may have to be woken, or is being nudged."""
        return self._resumed_at is not None or self._nudged_at is not None

    def offered(
        self, current_a: float, at: datetime, status: ConnectorStatus | None
    ) -> None:
        """Note an offer that the station accepted."""
        if current_a == 0:
            if not self._paused:
                self._paused = True
                self._was_charging = status is ConnectorStatus.CHARGING
            self._resumed_at = None
        elif self._paused:
            self._paused = False
            self._next = Wake.NUDGE
            self._resumed_at = at if self._was_charging else None

    def due(
        self, at: datetime, status: ConnectorStatus | None, draw_a: float
    ) -> Wake | None:
        """Return what to try at present, None if the car is awake or has more time."""
        if self._resumed_at is None:
            return None
        if draw_a > 0 or status is not ConnectorStatus.SUSPENDED_EV:
            return None
        if at - self._resumed_at <= self._wait:
            return None
        if self._next is Wake.RESTART:
            self._resumed_at = None  # once for each pause
            return Wake.RESTART
        self._next = Wake.RESTART
        self._resumed_at = at
        return Wake.NUDGE

    def nudged(self, offer: Offer, wake: Wake | None, draw_a: float) -> Offer:
        """Return 6 A for a short time if a car has to be woken, otherwise the offer."""
        if wake is Wake.NUDGE:
            self._nudged_at = offer.at
        if self._nudged_at is None:
            return offer
        if offer.at - self._nudged_at < self._nudge and not draw_a:
            return replace(offer, current_a=min(offer.current_a, MIN_A), again=True)
        self._nudged_at = None
        return offer
