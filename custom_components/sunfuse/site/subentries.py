"""Which of a site's sub-entries can be used.

A sub-entry that another version of Sunfuse stored, or that was edited by hand, may lack a field or have a value that no form
allows. It is ignored until it is removed or changed, a repair issue names it (repair_issues/open_issues.py), and the rest of
the site runs.
"""

from collections.abc import Callable, Mapping
from datetime import date, time
from math import isfinite
from typing import Any
from weakref import WeakKeyDictionary

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from ..central_system.station.connector_count import MAX_CONNECTORS
from ..const import (
    BASIS_COST,
    BASIS_FIXED,
    CONF_ASSUMED_LOAD,
    CONF_BASIS,
    CONF_BOOST_QUOTA_KWH,
    CONF_CAPACITY_KWH,
    CONF_CARD_NUMBER,
    CONF_CHARGE_EFFICIENCY,
    CONF_CIRCUIT,
    CONF_CONNECTORS,
    CONF_CONSUMPTION,
    CONF_DERATE_FROM,
    CONF_DERATE_STOP,
    CONF_DERATE_TO,
    CONF_EXPIRY,
    CONF_FAIL_SAFE_CURRENT,
    CONF_FORMER_PASSWORD,
    CONF_GUESTS_AT,
    CONF_IDENTIFIERS,
    CONF_IDENTITY,
    CONF_L1_PHASE,
    CONF_LIMIT,
    CONF_MARGIN,
    CONF_MAX_CURRENT,
    CONF_METER_MAX_AGE,
    CONF_MIN_CURRENT,
    CONF_MODE,
    CONF_MORE_CONNECTORS,
    CONF_PARENT,
    CONF_PASSWORD,
    CONF_PER_HOUR,
    CONF_PER_KWH,
    CONF_PER_SESSION,
    CONF_PERSON,
    CONF_PERSON_ENTITY,
    CONF_PHASES,
    CONF_PRICE_LIST,
    CONF_PRIORITY,
    CONF_QUIRKS,
    CONF_QUOTA_KWH,
    CONF_QUOTA_OVER,
    CONF_RENEW,
    CONF_SECURITY,
    CONF_SHARE_PERCENT,
    CONF_SOURCES,
    CONF_SYSTEM,
    CONF_TIMES,
    CONF_USUAL_CONNECTOR,
    CONF_VALID_FROM,
    CONF_VALID_UNTIL,
    CONF_VAT_INCLUDED,
    CONF_VAT_PERCENT,
    CONF_VEHICLES,
    SECURITY_CERTIFICATE,
    SECURITY_OPEN,
    SECURITY_PASSWORD,
    SITE_PHASES,
    SUBENTRY_CARD,
    SUBENTRY_CHARGER,
    SUBENTRY_CIRCUIT,
    SUBENTRY_MODBUS,
    SUBENTRY_PERSON,
    SUBENTRY_PRICE_LIST,
    SUBENTRY_VEHICLE,
)
from ..drivers.person_terms import QuotaOver
from ..engine.model import Mode
from ..sources.config import CircuitSources
from ..sources.modbus.site_devices import DeviceConfig
from ..sources.tariffs.table import WEEKDAYS
from ..sources.vehicles import CarEntities

# A state has at most 255 characters, and of two vehicles alike the second has a number.
_LONGEST_NAME = 200

type Data = Mapping[str, Any]
# It raises one of `_NOT_AS_EXPECTED` if data cannot be used.
type Check = Callable[[Data, Data], object]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise vol.Invalid("not a number")
    if not isfinite(value):
        raise vol.Invalid("not a finite number")
    return float(value)


_TEXT = vol.All(str, vol.Length(min=1))
_AMPERES = vol.All(_number, vol.Range(min=0))
_ABOVE_0 = vol.All(_number, vol.Range(min=0, min_included=False))
_COUNT = vol.All(int, vol.Range(min=1))
_CONNECTOR = vol.All(_COUNT, vol.Range(max=MAX_CONNECTORS))

