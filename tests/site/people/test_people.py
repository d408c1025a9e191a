"""People: their cards, validity, quotas and price lists, as drivers at a charger and their administrator see them."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from http import HTTPStatus
import sqlite3
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.sunfuse.drivers.person_terms import (
    PersonStanding,
    PersonTerms,
    QuotaOver,
    standing_of,
)
from homeassistant.config_entries import ConfigSubentryData, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from ...common import PATIENCE_S, wait_until
from ...forms import suggested
from ...site_fixtures import Home
from ..ledger.test_ledger import (
    ANNA,
    ledger_of,
    rows,
    start_transaction,
    stop_transaction,
)
from .test_cards import NUMBER, add_card, add_person, held, set_policy

pytestmark = pytest.mark.usefixtures("socket_enabled")

TODAY = date(2026, 5, 5)


@pytest.mark.parametrize(
    ("terms", "used_wh", "standing"),
    [
        ({}, 1e9, "valid"),
        ({"valid_from": TODAY + timedelta(1)}, 0, "not_yet"),
        ({"valid_from": TODAY, "valid_until": TODAY}, 0, "valid"),
        ({"valid_until": TODAY - timedelta(1), "quota_wh": 1}, 5, "expired"),
        ({"quota_wh": 1000.0}, 999.9, "valid"),
        ({"quota_wh": 1000.0}, 1000.0, "sun_only"),
        ({"quota_wh": 1000.0, "quota_over": QuotaOver.REFUSE}, 1000.0, "used_up"),
    ],
)
def test_who_may_charge(terms: dict[str, Any], used_wh: float, standing: str) -> None:
    """Both days are included; a quota is used up when it is reached."""
    assert standing_of(PersonTerms(**terms), TODAY, used_wh) == standing


def persons_of(home: Home) -> dict[str, str]:
    """Return the ids of persons by name."""
    return {
        one.title: one.subentry_id
        for one in home.entry.get_subentries_of_type("person")
    }


async def change(home: Home, subentry_id: str, **values: Any) -> SubentryFlowResult:
    """Change a part of the site in its form; the other fields stay."""
    form = await home.entry.start_subentry_reconfigure_flow(home.hass, subentry_id)
    kind = home.entry.subentries[subentry_id].subentry_type
    own: dict[str, Any] = {"limits": {}} if kind == "person" else {}
    result = await home.hass.config_entries.subentries.async_configure(
        form["flow_id"], suggested(form) | own | values
    )
    await home.hass.async_block_till_done()
    return result


async def add_price_list(home: Home, **values: Any) -> dict[str, str] | None:
    """Add a price list; return what was wrong with it."""
    subentries = home.hass.config_entries.subentries
    form = await subentries.async_init(
        (home.entry.entry_id, "price_list"), context={"source": "user"}
    )
    result = await subentries.async_configure(
        form["flow_id"], {"name": "Staff", "basis": "fixed"} | values
    )
    await home.hass.async_block_till_done()
    return result.get("errors")


async def test_cards_of_earlier_versions_get_a_person(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The person has the id of the card, and with it its sessions; vehicles know the card by its new one."""
    card: ConfigSubentryData = {
        "data": {
            "number": "04A1B2C3",
            "kind": "rfid",
            "blocked": True,
            "priority": 8,
            "boost_quota_kwh": 20,
        },
        "subentry_type": "card",
        "title": "Anna",
        "unique_id": "card",
    }
    zoe: ConfigSubentryData = {
        "data": {"capacity_kwh": 50.0, "identifiers": ["OLD", "typed"]},
        "subentry_type": "vehicle",
        "title": "Zoe",
        "unique_id": None,
    }
    home: Home = await start("CP1", {**card, "subentry_id": "OLD"}, zoe)
    (person,) = home.entry.get_subentries_of_type("person")
    (kept,) = home.entry.get_subentries_of_type("card")
    (vehicle,) = home.entry.get_subentries_of_type("vehicle")
    assert (person.subentry_id, person.title) == ("OLD", "Anna")
    assert dict(person.data) == {"priority": 8, "boost_quota_kwh": 20}
    assert dict(kept.data) == {
        "number": "04A1B2C3",
        "kind": "rfid",
        "blocked": True,
        "person": "OLD",
    }
    assert kept.unique_id == "card"
    assert vehicle.data["identifiers"] == [kept.subentry_id, "typed"]
    assert home.state("sensor", "OLD_month_energy") == "0.0"
    assert home.entry.minor_version == 4


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"name": " "}, {"name": "name_missing"}),
        ({"name": "ben"}, {"name": "name_taken"}),
        (
            {"limits": {"valid_from": "2026-05-02", "valid_until": "2026-05-01"}},
            {"limits": "ends_before_it_begins"},
        ),
        ({"limits": {"quota_kwh": 0}}, {"limits": "quota_not_positive"}),
        ({"limits": {"boost_quota_kwh": 0}}, {"limits": "quota_not_positive"}),
    ],
)
async def test_what_is_wrong_with_a_person(
    start: Callable[..., Any], values: dict[str, Any], errors: dict[str, str]
) -> None:
    """It is said at its field."""
    home: Home = await start("CP1")
    assert await add_person(home, name="Ben") is None
    assert await add_person(home, **({"name": "Anna"} | values)) == errors


