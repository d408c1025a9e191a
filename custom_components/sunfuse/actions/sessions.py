"""The actions about sessions: what happened, and what is known of a person. They are for administrators."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service

from ..central_system.security.ocmf import check_ocmf
from ..const import CONF_CARD_NUMBER, CONF_PERSON, DOMAIN, SUBENTRY_CARD
from ..data import SunfuseConfigEntry, SunfuseData
from ..sessions import GroupBy, SessionFilter, SessionRow, whole_wh
from ..site.ledger.ledger import SiteLedger
from ..site.people.cards import masked
from ..site.people.person_removal import async_delete_person, async_join_persons
from ..site.people.persons import Person
from ..site.subentries import usable
from .open_ledger import open_ledger
from .targets import named_site
from .values import YES_OR_NO, ActionSchema, moment

_MOST_SESSIONS = 10_000
# Which sessions, by time and by name.
FILTERS = {
    vol.Optional("start"): moment,
    vol.Optional("end"): moment,
    vol.Optional("person"): cv.string,
    vol.Optional("vehicle"): cv.string,
    vol.Optional("charger"): cv.string,
}
GET_SESSIONS = ActionSchema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        **FILTERS,
        vol.Optional("details", default=False): YES_OR_NO,
        vol.Optional("public_key", default=""): cv.string,
    }
)
BILL_AGAIN = ActionSchema(
    {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string, vol.Required("start"): moment}
)
DELETE_PERSON = ActionSchema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Required("person"): cv.string,
        vol.Optional("remove", default=True): YES_OR_NO,
    }
)
JOIN_PERSONS = ActionSchema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Required("person"): cv.string,
        vol.Required("into"): cv.string,
    }
)


async def _get_sessions(call: ServiceCall) -> ServiceResponse:
    entry = named_site(call)
    with open_ledger(entry):
        return await _async_sessions(call.hass, entry, entry.runtime_data, call.data)


async def _delete_person(call: ServiceCall) -> None:
    entry = named_site(call)
    with open_ledger(entry):
        person = await _async_person(entry, call.data["person"])
        await async_delete_person(call.hass, entry, person, remove=call.data["remove"])


async def _join_persons(call: ServiceCall) -> None:
    entry = named_site(call)
    persons = entry.runtime_data.persons
    with open_ledger(entry):
        person = await _async_person(entry, call.data["person"])
        into = await _async_person(entry, call.data["into"])
        if person == into or persons.get(into) is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="name_not_found",
                translation_placeholders={"name": call.data["into"]},
            )
        await async_join_persons(call.hass, entry, person, into)


async def _bill_again(call: ServiceCall) -> ServiceResponse:
    with open_ledger(named_site(call)) as ledger:
        billed = await ledger.configuration.async_bill_again(call.data["start"])
        ledger.tell()
        return {"sessions": billed}


@callback
def async_setup_session_actions(hass: HomeAssistant) -> None:
    """Register the actions."""

    async_register_admin_service(
        hass,
        DOMAIN,
        "bill_again",
        _bill_again,
        BILL_AGAIN,
        SupportsResponse.OPTIONAL,
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        "get_sessions",
        _get_sessions,
        GET_SESSIONS,
        SupportsResponse.ONLY,
    )
    async_register_admin_service(
        hass, DOMAIN, "delete_person", _delete_person, DELETE_PERSON
    )
    async_register_admin_service(
        hass, DOMAIN, "join_persons", _join_persons, JOIN_PERSONS
    )


async def _async_sessions(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    runtime: SunfuseData,
    asked: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the sessions that are asked for."""
    ledger = runtime.ledger
    names = await ledger.async_all_names()
    wanted = session_filter(asked, names)
    wanted = replace(wanted, unused=asked["details"])
    rows = await ledger.async_sessions(wanted, limit=_MOST_SESSIONS)
    # As many take longer than the event loop may wait.
    listed = await hass.async_add_executor_job(
        lambda: [_as_dict(row, names) for row in rows]
    )
    if asked["details"]:
        for row, session in zip(rows, listed, strict=True):
            session |= await _details(hass, ledger, row, asked["public_key"])
    found: dict[str, Any] = {"sessions": listed}
    person = runtime.persons.get(wanted.person)
    if asked["details"] and person is not None:
        found["person"] = _agreed_with(entry, person)
    return found


def session_filter(
    asked: Mapping[str, Any], names: Mapping[GroupBy, Mapping[str, str]]
) -> SessionFilter:
    """Return which sessions are asked for.

    Raises:
        ServiceValidationError: nothing, or more than one thing, has a name; or the period ends before it begins.

    """
    start, end = asked.get("start"), asked.get("end")
    if start is not None and end is not None and end < start:
        # Whoever mixes them up would get an empty bill.
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="period_reversed"
        )
    return SessionFilter(
        start=start,
        end=end,
        person=_key(names[GroupBy.PERSON], asked.get("person")),
        vehicle=_key(names[GroupBy.VEHICLE], asked.get("vehicle")),
        station=_key(names[GroupBy.STATION], asked.get("charger")),
    )


