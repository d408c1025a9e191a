"""What the plan card shows: the coming hours of a site and its cars, in the time of the site."""

from typing import Any

from ..const import MAIN_CIRCUIT
from ..data import SunfuseConfigEntry
from ..planner import Assumption, CarIntention, Intention
from ..rights import Viewer
from ..site.outcome import ConnectorKey
from .charger_view import device_of
from .site_view import watts


def plan_view(entry: SunfuseConfigEntry, viewer: Viewer) -> dict[str, Any]:
    """Return the plan that is in force, of the cars that a user may see."""
    planning = entry.runtime_data.planning
    view: dict[str, Any] = {
        "speed": planning.clock.speed,
        "currency": planning.currency,
        "failing": planning.data.failing_since is not None,
    }
    if planning.data.intention is not None:
        view |= intention_view(entry, viewer, planning.data.intention)
    return view


def intention_view(
    entry: SunfuseConfigEntry, viewer: Viewer, intention: Intention
) -> dict[str, Any]:
    """Return a plan, in force or not. Series have one value for each step; who sees cars only gets no series of the site."""
    keys = {key.id: key for key in entry.runtime_data.coordinator.data.connectors}
    view: dict[str, Any] = {
        "made_at": intention.now.isoformat(),
        "starts": [slot.start.isoformat() for slot in intention.slots],
        "end": intention.slots[-1].end.isoformat() if intention.slots else None,
        "cars": [
            _car(entry, viewer, keys[car.id], car, intention)
            for car in intention.cars
            if car.id in keys and viewer.sees_connector(entry, car.id)
        ],
        "assumptions": [one.value for one in intention.assumptions],
        # Without prices the plan assumes some, to charge early rather than late: nobody pays those.
        "priced": Assumption.PRICES_UNKNOWN not in intention.assumptions,
    }
    if not viewer.sees_site(entry):
        return view
    slots = intention.slots
    return view | {
        "sun_w": [watts(slot.sun_w) for slot in slots],
        "house_w": [watts(slot.house_w) for slot in slots],
        "price": [round(slot.price, 4) for slot in slots] if view["priced"] else None,
        "limit_w": _limit_w(entry),
        "cost": round(intention.cost, 2),
    }


def _limit_w(entry: SunfuseConfigEntry) -> int | None:
    data = entry.runtime_data.coordinator.data
    main = next(c for c in data.decision.circuits if c.id == MAIN_CIRCUIT)
    return watts(sum(main.limit_a) * data.snapshot.site.voltage_v)


def _car(
    entry: SunfuseConfigEntry,
    viewer: Viewer,
    key: ConnectorKey,
    car: CarIntention,
    intention: Intention,
) -> dict[str, Any]:
    power_w = {slot.start: slot.power_w for slot in car.slots}
    return {
        "id": key.id,
        "name": entry.runtime_data.chargers.names.get(key, key.identity),
        "device_id": device_of(entry, viewer, key),
        "may_drive": viewer.drives(entry, key),
        "power_w": [watts(power_w.get(slot.start, 0.0)) for slot in intention.slots],
        **outcome_view(car),
    }


def outcome_view(car: CarIntention) -> dict[str, Any]:
    """Return the outcome of a plan for a car: when it is ready, what it costs and what waiting saves.

    Of a car of which nobody knows how much it takes there is no energy and no cost: what the plan assumes is no fact.
    """
    known = car.amount_known
    return {
        "departure": car.departure.isoformat() if car.departure else None,
        "ready": car.ready.isoformat() if car.ready else None,
        "energy_wh": watts(car.energy_wh) if known else None,
        "missing_wh": watts(car.missing_wh),
        "cost": round(car.cost, 2) if known else None,
        "saving": round(car.saving, 2) + 0.0 if known else None,
        "sun_share": round(car.sun_share, 2),
    }