async def test_a_person_is_renamed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Without a name it is that of Home Assistant's person; cards follow, and the device goes with the person."""
    home: Home = await start("CP1")
    hass.states.async_set("person.anna", "home", {"friendly_name": "Anna A."})
    assert await add_person(home, person_entity="person.anna") is None
    anna = persons_of(home)["Anna A."]
    assert await add_card(home, person="Anna A.") is None
    assert await add_card(home, person="anna a.", number="04-SECOND") is None
    assert list(persons_of(home)) == ["Anna A."]
    await change(home, anna, name="Anna B.")
    titles = {one.title for one in home.entry.get_subentries_of_type("card")}
    assert titles == {"Anna B. (…E680)", "Anna B. (…COND)"}
    devices = dr.async_get(hass)
    identifier = ("sunfuse", f"{home.entry.entry_id}_{anna}")

    def device() -> Any:
        return devices.async_get_device_by_identifier(identifier, home.entry.entry_id)

    assert device().name == "Anna B."
    station = await home.boot("CP1")
    await set_policy(home, "list")
    assert await held(station, "04-SECOND") == "Accepted"
    hass.config_entries.async_remove_subentry(home.entry, anna)
    await hass.async_block_till_done()
    # The cards of somebody who is gone are unknown ones.
    assert await held(station, "04-SECOND") == "Invalid"
    assert device() is None
    titles = {one.title for one in home.entry.get_subentries_of_type("card")}
    assert titles == {"…E680", "…COND"}  # without the name
    assert not hass.config_entries.flow.async_progress_by_handler("sunfuse")