async def _async_person(entry: SunfuseConfigEntry, wanted: str) -> str:
    """Return the person with a name or an id, also one who is no longer part of the site."""
    person = _key(await entry.runtime_data.ledger.async_names("person"), wanted)
    assert person is not None
    return person


def _key(names: Mapping[str, str], wanted: str | None) -> str | None:
    """Return the person with a name or an id.

    Raises:
        ServiceValidationError: nobody, or more than one.

    """
    if wanted is None or wanted in names:
        return wanted
    found = [key for key, name in names.items() if name.casefold() == wanted.casefold()]
    if len(found) != 1:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="name_not_found",
            translation_placeholders={"name": wanted},
        )
    return found[0]


def _as_dict(
    row: SessionRow, names: Mapping[GroupBy, Mapping[str, str]]
) -> dict[str, Any]:
    """Return a session for a response; whose card it was, not the card."""

    def named(by: GroupBy, key: str | None) -> str | None:
        return None if key is None else names[by].get(key, key)

    return {
        "charger": named(GroupBy.STATION, row.station),
        "identity": row.station,
        "connector": row.connector,
        "transaction": row.transaction,
        "person": named(GroupBy.PERSON, row.person),
        "vehicle": named(GroupBy.VEHICLE, row.vehicle),
        "plugged_in": _time(row.plugged_at),
        "started": _time(row.started_at),
        "stopped": _time(row.stopped_at),
        "unplugged": _time(row.unplugged_at),
        "meter_start_kwh": _kwh(row.meter_start_wh),
        "meter_end_kwh": _kwh(row.meter_end_wh),
        "energy_kwh": _kwh(row.energy_wh),
        "sun_kwh": _kwh(row.sun_wh),
        "battery_kwh": _kwh(row.battery_wh),
        "grid_kwh": _kwh(row.grid_wh),
        "estimated_kwh": _kwh(row.estimated_wh),
        "peak_kw": _kwh(row.peak_w),
        "cost": _money(row.cost),
        "grid_cost": _money(row.grid_cost),
        "feed_in_lost": _money(row.feed_in_lost),
        "cost_at_once": _money(row.at_once_cost),
        "billed": row.billed,
        "billed_net": _money(row.billed_net),
        "billed_vat": _money(row.billed_vat),
        "vat_percent": row.vat_percent,
        "billed_currency": row.billed_currency,
        "price_list": row.price_list,
        "currency": row.currency,
        "end_reason": row.end_reason,
        "offline": row.offline,
        "corrected": _time(row.corrected_at),
    }


def _agreed_with(entry: SunfuseConfigEntry, person: Person) -> dict[str, Any]:
    """Return what is stored of a person besides their sessions; of their cards what may be shown."""

    def title(subentry_id: str | None) -> str | None:
        found = entry.subentries.get(subentry_id) if subentry_id else None
        return None if found is None else found.title

    terms = person.terms
    return {
        "name": person.name,
        "home_assistant_person": person.entity,
        "cards": [
            {"card": masked(card.data[CONF_CARD_NUMBER]), "kind": card.data["kind"]}
            for card in usable(entry, SUBENTRY_CARD)
            if card.data[CONF_PERSON] == person.id
        ],
        "vehicles": [title(vehicle) for vehicle in sorted(person.vehicles)],
        "price_list": title(person.price_list),
        "priority": person.priority,
        "valid_from": terms.valid_from.isoformat() if terms.valid_from else None,
        "valid_until": terms.valid_until.isoformat() if terms.valid_until else None,
        "monthly_quota_kwh": _kwh(terms.quota_wh),
        "used_this_month_kwh": _kwh(entry.runtime_data.persons.used_wh(person.id)),
        "weekly_boost_quota_kwh": _kwh(person.boost_quota_wh),
    }


async def _details(
    hass: HomeAssistant, ledger: SiteLedger, row: SessionRow, public_key: str
) -> dict[str, Any]:
    """Return what is known of a session besides its row; signatures are checked by a key, else by the one sent along."""
    signed = await ledger.async_signed_values(row.number)
    checks = await hass.async_add_executor_job(
        lambda: [check_ocmf(one.data, public_key or one.public_key) for one in signed]
    )
    return {
        "intervals": [
            {
                "start": _time(one.start),
                "energy_kwh": _kwh(one.energy_wh),
                "sun_kwh": _kwh(one.sun_wh),
                "battery_kwh": _kwh(one.battery_wh),
                "grid_kwh": _kwh(one.grid_wh),
                "estimated_kwh": _kwh(one.estimated_wh),
                "import_price": one.import_price,
                "export_price": one.export_price,
            }
            for one in await ledger.async_intervals(row.number)
        ],
        "pauses": [
            {
                "reason": one.reason,
                "minutes": round(one.seconds / 60, 1),
                "times": one.times,
                "first": _time(one.first_at),
                "last": _time(one.last_at),
            }
            for one in await ledger.async_pauses(row.number)
        ],
        "signed_values": [
            {
                "at": _time(one.at),
                "context": one.context,
                "encoding": one.encoding,
                "data": one.data,
                "method": one.method,
                "public_key": one.public_key,
                "signature": check.value,
            }
            for one, check in zip(signed, checks, strict=True)
        ],
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else whole_wh(energy_wh) / 1000


def _money(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4)
