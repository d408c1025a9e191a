"""Whether the car at a connector is ready for its departure, or will be."""

from datetime import datetime
from enum import StrEnum

from ...central_system.station_state import GONE
from ...data import SunfuseConfigEntry
from ...drivers.demand import Demand
from ...engine.model import Mode, ReasonKey
from ...planner import CarIntention, PlanKey
from ..outcome import ConnectorKey

_NO_CAR = (*GONE, None)
# In these it is planned what a car needs.
_PLANS = (Mode.ECO, Mode.FAST)
# Less than this is not worth waiting for.
_LITTLE_WH = 100.0


class Readiness(StrEnum):
    """How it stands with the next departure."""

    READY = "ready"
    ON_TRACK = "on_track"
    WILL_MISS = "will_miss"


def readiness_of(
    demand: Demand,
    car: CarIntention | None,
    reason: ReasonKey,
    *,
    mode: Mode,
    missed: bool,
    now: datetime,
) -> Readiness | None:
    """Return how it stands with the departure of a car, None if none is known or nothing is planned for it.

    Where nobody knows how much it needs, a car is ready when it takes no more.
    """
    if demand.departure is None or demand.departure <= now:
        return None
    needed_wh = demand.energy_wh
    if reason is ReasonKey.CAR_FINISHED or (
        needed_wh is not None and needed_wh < _LITTLE_WH
    ):
        return Readiness.READY
    if car is None or car.why.key is PlanKey.AWAY:
        return None  # a plan from before it came says nothing of it
    if missed:
        return Readiness.WILL_MISS
    if car.departure is not None:
        return Readiness.ON_TRACK
    if mode in _PLANS:
        return None  # a plan from before it was asked for says nothing of it
    # In a mode that only follows the sun nothing is planned for the departure: what the forecast gives counts.
    lacks_wh = _lacks_wh(demand, car)
    if lacks_wh is None:
        return None
    return Readiness.WILL_MISS if lacks_wh else Readiness.ON_TRACK


def missing_wh(demand: Demand, car: CarIntention) -> float:
    """Return what a car will lack when it leaves, also in a mode in which nothing is planned for that; 0 if nobody knows."""
    if car.departure is not None or demand.departure is None:
        return car.missing_wh
    return _lacks_wh(demand, car) or 0.0


def _lacks_wh(demand: Demand, car: CarIntention) -> float | None:
    """Return what the forecast does not give a car before it leaves, None if that is not known.

    A plan looks two days ahead; of one from before a restart only the next hours are known.
    """
    departure, needed_wh = demand.departure, demand.energy_wh
    if departure is None or needed_wh is None:
        return None
    reaches_wh = max(
        (slot.energy_wh for slot in car.slots if slot.end <= departure), default=0.0
    )
    lacks_wh = needed_wh - reaches_wh
    if lacks_wh < _LITTLE_WH:
        return 0.0
    looks_so_far = bool(car.slots) and car.slots[-1].end >= departure
    return lacks_wh if looks_so_far else None


def readiness_at(entry: SunfuseConfigEntry, key: ConnectorKey) -> Readiness | None:
    """Return how it stands with the departure of the car at a connector."""
    runtime = entry.runtime_data
    data, planning = runtime.coordinator.data.connectors.get(key), runtime.planning
    if data is None or data.connector.status in _NO_CAR:
        return None
    return readiness_of(
        planning.demand(key),
        planning.car(key),
        data.decision.reason.key,
        mode=data.settings.mode,
        missed=key.id in planning.data.missed,
        now=planning.clock.now(),
    )