async def test_validity(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Before and after it a card is refused; the charger knows the last day, and keeps it on its own."""
    home: Home = await start("CP1")
    assert await add_card(home) is None
    station = await home.boot("CP1")
    station.answers["GetLocalListVersion"] = {"listVersion": 0}
    station.answers["SendLocalList"] = {"status": "Accepted"}
    anna = persons_of(home)["Anna"]
    today = dt_util.now().date()
    tomorrow = (today + timedelta(1)).isoformat()
    yesterday = (today - timedelta(1)).isoformat()
    await change(home, anna, limits={"valid_from": tomorrow})
    assert await held(station, NUMBER) == "Blocked"
    assert home.state("sensor", f"{anna}_standing") == "not_yet"
    await change(home, anna, limits={"valid_until": today.isoformat()})
    assert await held(station, NUMBER) == "Accepted"

    def infos() -> list[dict[str, Any]]:
        return [
            entry["idTagInfo"]
            for told in station.received("SendLocalList")
            for entry in told.get("localAuthorizationList", [])
        ]

    midnight = dt_util.start_of_local_day(today + timedelta(1))
    await wait_until(
        lambda: infos() and "expiryDate" in infos()[-1], "a list that expires"
    )
    assert dt_util.parse_datetime(infos()[-1]["expiryDate"]) == midnight
    await change(home, anna, limits={"valid_until": yesterday})
    assert await held(station, NUMBER) == "Expired"
    assert home.state("sensor", f"{anna}_standing") == "expired"


@pytest.mark.parametrize(
    ("over", "mode", "answer"),
    [("sun", "solar", "Accepted"), ("refuse", "off", "Blocked")],
)
async def test_a_quota_is_used_up(
    hass: HomeAssistant,
    start: Callable[..., Any],
    over: str,
    mode: str,
    answer: str,
) -> None:
    """While the session runs: sun only or nothing, and no boost; then the card is refused or not."""
    home: Home = await start("CP1", ANNA)
    anna = persons_of(home)["Anna"]
    limits = {"quota_kwh": 0.5, "quota_over": over}
    await change(home, anna, limits=limits)
    assert home.state("sensor", f"{anna}_quota_left") == "0.5"
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await home.tell(station, "Charging")

    def its_mode() -> str:
        data = home.entry.runtime_data.coordinator.data
        return str(data.snapshot.connectors[0].mode)

    assert its_mode() == "fast"
    await home.draw(station, 10, register_kwh=1.6)
    home.entry.runtime_data.controller.tick()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await home.shows("sensor", f"{anna}_quota_left", "0.0")
    # A sum that only grows is written each quarter of an hour.
    await home.entry.runtime_data.figures.async_refresh()
    await home.shows("sensor", f"{anna}_month_energy", "0.6")
    await wait_until(lambda: its_mode() == mode, f"mode {mode}")

    def says(name: str) -> bool:
        reason = hass.states.get(home.entity("sensor", "CP1/1_reason"))
        assert reason is not None
        explanation = reason.attributes["explanation"]
        return f"{name} has used up this month's energy quota" in explanation

    assert says("Anna")
    await change(home, anna, name="Anna B.", limits=limits)
    await wait_until(lambda: says("Anna B."), "the new name")
    assert await held(station, "04A1B2C3") == answer
    with pytest.raises(ServiceValidationError) as refused:
        await home.call("switch", "turn_on", "CP1/1_boost")
    assert refused.value.translation_key == "month_quota_used"
    await change(home, anna, limits={"quota_kwh": 100})
    await wait_until(lambda: its_mode() == "fast", "full power again")
    assert await held(station, "04A1B2C3") == "Accepted"


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"name": " ", "per_kwh": 1}, {"name": "name_missing"}),
        ({"name": "club ", "per_kwh": 1}, {"name": "name_taken"}),
        ({}, {"per_kwh": "price_missing"}),
        ({"basis": "cost"}, {"share_percent": "share_missing"}),
        (
            {"per_kwh": 1, "times": [{"start": "07:10:00", "end": "08:00:00"}]},
            {"times": "not_a_quarter"},
        ),
        (
            {"per_kwh": 1, "times": [{"start": "07:00:00", "end": "08:00:00"}]},
            {"times": "bad_value"},
        ),
        ({"per_kwh": 1, "guests_at": ["CP1"]}, {"guests_at": "guests_have_prices"}),
    ],
)
async def test_what_is_wrong_with_a_price_list(
    start: Callable[..., Any], values: dict[str, Any], errors: dict[str, str]
) -> None:
    """It is said at its field."""
    home: Home = await start("CP1")
    guests = {"name": "Club", "per_session": 2, "guests_at": ["CP1"]}
    assert await add_price_list(home, **guests) is None
    assert await add_price_list(home, **values) == errors


async def test_a_session_is_billed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """By the price list of when it began, and by that of guests; it is shown for the person at once."""
    home: Home = await start("CP1", ANNA)
    anna = persons_of(home)["Anna"]
    times = [{"start": "00:00:00", "end": "00:00:00", "per_kwh": 0.50}]
    assert await add_price_list(home, per_kwh=9, per_session=1, times=times) is None
    guests = {"name": "Guests", "per_kwh": 2.0, "guests_at": ["CP1"]}
    guests |= {"vat_percent": 21, "vat_included": False}
    assert await add_price_list(home, **guests) is None
    staff = home.entry.get_subentries_of_type("price_list")[0]
    await change(home, anna, price_list=staff.subentry_id)
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await change(home, staff.subentry_id, per_session=100)
    await stop_transaction(home, station, 1800)
    await home.shows("sensor", f"{anna}_month_billed", "1.4")
    await start_transaction(home, station, card="free")
    await stop_transaction(home, station, 1500)
    await start_transaction(home, station)
    await stop_transaction(home, station, 2000)
    found = [(row.billed, row.price_list) for row in await rows(home)]
    # What is taken without a card is for guests, whose prices are without VAT: 1.00 and 21 %.
    assert found == [(100.5, "Staff"), (1.21, "Guests"), (1.4, "Staff")]
    assert [row.billed_vat for row in await rows(home)] == [None, 0.21, None]
    await asyncio.sleep(1)
    hass.config_entries.async_remove_subentry(home.entry, staff.subentry_id)
    await hass.async_block_till_done()
    await start_transaction(home, station)
    await stop_transaction(home, station, 2000)
    day = (dt_util.now() - timedelta(days=1)).isoformat()
    found = [(row.billed, row.price_list) for row in await rows(home)]
    assert found[0] == (None, None)
    assert found[-1] == (1.4, "Staff")
    again = await hass.services.async_call(
        "sunfuse",
        "bill_again",
        {"config_entry_id": home.entry.entry_id, "start": day},
        blocking=True,
        return_response=True,
    )
    assert again == {"sessions": 4}
    # She has no price list any more.
    assert [row.billed for row in await rows(home)] == [None, None, 1.21, None]


async def test_a_session_without_a_card_is_its_vehicles(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Whose vehicle was recognised; and nobody's if somebody says that it is a guest."""
    zoe: ConfigSubentryData = {
        "data": {"capacity_kwh": 50.0},
        "subentry_type": "vehicle",
        "title": "Zoe",
        "unique_id": None,
    }
    home: Home = await start("CP1", ANNA, zoe)
    anna = persons_of(home)["Anna"]
    (vehicle,) = home.entry.get_subentries_of_type("vehicle")
    await change(home, anna, vehicles=[vehicle.subentry_id], limits={"priority": 9})
    await home.charge("CP1")
    await home.call("select", "select_option", "CP1/1_vehicle", option="Zoe")
    await home.shows("sensor", "CP1/1_driver", "Anna")
    [row] = await rows(home)
    assert row.person == anna
    connectors = home.entry.runtime_data.coordinator.data.snapshot.connectors
    assert connectors[0].priority == 9
    await asyncio.sleep(1)
    await home.call("select", "select_option", "CP1/1_vehicle", option="guest")
    await home.shows("sensor", "CP1/1_driver", "unknown")
    [row] = await rows(home)
    assert row.person is None


async def test_a_long_lost_session_is_not_of_this_month(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A transaction whose end nobody ever reported does not count for ever."""
    home: Home = await start("CP1", ANNA)
    anna = persons_of(home)["Anna"]
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await home.draw(station, 10, register_kwh=1.6)
    home.entry.runtime_data.controller.tick()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    async with asyncio.timeout(PATIENCE_S):
        while [row.energy_wh for row in await rows(home)] != [600]:
            await asyncio.sleep(1)
    # A sum that only grows is written each quarter of an hour.
    await home.entry.runtime_data.figures.async_refresh()
    await home.shows("sensor", f"{anna}_month_energy", "0.6")

    def long_ago(db: sqlite3.Connection) -> None:
        db.execute("UPDATE quarter SET start = start - 86400000 * 3")
        db.execute("UPDATE session SET started_at = started_at - 86400000 * 3")

    await asyncio.wrap_future(ledger_of(home).ledger.alone(long_ago))
    await home.entry.runtime_data.figures.async_refresh()
    await home.shows("sensor", f"{anna}_month_energy", "0.0")


def test_standings_have_words() -> None:
    """Each is an option of the sensor."""
    assert {one.value for one in PersonStanding} == {
        "valid",
        "not_yet",
        "expired",
        "sun_only",
        "used_up",
    }


async def test_what_is_known_of_a_person(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Whoever asks gets their sessions and what was agreed, and not the number of the card."""
    home: Home = await start("CP1", ANNA)
    anna = persons_of(home)["Anna"]
    await change(home, anna, limits={"quota_kwh": 50, "valid_until": "2099-12-31"})
    found = await hass.services.async_call(
        "sunfuse",
        "get_sessions",
        {"config_entry_id": home.entry.entry_id, "person": "anna", "details": True},
        blocking=True,
        return_response=True,
    )
    assert isinstance(found, dict)
    person = found["person"]
    assert isinstance(person, dict)
    assert person["cards"] == [{"card": "…", "kind": "rfid"}]
    assert (person["monthly_quota_kwh"], person["valid_until"]) == (50, "2099-12-31")
    assert "04A1B2C3" not in str(found)


async def test_who_a_user_is(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """By Home Assistant's person; only somebody who is not linked is known by their name."""
    home: Home = await start("CP1")
    hass.states.async_set("person.anna", "home", {"user_id": "U1"})
    assert await add_person(home, name="Ms. A.", person_entity="person.anna") is None
    assert await add_person(home, name="Ben") is None

    def names(user: str, name: str) -> list[str]:
        found = home.entry.runtime_data.persons.of_user(user, name)
        return [one.name for one in found]

    assert names("U1", "anna") == ["Ms. A."]
    assert names("U2", "ms. a.") == []
    assert names("U2", "ben") == ["Ben"]
    assert names("U3", "") == []


async def test_the_forms_reach_the_browser(
    hass: HomeAssistant,
    start: Callable[..., Any],
    hass_client: ClientSessionGenerator,
) -> None:
    """Each of them, and the wait for a card, as Home Assistant's frontend asks for it."""
    assert await async_setup_component(hass, "config", {})
    home: Home = await start("CP1", ANNA)
    station = await home.boot("CP1")
    client = await hass_client()
    path = "/api/config/config_entries/subentries/flow"

    async def post(where: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await client.post(where, json=body)
        found: dict[str, Any] = await answer.json()
        assert answer.status == HTTPStatus.OK, found
        return found

    for kind in ("person", "price_list"):
        form = await post(path, {"handler": [home.entry.entry_id, kind]})
        assert form["type"] == "form"
        fields = {field["name"] for field in form["data_schema"]}
        assert fields >= {"name"}
    menu = await post(path, {"handler": [home.entry.entry_id, "card"]})
    assert menu["menu_options"] == ["hold", "details"]
    flow = f"{path}/{menu['flow_id']}"
    progress = await post(flow, {"next_step_id": "hold"})
    assert (progress["type"], progress["progress_action"]) == ("progress", "hold_card")
    await held(station, NUMBER)
    await hass.async_block_till_done()
    answer = await client.get(flow)
    form = await answer.json()
    assert form["step_id"] == "details"
    done = await post(
        flow, {"number": NUMBER, "person": "Anna", "kind": "rfid", "blocked": False}
    )
    assert done["type"] == "create_entry"
    assert home.entry.runtime_data.cards.person(NUMBER).name == "Anna"
