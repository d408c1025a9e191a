"""A plan as rows: what a chart draws and an action returns."""

from datetime import datetime
from typing import Any

from ...planner import CarIntention, Intention, PlanKey, SiteSlot


def planned_slots(intention: Intention) -> list[dict[str, Any]]:
    """Return the powers of the site slot by slot, in watts; grid power positive on import, battery power on discharge."""
    return [_slot(slot) for slot in intention.slots]


def _slot(slot: SiteSlot) -> dict[str, Any]:
    return {
        "start": slot.start.isoformat(),
        "end": slot.end.isoformat(),
        "cars_w": round(slot.cars_w),
        "house_w": round(slot.house_w),
        "solar_w": round(slot.sun_w),
        "battery_w": round(slot.battery_w),
        "grid_w": round(slot.grid_w),
        "battery": slot.command.value,
        "price": round(slot.price, 4),
        "export_price": round(slot.export_price, 4),
    }


def planned_cars(intention: Intention) -> dict[str, dict[str, Any]]:
    """Return what is planned for each car, without its slots."""
    return {car.id: planned_car(car) for car in intention.cars}


def planned_car(car: CarIntention) -> dict[str, Any]:
    """Return what is planned for a car: energy, cost, and the shares of sun and grid in percent."""
    return {
        "next_start": _time(car.next_start),
        "end": _time(car.end),
        "ready": _time(car.ready),
        "departure": _time(car.departure),
        "energy_kwh": round(car.drawn_wh / 1000, 2),
        "stored_kwh": round(car.energy_wh / 1000, 2),
        "missing_kwh": round(car.missing_wh / 1000, 2),
        "state_of_charge": None if car.soc is None else round(car.soc),
        "cost": round(car.cost, 2),
        "cost_at_once": round(car.cost_at_once, 2),
        "saving": round(car.saving, 2) + 0.0,
        "sun_share": round(100 * car.sun_share),
        "grid_share": round(100 * car.grid_share),
        "assumptions": [one.value for one in car.assumptions],
    }


def charging_slots(car: CarIntention) -> list[dict[str, Any]]:
    """Return the slots in which a car charges, or has power for its cabin: that is not charged, and so in no power."""
    return [
        {
            "start": slot.start.isoformat(),
            "end": slot.end.isoformat(),
            "power_w": round(slot.power_w),
            "sun_w": round(slot.sun_w),
            "stored_kwh": round(slot.energy_wh / 1000, 2),
            "preconditions": slot.advice.why.key is PlanKey.PRECONDITIONS,
        }
        for slot in car.slots
        if slot.charges or slot.advice.why.key is PlanKey.PRECONDITIONS
    ]


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
