"""Checks of what a user entered: the key of an error, by field."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
import socket
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, CONF_NAME, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..const import (
    CONF_FAIL_SAFE_CURRENT,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_MAX_CURRENT,
    CONF_METER_MAX_AGE,
    CONF_MIN_CURRENT,
    CONF_SYSTEM,
    CONF_TEMPERATURE,
    CONF_VOLTAGE,
    SITE_PHASES,
    SYSTEM_SINGLE_PHASE,
    SYSTEM_SPLIT_PHASE,
    SYSTEM_THREE_PHASE,
)
from ..sources.states import (
    as_current_a,
    as_energy_wh,
    as_percent,
    as_power_w,
    as_temperature_c,
)
from .form_fields import (
    BATTERY_CAPACITY,
    BATTERY_CHARGE,
    BATTERY_DISCHARGE,
    BATTERY_POWER,
    BATTERY_SOC,
    GRID_EXPORT,
    GRID_IMPORT,
    GRID_PHASE_POWERS,
    GRID_PHASES,
    GRID_PHASES_EXPORT,
    GRID_POWER,
    GRID_UNMETERED,
    SOLAR_POWER,
)

# IEC 61851-1: the minimum current that a charger can offer.
LEAST_CURRENT_A = 6.0
# IEC 60038: 100 V to 277 V between phase and neutral, with the rounding of meters and people.
VOLTAGES_V = (90.0, 300.0)

# The largest fuses that such connections usually have: 100 A in a cut-out of the United Kingdom (BS 7657), a service of
# 200 A in North America (the usual size under NEC 230.79), three times 80 A in the Netherlands, the largest of a small
# consumer (Netcode elektriciteit, 3 x 80 A).
USUAL_FUSE_A = {
    SYSTEM_SINGLE_PHASE: 100.0,
    SYSTEM_SPLIT_PHASE: 200.0,
    SYSTEM_THREE_PHASE: 80.0,
}

type Errors = dict[str, str]


def _is_power(unit: str | None) -> bool:
    return as_power_w(0, unit) is not None


def _is_flow(unit: str | None) -> bool:
    return _is_power(unit) or as_energy_wh(0, unit) is not None


def _is_flow_or_current(unit: str | None) -> bool:
    return _is_flow(unit) or as_current_a(0, unit) is not None


def _is_temperature(unit: str | None) -> bool:
    return as_temperature_c(0, unit) is not None


def _is_percent(unit: str | None) -> bool:
    return as_percent(0, unit) is not None


_UNITS: dict[str, Callable[[str | None], bool]] = {
    GRID_POWER: _is_power,
    GRID_IMPORT: _is_flow,
    GRID_EXPORT: _is_flow,
    GRID_PHASES: _is_flow_or_current,
    GRID_PHASES_EXPORT: _is_flow_or_current,
    GRID_PHASE_POWERS: _is_power,
    SOLAR_POWER: _is_flow,
    BATTERY_POWER: _is_power,
    BATTERY_DISCHARGE: _is_flow,
    BATTERY_CHARGE: _is_flow,
    BATTERY_SOC: _is_percent,
    CONF_TEMPERATURE: _is_temperature,
}


def check_grid(hass: HomeAssistant, form: Mapping[str, Any]) -> Errors:
    """Check the form of the grid's meters."""
    errors = check_meter(hass, form, SITE_PHASES[form[CONF_SYSTEM]])
    if form.get(GRID_UNMETERED):
        if has_meter(form):
            errors.setdefault(GRID_UNMETERED, "meter_and_none")
    elif not has_meter(form):
        errors.setdefault(GRID_POWER, "no_meter")
    return errors


def has_meter(form: Mapping[str, Any]) -> bool:
    """Whether a form names a meter."""
    fields = (GRID_POWER, GRID_IMPORT, GRID_EXPORT, GRID_PHASES)
    return any(form.get(field) for field in fields)


def check_meter(hass: HomeAssistant, form: Mapping[str, Any], phases: int) -> Errors:
    """Check the form of a meter on this many phases."""
    errors = check_entities(hass, form, used=())
    for field in (GRID_PHASES, GRID_PHASES_EXPORT, GRID_PHASE_POWERS):
        if form.get(field) and len(form[field]) != phases:
            errors.setdefault(field, "wrong_number_of_phases")
    for field in (GRID_PHASES_EXPORT, GRID_PHASE_POWERS):
        if form.get(field) and not form.get(GRID_PHASES):
            errors.setdefault(GRID_PHASES, "phases_missing")
    if form.get(GRID_POWER) and (form.get(GRID_IMPORT) or form.get(GRID_EXPORT)):
        errors.setdefault(GRID_POWER, "one_or_two_sensors")
    elif form.get(GRID_EXPORT) and not form.get(GRID_IMPORT):
        errors.setdefault(GRID_IMPORT, "import_missing")
    return errors


