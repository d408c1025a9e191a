"""Which changes of a charger need a decision at once; others wait for the next tick, seconds later."""

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter

from ..central_system.station_state import ConnectorState, MeterSample, StationState

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

    def matter(self, station: StationState) -> bool:
        """Return whether a charger has changed so much since then that a decision should not wait."""
        before = self._decided.get(station.identity)
        return (
            before is None
            or _apart_from_connectors(before) != _apart_from_connectors(station)
            or len(before.connectors) != len(station.connectors)
            or any(
                _differs(*pair)
                for pair in zip(before.connectors, station.connectors, strict=True)
            )
        )


def _differs(before: ConnectorState, now: ConnectorState) -> bool:
    return before is not now and (
        _apart_from_meter(before) != _apart_from_meter(now)
        or _has_moved(before.meter, now.meter)
    )


def _has_moved(before: MeterSample, now: MeterSample) -> bool:
    return _apart(before.power_w, now.power_w, _POWER_W) or any(
        _apart(*pair, _CURRENT_A)
        for pair in (
            *zip(before.current_a, now.current_a, strict=True),
            (before.offered_a, now.offered_a),
        )
    )


def _apart(one: float | None, other: float | None, least: float) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) >= least
