"""Actions of drivers: when the car leaves and with how much energy, skipped nights and holidays, and pauses."""

from datetime import datetime, time, timedelta
from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_DEVICE_ID, WEEKDAYS
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, WH_PER_KWH
from ..data import SunfuseConfigEntry
from ..drivers.wishes import Target, TargetKind
from ..rights import async_require_control_of
from ..site.cars.driver_words import (
    Owner,
    clear_departure,
    next_at,
    pause,
    pause_departures,
    set_departure,
    skip_no_more,
    skip_tonight,
)
from .targets import owner_of_device
from .values import (
    MOST_KWH,
    TIME_OF_DAY,
    YES_OR_NO,
    ActionSchema,
    check_one_target,
    duration,
    moment,
    one_of,
    several,
    within,
)

_DEVICE: dict[vol.Marker, Any] = {vol.Required(ATTR_DEVICE_ID): cv.string}
_MOST_A_DAY = 10
_SOC = within(1, 100)
_RANGE_KM = within(1, 2000)
# As the form says: a car that needs nothing has no departure to plan for. 0 removes a target in the action of targets.
_TARGET_KWH = within(0.1, MOST_KWH)
_TARGETS = ("target_soc", "target_energy", "target_range")

SET_DEPARTURE = ActionSchema(
    {
        **_DEVICE,
        vol.Optional("departure"): moment,
        vol.Optional("time"): TIME_OF_DAY,
        vol.Optional("weekdays"): vol.All(cv.ensure_list, [one_of(*WEEKDAYS)]),
        vol.Optional("number", default=1): within(1, _MOST_A_DAY, int),
        vol.Optional("active", default=True): YES_OR_NO,
        vol.Optional("target_soc"): _SOC,
        vol.Optional("target_energy"): _TARGET_KWH,
        vol.Optional("target_range"): _RANGE_KM,
    }
)
SKIP_TONIGHT = ActionSchema({**_DEVICE, vol.Optional("skip", default=True): YES_OR_NO})
_UNTIL: dict[vol.Marker, Any] = {
    vol.Optional("until"): moment,
    vol.Optional("duration"): duration,
}
PAUSE = ActionSchema({**_DEVICE, **_UNTIL})


async def _departure(call: ServiceCall) -> None:
    _check_one_time(call)
    check_one_target(call.data, _TARGETS)
    entry, owner = await _async_owner(call)
    if call.data.get("weekdays"):
        _set_weekly(entry, owner, call)
        return
    _check_once(call)
    set_departure(entry, owner, _moment(call), _target(call))


async def _no_departure(call: ServiceCall) -> None:
    clear_departure(*await _async_owner(call))


async def _skip(call: ServiceCall) -> None:
    entry, owner = await _async_owner(call)
    (skip_tonight if call.data["skip"] else skip_no_more)(entry, owner)


async def _start_pause(call: ServiceCall) -> None:
    entry, owner = await _async_owner(call)
    pause(entry, owner, _end(call))


async def _resume(call: ServiceCall) -> None:
    entry, owner = await _async_owner(call)
    pause(entry, owner, None)


async def _holiday(call: ServiceCall) -> None:
    entry, owner = await _async_owner(call)
    pause_departures(entry, owner, _end(call))


@callback
def async_setup_departure_actions(hass: HomeAssistant) -> None:
    """Register the actions. Whoever may control the entities of vehicles and chargers may use these."""

    device = ActionSchema(_DEVICE)
    for name, run, schema in (
        ("set_departure", _departure, SET_DEPARTURE),
        ("clear_departure", _no_departure, device),
        ("skip_tonight", _skip, SKIP_TONIGHT),
        ("pause", _start_pause, PAUSE),
        ("resume", _resume, device),
        ("pause_departures", _holiday, PAUSE),
    ):
        hass.services.async_register(DOMAIN, name, run, schema)


async def _async_owner(call: ServiceCall) -> tuple[SunfuseConfigEntry, Owner]:
    """Return the vehicle or charger that is set, if the user may set it."""
    entry, owner = owner_of_device(call.hass, call.data[ATTR_DEVICE_ID])
    await async_require_control_of(call.hass, call.context, entry, owner)
    return entry, owner


def _set_weekly(entry: SunfuseConfigEntry, owner: Owner, call: ServiceCall) -> None:
    """Set departures of weekdays; without a time they keep theirs."""
    runtime = entry.runtime_data
    if "departure" in call.data:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="departure_weekly_time"
        )
    changes: dict[str, Any] = {"active": call.data["active"]}
    at: time | None = call.data.get("time")
    if at is not None:
        changes["minute"] = at.hour * 60 + at.minute
    if (target := _target(call)) is not None:
        changes["target"] = target
    for day in call.data["weekdays"]:
        runtime.departures.set_day(
            owner.id, WEEKDAYS.index(day), call.data["number"], **changes
        )
    runtime.controller.tick()


def _check_one_time(call: ServiceCall) -> None:
    """Check that a departure has one time at most.

    Raises:
        ServiceValidationError: it has a date and a time of day.

    """
    if several(call.data, ("departure", "time")):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="one_departure_time"
        )


def _check_once(call: ServiceCall) -> None:
    """Check that a single departure is not asked for what only weekly ones have.

    Raises:
        ServiceValidationError: it is to be switched off, or has a number.

    """
    if not call.data["active"] or call.data["number"] != 1:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="departure_without_weekdays"
        )


def _moment(call: ServiceCall) -> datetime:
    """Return when a car leaves.

    Raises:
        ServiceValidationError: no time is given.

    """
    at: datetime | None = call.data.get("departure")
    if at is not None:
        return at
    wall: time | None = call.data.get("time")
    if wall is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="departure_without_time"
        )
    return next_at(wall)


def _target(call: ServiceCall) -> Target | None:
    """Return what the car should have then, None if that stays as it is."""
    data = call.data
    if "target_soc" in data:
        return Target(kind=TargetKind.SOC, value=data["target_soc"])
    if "target_energy" in data:
        energy_wh = data["target_energy"] * WH_PER_KWH
        return Target(kind=TargetKind.ENERGY, value=energy_wh)
    if "target_range" in data:
        return Target(kind=TargetKind.RANGE, value=data["target_range"])
    return None


def _end(call: ServiceCall) -> datetime:
    """Return until when something lasts.

    Raises:
        ServiceValidationError: neither a time nor a duration is given, or both are.

    """
    if several(call.data, ("until", "duration")):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="one_end"
        )
    until: datetime | None = call.data.get("until")
    lasts: timedelta | None = call.data.get("duration")
    if until is None and not lasts:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="pause_without_end"
        )
    return until or dt_util.utcnow() + (lasts or timedelta(0))