def check_sun(
    hass: HomeAssistant, form: Mapping[str, Any], used: Iterable[str]
) -> Errors:
    """Check the form of sun and battery; `used` are the entities of the grid."""
    errors = check_entities(hass, form, used)
    pair = [form.get(BATTERY_DISCHARGE), form.get(BATTERY_CHARGE)]
    if any(pair) and not all(pair):
        missing = BATTERY_CHARGE if pair[0] else BATTERY_DISCHARGE
        errors.setdefault(missing, "both_directions")
    if form.get(BATTERY_CAPACITY, 1) <= 0:
        errors.setdefault(BATTERY_CAPACITY, "not_positive")
    return errors


def check_entities(
    hass: HomeAssistant, form: Mapping[str, Any], used: Iterable[str]
) -> Errors:
    """Check that each entity exists, has a unit that fits its field, and is used once."""
    errors: Errors = {}
    seen = set(used)
    for field, fits in _UNITS.items():
        value = form.get(field, ())
        for entity_id in [value] if isinstance(value, str) else value:
            if entity_id in seen:
                errors.setdefault(field, "same_entity")
            elif (problem := _entity_problem(hass, entity_id, fits)) is not None:
                errors.setdefault(field, problem)
            seen.add(entity_id)
    return errors


def _entity_problem(
    hass: HomeAssistant, entity_id: str, fits: Callable[[str | None], bool]
) -> str | None:
    state = hass.states.get(entity_id)
    entry = er.async_get(hass).async_get(entity_id)
    if state is None and entry is None:
        return "entity_missing"
    if entry is not None and entry.disabled:
        return "entity_disabled"
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    if unit is None and entry is not None:
        unit = entry.unit_of_measurement
    if unit is None and (state is None or state.state == STATE_UNAVAILABLE):
        # The unit of an inverter that sleeps at night appears in the morning.
        return "entity_unavailable"
    if unit is None:
        return "no_unit"
    return None if fits(unit) else "wrong_unit"


def check_electrical(form: Mapping[str, Any]) -> Errors:
    """Check voltage, main fuse and margin."""
    errors: Errors = {}
    if not VOLTAGES_V[0] <= form[CONF_VOLTAGE] <= VOLTAGES_V[1]:
        errors[CONF_VOLTAGE] = "voltage"
    if form[CONF_MAIN_FUSE] <= 0:
        errors[CONF_MAIN_FUSE] = "fuse"
    return errors | check_margin(form[CONF_MARGIN], form[CONF_MAIN_FUSE])


def doubt_fuse(form: Mapping[str, Any], system: str) -> Errors:
    """Return a doubt about an unusual main fuse for such a connection: 250 A may be a typing error for 25 A."""
    above = form[CONF_MAIN_FUSE] > USUAL_FUSE_A[system]
    return {CONF_MAIN_FUSE: "fuse_unusual"} if above else {}


def check_options(form: Mapping[str, Any], main_fuse_a: float) -> Errors:
    """Check the options."""
    errors = check_margin(form[CONF_MARGIN], main_fuse_a)
    if form[CONF_METER_MAX_AGE] <= 0:
        errors[CONF_METER_MAX_AGE] = "not_positive"
    return errors


def check_margin(margin_a: float, main_fuse_a: float) -> Errors:
    """Check that the margin leaves a part of the fuse."""
    if margin_a < 0 or (margin_a >= main_fuse_a > 0):
        return {CONF_MARGIN: "margin"}
    return {}


async def async_port_is_free(host: str | None, port: int) -> bool:
    """Return whether this machine can listen on the port."""
    return await asyncio.get_running_loop().run_in_executor(None, _bind, host, port)


def _bind(host: str | None, port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host or "", port))
        except OSError:
            return False
        return True


def check_name(form: Mapping[str, Any]) -> Errors:
    """Check that something has a name: devices, sentences and repair issues use it."""
    return {} if form[CONF_NAME].strip() else {CONF_NAME: "name_missing"}


def check_new_name(
    entry: ConfigEntry, kind: str, name: str, own: str | None = None
) -> Errors:
    """Check that no other of this kind has a name: lists, exports and spoken commands have nothing else to tell them apart.

    `own` is the one that is changed; it may keep a name that Home Assistant's own page gave to two.
    """
    name = name.strip().casefold()
    titles = {
        one.subentry_id: one.title.strip().casefold()
        for one in entry.get_subentries_of_type(kind)
    }
    taken = titles.get(own or "") != name and name in titles.values()
    return {CONF_NAME: "name_taken"} if taken else {}


def check_charger(form: Mapping[str, Any], limit_a: float) -> Errors:
    """Check a charger's currents against the limit of its circuit."""
    errors: Errors = {}
    if form[CONF_MIN_CURRENT] < LEAST_CURRENT_A:
        errors[CONF_MIN_CURRENT] = "below_6_a"
    if form[CONF_MAX_CURRENT] > limit_a:
        errors[CONF_MAX_CURRENT] = "above_fuse"
    elif form[CONF_MAX_CURRENT] < form[CONF_MIN_CURRENT]:
        errors[CONF_MAX_CURRENT] = "below_minimum"
    fail_safe_a = form[CONF_FAIL_SAFE_CURRENT]
    if fail_safe_a > form[CONF_MAX_CURRENT] or 0 < fail_safe_a < LEAST_CURRENT_A:
        errors[CONF_FAIL_SAFE_CURRENT] = "fail_safe"
    return errors
