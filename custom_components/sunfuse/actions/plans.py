"""The actions of the planner: what is planned, and what a plan would be if a driver asked for something else."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from ..const import DOMAIN, WH_PER_KWH
from ..drivers.demand import Demand
from ..drivers.wishes import ChargingStrategy
from ..engine.model import Mode
from ..planner import Intention
from ..rights import async_require_control, async_require_site, async_seen
from ..site.cars.driver_words import check_ahead
from ..site.planning.plan_charts import (
    charging_slots,
    planned_car,
    planned_cars,
    planned_slots,
)
from ..site.planning.site_demands import check_within_reach
from .targets import named_site, place_of_device
from .values import (
    ENERGY_KWH,
    ActionSchema,
    check_one_target,
    moment,
    one_of_kind,
    within,
)

_PERCENT = within(0, 100)

PLAN = ActionSchema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})
PREVIEW = ActionSchema(
    {
        vol.Required(ATTR_DEVICE_ID): cv.string,
        vol.Optional("departure"): moment,
        vol.Optional("energy"): ENERGY_KWH,
        vol.Optional("target_soc"): _PERCENT,
        vol.Optional("mode"): one_of_kind(Mode),
        vol.Optional("strategy"): one_of_kind(ChargingStrategy),
    }
)


async def _plan(call: ServiceCall) -> ServiceResponse:
    entry = named_site(call)
    await async_require_site(call.hass, call.context, entry)
    planning = entry.runtime_data.planning
    intention = planning.data.intention
    if intention is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_plan"
        )
    cars = (car.id for car in intention.cars)
    seen = await async_seen(call.hass, call.context, entry, cars)
    response: dict[str, Any] = {
        "made_at": intention.now.isoformat(),
        "currency": planning.currency,
        "solver": intention.status.value,
        "assumptions": [one.value for one in intention.assumptions],
        "cost": round(intention.cost, 2),
        **_energy(intention),
        "cars": {
            car.id: planned_car(car) | {"slots": charging_slots(car)}
            for car in intention.cars
            if car.id in seen
        },
        "slots": planned_slots(intention),
    }
    return response


async def _preview(call: ServiceCall) -> ServiceResponse:
    check_one_target(call.data, ("energy", "target_soc"))
    entry, key = place_of_device(call.hass, call.data[ATTR_DEVICE_ID])
    await async_require_control(call.hass, call.context, entry, key)
    planning = entry.runtime_data.planning
    if not planning.is_there(key):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_car_to_plan"
        )
    departure: datetime | None = call.data.get("departure")
    if departure is not None:
        check_ahead(departure)
        departure = planning.clock.there(departure)
        check_within_reach(departure, planning.clock)

    def changed(demand: Demand) -> Demand:
        return _changed(demand, call.data, departure)

    intention = await planning.async_preview(key, changed, call.data.get("mode"))
    car, now = intention.car(key.id), planning.car(key)
    if car is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_plan"
        )
    others = planned_cars(intention)
    seen = await async_seen(call.hass, call.context, entry, others)
    response: dict[str, Any] = {
        "currency": planning.currency,
        "car": planned_car(car) | {"slots": charging_slots(car)},
        "as_planned": planned_car(now) if now else None,
        "others": {
            name: row for name, row in others.items() if name != key.id and name in seen
        },
        "slots": planned_slots(intention),
    }
    return response


@callback
def async_setup_plan_actions(hass: HomeAssistant) -> None:
    """Register the actions."""

    hass.services.async_register(DOMAIN, "plan", _plan, PLAN, SupportsResponse.ONLY)
    hass.services.async_register(
        DOMAIN, "preview", _preview, PREVIEW, SupportsResponse.ONLY
    )


def _energy(intention: Intention) -> dict[str, Any]:
    """Return what all cars take together, and of that the shares of sun and grid."""
    drawn_wh = sum(car.drawn_wh for car in intention.cars)
    sun_wh = sum(car.drawn_wh * car.sun_share for car in intention.cars)
    share = sun_wh / drawn_wh if drawn_wh > 0 else 0.0
    return {
        "energy_kwh": round(drawn_wh / WH_PER_KWH, 2),
        "sun_share": round(100 * share),
        "grid_share": round(100 * (1 - share)) if drawn_wh > 0 else 0,
    }


def _changed(
    demand: Demand, asked: dict[str, Any], departure: datetime | None
) -> Demand:
    """Return what a driver would ask for.

    Raises:
        ServiceValidationError: the target is a state of charge, but that of the car is unknown.

    """
    if departure is not None:
        demand = replace(demand, departure=departure, guessed=False)
    if "energy" in asked:
        demand = replace(
            demand, energy_wh=asked["energy"] * WH_PER_KWH, energy_guessed=False
        )
    if "target_soc" in asked:
        target = asked["target_soc"]
        demand = replace(demand, target_soc=target)
        if demand.soc is None or demand.capacity_wh is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="state_of_charge_unknown"
            )
        missing_wh = (target - demand.soc) / 100 * demand.capacity_wh
        demand = replace(demand, energy_wh=max(missing_wh, 0.0), energy_guessed=False)
    if "strategy" in asked:
        demand = replace(demand, strategy=asked["strategy"])
    return demand
