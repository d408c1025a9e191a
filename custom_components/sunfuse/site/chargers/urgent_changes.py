"""How soon a change of a charger needs a decision.

What it reports of itself, a car that draws on a phase for the first time, and one that takes more than its offer, at once.
A draw that moves within the offer is reserved for that car: the decision only gives others what it leaves, or finds out
later whose the rest of the meter's value is, and can wait until others have reported, too. All else waits for the next
tick, seconds later.
"""

from collections.abc import Iterable
from dataclasses import fields
from datetime import timedelta
from operator import attrgetter

from ...central_system.station_state import ConnectorState, StationState

# Readings come in bursts: an inverter updates its three phases one after the other.
AT_ONCE = timedelta(seconds=0.1)
# Fifty cars whose draws waver lead to one decision a second, not to ten.
SOON = timedelta(seconds=1)

# Less than the smallest change of an offer, and the fluctuation of a car's draw.
_CURRENT_A = 0.5
_POWER_W = 150.0
# A station without its connectors and when it was heard; a connector without what it measures, and without when its limit
# was renewed.
_apart_from_connectors = attrgetter(
    *(f.name for f in fields(StationState) if f.name not in ("last_seen", "connectors"))
)
_MEASURED = (
    "meter",
    "session_energy_wh",
    "stored",
    "offered_at",
    "offer_until",
)
_apart_from_meter = attrgetter(
    *(f.name for f in fields(ConnectorState) if f.name not in _MEASURED)
)


class UrgentChanges:
    """Compares chargers with their state at the last decision."""

    def __init__(self) -> None:
        """Start without a decision."""
        self._decided: dict[str, StationState] = {}

    def decided(self, stations: Iterable[StationState]) -> None:
        """Note the states that a decision was based on."""
        self._decided = {station.identity: station for station in stations}

    def due_in(self, station: StationState) -> timedelta | None:
        """Return how soon to decide on how a charger is now; None: with the next tick."""
        before = self._decided.get(station.identity)
        if (
            before is None
            or _apart_from_connectors(before) != _apart_from_connectors(station)
            or len(before.connectors) != len(station.connectors)
        ):
            return AT_ONCE
        pairs = zip(before.connectors, station.connectors, strict=True)
        return min(
            (due for pair in pairs if (due := _due_in(*pair)) is not None), default=None
        )


def _due_in(before: ConnectorState, now: ConnectorState) -> timedelta | None:
    if before is now:
        return None
    if _apart_from_meter(before) != _apart_from_meter(now):
        return AT_ONCE
    was, is_ = before.meter, now.meter
    if _apart(was.offered_a, is_.offered_a, _CURRENT_A):
        return AT_ONCE
    currents = tuple(zip(was.current_a, is_.current_a, strict=True))
    if any(_is_unreserved(*pair, now.offer_a) for pair in currents):
        return AT_ONCE
    moved = _apart(was.power_w, is_.power_w, _POWER_W)
    if moved and all(current is None for current in is_.current_a):
        return AT_ONCE  # on which phases is not known
    if moved or any(_apart(*pair, _CURRENT_A) for pair in currents):
        return SOON
    return None


def _is_unreserved(
    before: float | None, now: float | None, offer_a: float | None
) -> bool:
    """Whether a phase carries current that is not reserved for the car, or did not at the last decision."""
    if now is None or before is None:
        return now is not before
    if now - before < _CURRENT_A:
        return False
    return before < _CURRENT_A or offer_a is None or now > offer_a + _CURRENT_A


def _apart(one: float | None, other: float | None, least: float) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) >= least