_CHARGER = vol.Schema(
    {
        vol.Required(CONF_IDENTITY): _TEXT,
        vol.Required(CONF_CIRCUIT): _TEXT,
        vol.Required(CONF_L1_PHASE): vol.In(("L1", "L2", "L3")),
        vol.Required(CONF_PHASES): vol.All(_COUNT, vol.Range(max=3)),
        vol.Required(CONF_MIN_CURRENT): _ABOVE_0,
        vol.Required(CONF_MAX_CURRENT): _ABOVE_0,
        vol.Required(CONF_FAIL_SAFE_CURRENT): _AMPERES,
        vol.Optional(CONF_CONNECTORS): _CONNECTOR,
        vol.Optional(CONF_MORE_CONNECTORS): [_CONNECTOR],
        vol.Optional(CONF_MODE): vol.In(list(Mode)),
        vol.Optional(CONF_EXPIRY): _ABOVE_0,
        vol.Optional(CONF_RENEW): _ABOVE_0,
        vol.Optional(CONF_SECURITY): vol.In(
            (SECURITY_OPEN, SECURITY_PASSWORD, SECURITY_CERTIFICATE)
        ),
        vol.Optional(CONF_PASSWORD): vol.Any(None, str),
        vol.Optional(CONF_FORMER_PASSWORD): vol.Any(None, str, [vol.Any(None, str)]),
        vol.Optional(CONF_QUIRKS): {str: str},
    },
    extra=vol.ALLOW_EXTRA,
)
_PER_PHASE = {
    vol.Optional(f"{what}_l{phase}_a"): _AMPERES
    for what in ("limit", "fixed")
    for phase in (1, 2, 3)
}
_CIRCUIT = vol.Schema(
    {
        **_PER_PHASE,
        vol.Required(CONF_PARENT): _TEXT,
        vol.Required(CONF_LIMIT): _AMPERES,
        vol.Required(CONF_MARGIN): _AMPERES,
        vol.Optional(CONF_ASSUMED_LOAD): vol.Any(None, _AMPERES),
        vol.Optional(CONF_METER_MAX_AGE): _ABOVE_0,
        vol.Optional(CONF_DERATE_FROM): _number,
        vol.Optional(CONF_DERATE_TO): _number,
        vol.Optional(CONF_DERATE_STOP): _number,
        vol.Optional(CONF_SOURCES): dict,
    },
    extra=vol.ALLOW_EXTRA,
)
_CARD = vol.Schema(
    {vol.Required(CONF_CARD_NUMBER): _TEXT, vol.Required(CONF_PERSON): _TEXT},
    extra=vol.ALLOW_EXTRA,
)
_DAY = vol.All(str, date.fromisoformat)
_CLOCK = vol.All(str, time.fromisoformat)
_PERSON = vol.Schema(
    {
        vol.Optional(CONF_PERSON_ENTITY): _TEXT,
        vol.Optional(CONF_PRICE_LIST): _TEXT,
        vol.Optional(CONF_VEHICLES): [_TEXT],
        vol.Optional(CONF_PRIORITY): _COUNT,
        vol.Optional(CONF_BOOST_QUOTA_KWH): _ABOVE_0,
        vol.Optional(CONF_VALID_FROM): _DAY,
        vol.Optional(CONF_VALID_UNTIL): _DAY,
        vol.Optional(CONF_QUOTA_KWH): _ABOVE_0,
        vol.Optional(CONF_QUOTA_OVER): vol.In(tuple(QuotaOver)),
    },
    extra=vol.ALLOW_EXTRA,
)
_PRICE_TIME = vol.Schema(
    {
        vol.Optional("start"): _CLOCK,
        vol.Optional("end"): _CLOCK,
        vol.Optional("weekdays"): [vol.In(WEEKDAYS)],
        vol.Optional(CONF_PER_KWH): _number,
        vol.Optional(CONF_PER_HOUR): _number,
    },
    extra=vol.ALLOW_EXTRA,
)
_PRICE_LIST = vol.Schema(
    {
        vol.Required(CONF_BASIS): vol.In((BASIS_FIXED, BASIS_COST)),
        vol.Optional(CONF_PER_KWH): _number,
        vol.Optional(CONF_PER_HOUR): _number,
        vol.Optional(CONF_PER_SESSION): _number,
        vol.Optional(CONF_SHARE_PERCENT): _number,
        vol.Optional(CONF_TIMES): [_PRICE_TIME],
        vol.Optional(CONF_GUESTS_AT): [_TEXT],
        vol.Optional(CONF_VAT_PERCENT): _number,
        vol.Optional(CONF_VAT_INCLUDED): bool,
    },
    extra=vol.ALLOW_EXTRA,
)
_VEHICLE = vol.Schema(
    {
        vol.Required(CONF_CAPACITY_KWH): _ABOVE_0,
        vol.Optional(CONF_MAX_CURRENT): _ABOVE_0,
        vol.Optional(CONF_PHASES): vol.All(_COUNT, vol.Range(max=3)),
        vol.Optional(CONF_IDENTIFIERS): [_TEXT],
        vol.Optional(CONF_USUAL_CONNECTOR): _TEXT,
        vol.Optional(CONF_PRIORITY): _COUNT,
        vol.Optional(CONF_CHARGE_EFFICIENCY): vol.All(_ABOVE_0, vol.Range(max=100)),
        vol.Optional(CONF_CONSUMPTION): _ABOVE_0,
        vol.Optional(CONF_SOURCES): dict,
    },
    extra=vol.ALLOW_EXTRA,
)


