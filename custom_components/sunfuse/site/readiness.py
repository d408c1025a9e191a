"""Whether the car at a connector is ready for its departure, or will be."""

from datetime import datetime
from enum import StrEnum

from ..central_system.station_state import GONE
from ..data import SunfuseConfigEntry
from ..engine.model import ReasonKey
from ..planner import CarIntention
from .outcome import ConnectorKey

_NO_CAR = (*GONE, None)
# Less than this is not worth waiting for.
_LITTLE_WH = 100.0


class Readiness(StrEnum):
    """How it stands with the next departure."""

    READY = "ready"
    ON_TRACK = "on_track"
    WILL_MISS = "will_miss"


def readiness_of(
    car: CarIntention | None,
    reason: ReasonKey,
    *,
    energy_wh: float | None,
    missed: bool,
    now: datetime,
) -> Readiness | None:
    """Return how it stands with the departure of a car, None if none is known or nothing is planned for it.

    `energy_wh` is what must still go in. Where nobody knows that, a car is ready when it takes no more.
    """
    if car is None or car.departure is None:
        return None
    if reason is ReasonKey.CAR_FINISHED:
        return Readiness.READY
    if energy_wh is not None and energy_wh < _LITTLE_WH:
        return Readiness.READY
    if missed:
        return Readiness.WILL_MISS
    there = energy_wh is not None and car.ready is not None and car.ready <= now
    return Readiness.READY if there else Readiness.ON_TRACK


def readiness_at(entry: SunfuseConfigEntry, key: ConnectorKey) -> Readiness | None:
    """Return how it stands with the departure of the car at a connector."""
    runtime = entry.runtime_data
    data, planning = runtime.coordinator.data.connectors.get(key), runtime.planning
    if data is None or data.connector.status in _NO_CAR:
        return None
    return readiness_of(
        planning.car(key),
        data.decision.reason.key,
        energy_wh=runtime.demands.at(key).energy_wh,
        missed=key.id in planning.data.missed,
        now=planning.clock.now(),
    )
