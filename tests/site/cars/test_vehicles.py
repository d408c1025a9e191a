"""Vehicles: added by the forms, recognised at a charger, and what becomes of what is said for them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.drivers.habits import PastSession
from custom_components.sunfuse.drivers.recognition import GONE_AFTER
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from ...central_system.client import RawStation
from ...common import charger, wait_until
from ...forms import suggested
from ...site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

ZOE = {"name": "Zoe", "capacity_kwh": 50.0}


def vehicle(name: str = "Zoe", **data: Any) -> ConfigSubentryData:
    """Return the sub-entry of a vehicle of 50 kWh."""
    return ConfigSubentryData(
        data={"capacity_kwh": 50.0} | data,
        subentry_type="vehicle",
        title=name,
        unique_id=None,
    )


def id_of(home: Home, name: str = "Zoe") -> str:
    """Return the sub-entry of a vehicle."""
    found: str
    (found,) = (
        subentry.subentry_id
        for subentry in home.entry.subentries.values()
        if (subentry.subentry_type, subentry.title) == ("vehicle", name)
    )
    return found


async def plug_in(home: Home, station: RawStation, card: str = "free") -> None:
    """Plug in a car, and hold a card to the charger."""
    await home.tell(station, "Preparing")
    started = await station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": card,
            "meterStart": 1000,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    home.transaction = {"transactionId": started["transactionId"]}
    await home.tell(station, "Charging")


async def unplug(home: Home, station: RawStation, meter_wh: int = 1000) -> None:
    """Unplug the car."""
    await station.call(
        "StopTransaction",
        {
            **home.transaction,
            "meterStop": meter_wh,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    await home.tell(station, "Available")


def a_known_car(hass: HomeAssistant) -> str:
    """Let Home Assistant know a car with what renault shows of one, and a phone, which is none."""
    other = MockConfigEntry(domain="renault", title="My Renault")
    other.add_to_hass(hass)
    devices, entities = dr.async_get(hass), er.async_get(hass)
    found = ""
    for platform, name in (("renault", "Megane"), ("mobile_app", "Phone")):
        device = devices.async_get_or_create(
            config_entry_id=other.entry_id, identifiers={(platform, name)}, name=name
        )
        for domain, key, device_class, unit in (
            ("sensor", "battery_level", "battery", "%"),
            ("sensor", "battery_autonomy", "distance", "km"),
            ("binary_sensor", "plugged_in", "plug", None),
            ("number", "charge_limit_min", "battery", "%"),
            ("number", "charge_limit_target", "battery", "%"),
        ):
            entities.async_get_or_create(
                domain,
                platform,
                f"vin_{key}",
                suggested_object_id=f"{name.lower()}_{key}",
                device_id=device.id,
                original_device_class=device_class,
                translation_key=key,
                unit_of_measurement=unit,
            )
        found = found or device.id
    return found


async def test_a_car_that_home_assistant_knows_is_proposed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its sensors are filled in; a phone with a battery is no car. Reconfiguring shows and changes all of it."""
    home: Home = await start("CP1")
    car = a_known_car(hass)
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (home.entry.entry_id, "vehicle"), context={"source": "user"}
    )
    assert form["data_schema"]
    options = form["data_schema"].schema["car"].config["options"]
    assert [option["label"] for option in options] == ["Megane", "by_hand"]
    form = await subentries.async_configure(form["flow_id"], {"car": car})
    assert suggested(form) == {
        "name": "Megane",
        "soc": "sensor.megane_battery_level",
        "limit": "number.megane_charge_limit_target",
        "plug": "binary_sensor.megane_plugged_in",
    }
    wrong = await subentries.async_configure(
        form["flow_id"],
        suggested(form)
        | {"capacity_kwh": 0, "max_a": 3, "more": {"charge_efficiency": 20}},
    )
    assert wrong["errors"] == {
        "capacity_kwh": "battery_capacity",
        "max_a": "below_6_a",
        "more": "charge_efficiency",
    }
    more = {"usual_connector": "CP1/1", "priority": 7, "consumption_kwh_100km": 16}
    done = await subentries.async_configure(
        form["flow_id"],
        suggested(form)
        | {"capacity_kwh": 60, "identifiers": ["DE-8AA-1"], "more": more},
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    # Its entities are there at once, and the charger stayed connected.
    added = home.entry.subentries[id_of(home, "Megane")]
    assert home.state("time", f"{added.subentry_id}_ready_by") == "unknown"

    form = await home.entry.start_subentry_reconfigure_flow(hass, added.subentry_id)
    section = form["data_schema"].schema["more"]
    assert suggested({"data_schema": section.schema}) == more
    assert suggested(form)["identifiers"] == ["DE-8AA-1"]
    changed = await subentries.async_configure(form["flow_id"], ZOE)
    assert changed["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert dict(home.entry.subentries[added.subentry_id].data) == {"capacity_kwh": 50}
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{home.entry.entry_id}_{added.subentry_id}"), home.entry.entry_id
    )
    assert device
    assert device.name == "Zoe"
    form = await subentries.async_init(
        (home.entry.entry_id, "vehicle"), context={"source": "user"}
    )
    form = await subentries.async_configure(form["flow_id"], {"car": "by_hand"})
    form = await subentries.async_configure(form["flow_id"], ZOE)
    # A calendar event and a spoken command name the vehicle.
    assert form["errors"] == {"name": "name_taken"}

    assert hass.config_entries.async_remove_subentry(home.entry, added.subentry_id)
    await hass.async_block_till_done()
    assert not er.async_entries_for_device(er.async_get(hass), device.id)
    assert not home.entry.runtime_data.vehicles.get(added.subentry_id)


async def test_a_decimal_that_a_browser_dropped_is_asked_for(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """52,5 becomes 525 in a browser of another language: whoever has such a lorry sends the form again."""
    home: Home = await start("CP1")
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (home.entry.entry_id, "vehicle"), context={"source": "user"}
    )
    typed = ZOE | {"capacity_kwh": 525, "more": {"consumption_kwh_100km": 185}}
    asked = await subentries.async_configure(form["flow_id"], typed)
    assert asked["errors"] == {
        "capacity_kwh": "capacity_unusual",
        "more": "consumption_unusual",
    }
    typed["capacity_kwh"] = 52.5
    done = await subentries.async_configure(form["flow_id"], typed)
    assert done["type"] is FlowResultType.CREATE_ENTRY


async def test_who_is_there(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """By card; as chosen; a guest. It is remembered while the car stays, also over a restart, and forgotten then."""
    home: Home = await start(
        "CP1", vehicle(identifiers=["04:A2:B3:C4"], max_a=10.0), vehicle("guest")
    )
    station = await home.boot("CP1")
    await home.shows("sensor", "CP1/1_car", "unknown")
    await plug_in(home, station, "04a2b3c4")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    state = hass.states.get(home.entity("sensor", "CP1/1_car"))
    assert state
    assert state.attributes["recognised_by"] == "identity"
    # What is known of the car bounds its offer.
    snapshot = home.entry.runtime_data.coordinator.data.snapshot
    assert snapshot.connectors[0].car_max_a == 10

    # A vehicle may be called as it likes; the choice tells it from what the word means there.
    select = hass.states.get(home.entity("select", "CP1/1_vehicle"))
    assert select
    assert select.attributes["options"] == ["automatic", "guest", "Zoe", "guest (2)"]
    await home.call("select", "select_option", "CP1/1_vehicle", option="guest")
    assert home.state("sensor", "CP1/1_car") == "Guest"
    await home.call("select", "select_option", "CP1/1_vehicle", option="guest (2)")
    assert home.state("sensor", "CP1/1_car") == "guest"
    await station.close()
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    await home.shows("sensor", "CP1/1_car", "guest")
    await home.call("select", "select_option", "CP1/1_vehicle", option="automatic")
    assert home.state("sensor", "CP1/1_car") == "Zoe"

    # A vehicle that is removed while it charges is a guest.
    assert hass.config_entries.async_remove_subentry(home.entry, id_of(home))
    await home.shows("sensor", "CP1/1_car", "Guest")
    await unplug(home, station)
    await home.shows("sensor", "CP1/1_car", "unknown")
    # Who is chosen before comes next, and once only.
    await home.call("select", "select_option", "CP1/1_vehicle", option="guest (2)")
    await home.tell(station, "Preparing")
    await home.shows("sensor", "CP1/1_car", "guest")
    await home.tell(station, "Available")
    await home.shows("sensor", "CP1/1_car", "unknown")
    assert home.state("select", "CP1/1_vehicle") == "automatic"
    await station.close()


async def test_a_car_that_says_it_is_plugged_in(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its integration's plug, charge and limit count; an entity that is renamed is read on; one that sleeps is no fault."""
    registry = er.async_get(hass)
    entity = registry.async_get_or_create(
        "sensor", "test", "soc", suggested_object_id="soc"
    )
    hass.states.async_set("binary_sensor.plug", "off")
    hass.states.async_set("sensor.soc", "40", {"unit_of_measurement": "%"})
    hass.states.async_set("number.limit", "90", {"unit_of_measurement": "%"})
    sources = {
        "soc": "sensor.soc",
        "limit": "number.limit",
        "plug": "binary_sensor.plug",
    }
    home: Home = await start("CP1", vehicle(sources=sources))
    zoe = id_of(home)
    station = await home.boot("CP1")
    await plug_in(home, station)
    await home.shows("sensor", "CP1/1_car", "Guest")
    hass.states.async_set("binary_sensor.plug", "on")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    demand = home.entry.runtime_data.demands.at
    (key,) = home.entry.runtime_data.chargers.connector_keys()
    # To the limit of the car, 90 % of 50 kWh.
    assert demand(key).energy_wh == pytest.approx(25_000)
    # What it says anew counts.
    hass.states.async_set("sensor.soc", "47", {"unit_of_measurement": "%"})
    await home.shows("sensor", f"{zoe}_soc", "47.0")
    registry.async_update_entity(entity.entity_id, new_entity_id="sensor.charge")
    hass.states.async_remove("sensor.soc")
    await hass.async_block_till_done()
    assert home.entry.subentries[zoe].data["sources"]["soc"] == "sensor.charge"
    hass.states.async_set("sensor.charge", "unavailable")
    await hass.async_block_till_done()
    assert home.state("sensor", f"{zoe}_soc") == "47.0"
    # One that says nothing, or has only just been unplugged, is still the one that was there.
    for silent in ("unavailable", "off"):
        hass.states.async_set("binary_sensor.plug", silent)
        await hass.async_block_till_done()
        assert home.state("sensor", "CP1/1_car") == "Zoe"
    hass.states.async_set("binary_sensor.plug", "unknown")
    since = (dt_util.utcnow() - GONE_AFTER).timestamp()
    hass.states.async_set("binary_sensor.plug", "off", timestamp=since)
    await home.shows("sensor", "CP1/1_car", "Guest")
    await station.close()


async def test_a_plug_that_says_again_what_it_said(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A car that charges elsewhere is not at our charger because its integration was silent for a moment, or after a restart."""
    hass.states.async_set("binary_sensor.plug", "off")
    sources = {"plug": "binary_sensor.plug"}
    home: Home = await start("CP1", vehicle(sources=sources))

    def say(plug: str) -> None:
        hass.states.async_set("binary_sensor.plug", plug)
        home.entry.runtime_data.controller.tick()

    an_hour_ago = (dt_util.utcnow() - timedelta(hours=1)).timestamp()
    hass.states.async_set("binary_sensor.plug", "on", timestamp=an_hour_ago)
    await hass.async_block_till_done()
    station = await home.boot("CP1")
    await plug_in(home, station)
    await home.shows("sensor", "CP1/1_car", "Guest")
    for silent in ("unavailable", "unknown"):
        say(silent)
        say("on")
        assert home.state("sensor", "CP1/1_car") == "Guest"
    # A restart of Home Assistant: the entity is new, and says the same as before.
    assert await hass.config_entries.async_unload(home.entry.entry_id)
    hass.states.async_remove("binary_sensor.plug")
    assert await hass.config_entries.async_setup(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    await home.shows("sensor", "CP1/1_car", "Guest")
    say("on")
    assert home.state("sensor", "CP1/1_car") == "Guest"
    # Whoever drives home and is plugged in there is recognised.
    for said in ("off", "unavailable", "on"):
        say(said)
    assert home.state("sensor", "CP1/1_car") == "Zoe"
    await station.close()


async def test_a_contract_without_its_check_digit(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its paper has the check digit, its charger does not report it: another car that was plugged in then is not taken."""
    hass.states.async_set("binary_sensor.plug", "off")
    other = vehicle("Leaf", sources={"plug": "binary_sensor.plug"})
    home: Home = await start("CP1", vehicle(identifiers=["DE-8AA-C12345678-5"]), other)
    station = await home.boot("CP1")
    hass.states.async_set("binary_sensor.plug", "on")
    await plug_in(home, station, "de8aac12345678")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    await station.close()


async def test_a_car_whose_charge_rises_at_a_register_that_began_again(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A charger was replaced, or counts each session from 0: 1.5 kWh of 50 are 3 %, whatever was counted before."""
    percent = {"unit_of_measurement": "%"}
    hass.states.async_set("sensor.soc", "40", percent)
    home: Home = await start("CP1", vehicle(sources={"soc": "sensor.soc"}))
    home.every_s = 10  # of the meter nothing depends
    station = await home.boot("CP1")
    await plug_in(home, station)
    await asyncio.sleep(30 * 60)
    await home.draw(station, 10, register_kwh=4.0)
    await unplug(home, station, 4000)
    await home.shows("sensor", "CP1/1_car", "unknown")

    # The transaction begins with the cable.
    started = await station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": "free",
            "meterStart": 0,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    home.transaction = {"transactionId": started["transactionId"]}
    await home.tell(station, "Charging")
    await home.shows("sensor", "CP1/1_car", "Guest")
    await asyncio.sleep(15 * 60)
    await home.draw(station, 10, register_kwh=1.5)
    hass.states.async_set("sensor.soc", "43", percent)
    await home.shows("sensor", "CP1/1_car", "Zoe")
    (key,) = home.entry.runtime_data.chargers.connector_keys()
    assert home.entry.runtime_data.demands.at(key).charged_wh == pytest.approx(1500)
    await station.close()


async def test_two_cars_claim_one_card(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A car is at one charger at a time: where its card was held last."""
    home: Home = await start(
        charger("CP1"), charger("CP2"), vehicle(identifiers=["CARD"])
    )
    first = await home.boot("CP1")
    await plug_in(home, first, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    second = await home.boot("CP2")
    await plug_in(home, second, "CARD")
    await home.shows("sensor", "CP2/1_car", "Zoe")
    assert home.state("sensor", "CP1/1_car") == "Guest"
    await first.close()
    await second.close()


async def test_a_typed_charge_goes_with_the_car(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """40 % of 5 kWh and 0.5 kWh from the first charger, of which nine tenths arrive: it comes to the second with 49 %."""
    home: Home = await start(
        charger("CP1"), charger("CP2"), vehicle(identifiers=["CARD"], capacity_kwh=5.0)
    )
    zoe = id_of(home)
    first = await home.boot("CP1")
    second = await home.boot("CP2")
    await plug_in(home, first, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    await home.call("number", "set_value", f"{zoe}_typed_soc", value=40)
    await home.draw(first, 10, register_kwh=1.5)
    await home.shows("sensor", f"{zoe}_soc", "49.0")
    await unplug(home, first, 1500)
    await home.shows("sensor", "CP1/1_car", "unknown")
    await plug_in(home, second, "CARD")
    await home.shows("sensor", "CP2/1_car", "Zoe")
    assert home.state("sensor", f"{zoe}_soc") == "49.0"
    await home.draw(second, 10, register_kwh=1.5)
    await home.shows("sensor", f"{zoe}_soc", "58.0")
    await first.close()
    await second.close()


async def test_a_plug_that_is_moved_keeps_the_departure(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What was said for a car is forgotten ten minutes after it left, and at once when another car comes."""
    home: Home = await start(
        "CP1", vehicle(identifiers=["CARD"]), vehicle("Leaf", identifiers=["LEAF"])
    )
    home.every_s = 10  # of the meter nothing depends
    station = await home.boot("CP1")
    for card, kept in (("CARD", True), ("LEAF", False)):
        await plug_in(home, station, "CARD")
        await home.shows("sensor", "CP1/1_car", "Zoe")
        await home.call("time", "set_value", "CP1/1_ready_by", time="07:00:00")
        await unplug(home, station)
        await home.shows("sensor", "CP1/1_car", "unknown")
        await asyncio.sleep(120)
        await plug_in(home, station, card)
        await home.shows("sensor", "CP1/1_car", "Zoe" if kept else "Leaf")
        assert (home.state("time", "CP1/1_ready_by") == "07:00:00") is kept
        await unplug(home, station)
        await asyncio.sleep(660)
        assert home.state("time", "CP1/1_ready_by") == "unknown"
    await station.close()


@pytest.mark.parametrize("restarts", [False, True])
async def test_what_was_said_for_a_guest_is_not_for_the_next_one(
    hass: HomeAssistant, start: Callable[..., Any], *, restarts: bool
) -> None:
    """Another card is another driver, also within ten minutes; and a restart between them changes nothing."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    await plug_in(home, station, "ONE")
    await home.shows("sensor", "CP1/1_car", "Guest")
    await home.call("time", "set_value", "CP1/1_ready_by", time="07:00:00")
    await unplug(home, station)
    await home.shows("sensor", "CP1/1_car", "unknown")
    assert home.state("time", "CP1/1_ready_by") == "07:00:00"
    if restarts:
        await station.close()
        assert await hass.config_entries.async_reload(home.entry.entry_id)
        station = await home.boot("CP1")
    await plug_in(home, station, "TWO")
    await home.shows("sensor", "CP1/1_car", "Guest")
    await home.shows("time", "CP1/1_ready_by", "unknown")
    await unplug(home, station)
    await station.close()


async def test_a_departure_is_forgotten_over_a_restart(
    hass: HomeAssistant, hass_storage: dict[str, Any], start: Callable[..., Any]
) -> None:
    """Ten minutes after its car left, although Home Assistant was started again meanwhile; and then no more."""
    home: Home = await start("CP1")
    home.every_s = 10  # of the meter nothing depends
    station = await home.boot("CP1")
    await plug_in(home, station, "ONE")
    await home.shows("sensor", "CP1/1_car", "Guest")
    await home.call("time", "set_value", "CP1/1_ready_by", time="07:00:00")
    await unplug(home, station)
    await home.shows("sensor", "CP1/1_car", "unknown")
    await station.close()
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1")
    stored = hass_storage[f"sunfuse.{home.entry.entry_id}.cars"]["data"]
    assert stored["just_left"].keys() == {"CP1/1"}
    await asyncio.sleep(660)
    await home.shows("time", "CP1/1_ready_by", "unknown")
    stored = hass_storage[f"sunfuse.{home.entry.entry_id}.cars"]["data"]
    assert stored["just_left"] == {}
    await station.close()


async def test_habits_are_a_guess(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """After some weeks the departure is guessed, and said to be a guess; a driver's word replaces it."""
    home: Home = await start("CP1")
    seven = dt_util.now().replace(hour=7, minute=0, second=0, microsecond=0)
    home.entry.runtime_data.car_sessions.history.learn(
        PastSession(
            owner="CP1/1",
            came=dt_util.as_utc(seven - timedelta(days=day, hours=13)),
            left=dt_util.as_utc(seven - timedelta(days=day)),
            energy_wh=9_000,
        )
        for day in range(60, 0, -1)
    )
    station = await home.boot("CP1")
    await plug_in(home, station)
    await wait_until(
        lambda: home.state("sensor", "CP1/1_departure") != "unknown", "a guess"
    )
    state = hass.states.get(home.entity("sensor", "CP1/1_departure"))
    assert state
    assert (state.attributes["said_by"], state.attributes["guessed"]) == ("habit", True)
    await home.call("time", "set_value", "CP1/1_ready_by", time="05:30:00")
    state = hass.states.get(home.entity("sensor", "CP1/1_departure"))
    assert state
    # The energy is still a guess, and that is no reason to call this departure one.
    assert (state.attributes["said_by"], state.attributes["guessed"]) == ("once", False)
    at = dt_util.parse_datetime(state.state)
    assert at
    assert dt_util.as_local(at).strftime("%H:%M") == "05:30"
    await station.close()


async def test_who_has_left_is_said(start: Callable[..., Any]) -> None:
    """The event of a plug that is pulled names the car, also one that was chosen while all else stayed as it was."""
    home: Home = await start("CP1", vehicle())
    station = await home.boot("CP1")
    await plug_in(home, station)
    home.charging = station
    await asyncio.sleep(120)
    home.charging = None
    await home.call("select", "select_option", "CP1/1_vehicle", option="Zoe")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    await asyncio.sleep(10)
    # Without the end of its transaction: a charger may report that later.
    await home.tell(station, "Available")
    await home.shows("sensor", "CP1/1_car", "unknown")
    left = home.hass.states.get(home.entity("event", "CP1/1_session"))
    assert left
    assert left.attributes["event_type"] == "unplugged"
    assert left.attributes["vehicle"] == "Zoe"
    await station.close()