def _check_vehicle(data: Data, _site: Data) -> None:
    _VEHICLE(dict(data))
    CarEntities.from_dict(data.get(CONF_SOURCES, {}))


def _check_charger(data: Data, site: Data) -> None:
    _CHARGER(dict(data))
    if data[CONF_PHASES] > SITE_PHASES[site[CONF_SYSTEM]]:
        raise vol.Invalid("more phases than the site has")


def _check_circuit(data: Data, _site: Data) -> None:
    _CIRCUIT(dict(data))
    sources = CircuitSources.from_dict(data.get(CONF_SOURCES, {}))
    if sources.temperature:
        for field in (CONF_DERATE_FROM, CONF_DERATE_TO, CONF_DERATE_STOP):
            _number(data[field])


_CHECKS: Mapping[str, Check] = {
    SUBENTRY_CHARGER: _check_charger,
    SUBENTRY_CIRCUIT: _check_circuit,
    SUBENTRY_MODBUS: lambda data, _site: DeviceConfig.from_dict(data),
    SUBENTRY_VEHICLE: _check_vehicle,
    SUBENTRY_CARD: lambda data, _site: _CARD(dict(data)),
    SUBENTRY_PERSON: lambda data, _site: _PERSON(dict(data)),
    SUBENTRY_PRICE_LIST: lambda data, _site: _PRICE_LIST(dict(data)),
}
# What reading invalid stored data raises.
_NOT_AS_EXPECTED = (
    vol.Invalid,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
)


def usable(entry: ConfigEntry, kind: str) -> list[ConfigSubentry]:
    """Return the usable sub-entries of a kind."""
    return [
        subentry
        for subentry in entry.get_subentries_of_type(kind)
        if _can_be_used(entry, subentry)
    ]


def ignored(entry: ConfigEntry, *kinds: str) -> list[ConfigSubentry]:
    """Return the sub-entries of some kinds that are ignored; of all kinds, if none is named."""
    return [
        subentry
        for kind in kinds or _CHECKS
        for subentry in entry.get_subentries_of_type(kind)
        if not _can_be_used(entry, subentry)
    ]


def shown_name(subentry: ConfigSubentry) -> str:
    """Return the name of a vehicle or a person as the state of an entity can hold it."""
    name = subentry.title
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


# The results, with the data that they are of: this is asked at every tick.
_found: WeakKeyDictionary[ConfigEntry, dict[str, tuple[Data, Data, bool]]] = (
    WeakKeyDictionary()
)


def _can_be_used(entry: ConfigEntry, subentry: ConfigSubentry) -> bool:
    known = _found.setdefault(entry, {})
    data, site, verdict = known.get(subentry.subentry_id, (None, None, False))
    if data is not subentry.data or site is not entry.data:
        verdict = _is_as_expected(subentry, entry.data)
        known[subentry.subentry_id] = (subentry.data, entry.data, verdict)
    return verdict


def _is_as_expected(subentry: ConfigSubentry, site: Data) -> bool:
    """Return whether stored data can be used: the fault boundary of each sub-entry."""
    try:
        _CHECKS[subentry.subentry_type](subentry.data, site)
    except _NOT_AS_EXPECTED:
        return False
    return True
