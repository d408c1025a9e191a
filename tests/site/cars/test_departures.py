"""When cars leave and with how much: by entities in any order, by actions, by the calendar, over a restart."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from freezegun import freeze_time
import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.drivers.wishes import Target, TargetKind, Wishes
from custom_components.sunfuse.owner_entities.wish_numbers import WISH_NUMBERS
from custom_components.sunfuse.site.cars.driver_words import next_at
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from ...common import wait_until
from ...price_site import AMSTERDAM
from ...site_fixtures import Home
from .test_vehicles import id_of, plug_in, unplug, vehicle

pytestmark = pytest.mark.usefixtures("socket_enabled")

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def demand(home: Home) -> Any:
    """Return what the only connector asks for."""
    (key,) = home.entry.runtime_data.chargers.connector_keys()
    return home.entry.runtime_data.demands.at(key)


def tomorrow(hour: int, minute: int = 0) -> datetime:
    """Return a time of tomorrow, as the clock shows it."""
    day = dt_util.now() + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def clock(minutes: int) -> time:
    """Return what the clock shows so many minutes from now: of the past it comes again within a day."""
    # Not what the clock shows now plus that: in the night that lacks an hour it never shows some times.
    shown = dt_util.as_local(dt_util.utcnow() + timedelta(minutes=minutes))
    return shown.time().replace(second=0, microsecond=0)


def device(home: Home, name: str) -> str:
    """Return the device of a charger or vehicle."""
    found = dr.async_get(home.hass).async_get_device_by_identifier(
        (DOMAIN, f"{home.entry.entry_id}_{name}"), home.entry.entry_id
    )
    assert found
    return found.id


async def act(home: Home, action: str, name: str, **data: Any) -> None:
    """Use an action on a charger or vehicle."""
    await home.hass.services.async_call(
        DOMAIN, action, {"device_id": device(home, name), **data}, blocking=True
    )


def reason(home: Home) -> str:
    """Return why the only connector gets what it gets."""
    decided = home.entry.runtime_data.coordinator.data.decision.connectors[0]
    return str(decided.reason.key)


async def test_by_entities_in_any_order(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A week's departures, targets, what is typed, and a skipped night; all of it is there after a restart."""
    home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
    zoe = id_of(home)
    # Before the car is there, and the target before the state of charge.
    await home.call("number", "set_value", f"{zoe}_target_soc", value=90)
    today = dt_util.now().weekday()
    for ahead in (0, 1, 2):
        day = DAYS[(today + ahead) % 7]
        await home.call("time", "set_value", f"{zoe}_departure_{day}", time=clock(-2))
        assert home.state("switch", f"{zoe}_active_{day}") == "on"
    await home.call("switch", "turn_off", f"{zoe}_active_{DAYS[today]}")
    first = next_at(clock(-2))
    assert home.state("sensor", f"{zoe}_departure") == first.isoformat()

    station = await home.boot("CP1")
    await plug_in(home, station, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    assert (demand(home).departure, demand(home).energy_wh) == (first, None)
    await home.call("number", "set_value", f"{zoe}_typed_soc", value=40)
    assert demand(home).energy_wh == pytest.approx(25_000)
    connector = home.entry.runtime_data.coordinator.data.snapshot.connectors[0]
    # The engine has what the charger must meter: 90 % of it arrive.
    assert connector.energy_needed_wh == pytest.approx(25_000 / 0.9)
    assert connector.departure == first
    # A target below what is there needs nothing; a minimum above it is charged at once, whatever the mode.
    await home.call("number", "set_value", f"{zoe}_target_soc", value=30)
    assert demand(home).energy_wh == 0
    await home.call("select", "select_option", "CP1/1_mode", option="solar")
    await home.call("number", "set_value", f"{zoe}_minimum_soc", value=60)
    assert demand(home).minimum_wh == pytest.approx(10_000)
    connector = home.entry.runtime_data.coordinator.data.snapshot.connectors[0]
    assert connector.mode == "fast"
    await home.call("number", "set_value", f"{zoe}_minimum_soc", value=0)
    await home.call("select", "select_option", f"{zoe}_strategy", option="late")
    assert demand(home).strategy == "late"

    # The night that is skipped is the next one; a time that is set after all counts again.
    await home.call("switch", "turn_on", f"{zoe}_skip_tonight")
    assert demand(home).departure == first + timedelta(days=1)
    await home.call("time", "set_value", "CP1/1_ready_by", time=clock(-3))
    assert (demand(home).said, demand(home).departure) == ("once", next_at(clock(-3)))
    await home.call("switch", "turn_off", f"{zoe}_skip_tonight")
    await home.call("switch", "turn_off", f"{zoe}_weekly_departures")

    await station.close()
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    assert (demand(home).said, demand(home).soc) == ("once", 40)
    assert home.state("switch", f"{zoe}_weekly_departures") == "off"
    await unplug(home, station)
    await home.shows("sensor", "CP1/1_car", "unknown")
    # What was said for the car that left goes with it; how full it is stays for a while: it may come to another charger.
    assert demand(home).departure is None
    assert home.state("number", f"{zoe}_typed_soc") == "40.0"
    assert home.state("sensor", f"{zoe}_departure") == "unknown"
    await home.call("switch", "turn_on", f"{zoe}_weekly_departures")
    assert home.state("sensor", f"{zoe}_departure") == first.isoformat()
    await station.close()


async def test_whatever_a_driver_tries_is_shown_at_once(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Twenty departures one after the other, and targets that differ by a little."""
    home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
    zoe = id_of(home)
    station = await home.boot("CP1")
    await plug_in(home, station, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    await home.call("number", "set_value", f"{zoe}_typed_soc", value=40)
    for number in range(20):
        wall = clock(-2 if number % 2 else -3)
        await home.call("time", "set_value", "CP1/1_ready_by", time=wall)
        for owner in (zoe, "CP1/1"):
            shown = home.state("sensor", f"{owner}_departure")
            assert shown == next_at(wall).isoformat(), number

    def attributes() -> Mapping[str, Any]:
        state = hass.states.get(home.entity("sensor", "CP1/1_departure"))
        assert state
        return state.attributes

    for percent in (80, 82):
        await home.call("number", "set_value", f"{zoe}_target_soc", value=percent)
        assert attributes()["target_soc"] == percent
    for energy_kwh in (10.0, 10.5):
        await act(home, "set_departure", zoe, time="07:00", target_energy=energy_kwh)
        assert attributes()["energy_kwh"] == pytest.approx(energy_kwh, abs=0.2)
    await station.close()


async def test_a_target_is_removed_with_0(start: Callable[..., Any]) -> None:
    """Then the next that was set counts, or the usual 80 %."""
    home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
    zoe = id_of(home)
    station = await home.boot("CP1")
    await plug_in(home, station, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    await home.call("number", "set_value", f"{zoe}_typed_soc", value=40)
    for key, value, wants_wh in (
        ("CP1/1_target_energy", 10, 9_000),  # as the charger meters it
        ("CP1/1_target_energy", 0, 20_000),  # the usual 80 %
        (f"{zoe}_target_soc", 90, 25_000),
        ("CP1/1_target_energy", 10, 25_000),
        (f"{zoe}_target_soc", 0, 9_000),
        ("CP1/1_target_energy", 0, 20_000),
    ):
        await home.call("number", "set_value", key, value=value)
        assert demand(home).energy_wh == pytest.approx(wants_wh), (key, value)
    assert home.state("number", "CP1/1_target_energy") == "unknown"
    await station.close()


@pytest.mark.parametrize(
    ("removed", "counts"),
    [
        ("target_range", Target(kind=TargetKind.ENERGY, value=10_000)),
        ("target_soc", Target(kind=TargetKind.ENERGY, value=10_000)),
        ("target_energy", Target(kind=TargetKind.RANGE, value=150)),
    ],
)
def test_only_the_target_that_is_set_to_0_is_removed(
    removed: str, counts: Target
) -> None:
    """Whoever removes one of another kind goes on with what counts; without that, with what was set before."""
    change = {number.key: number.change_fn for number in WISH_NUMBERS}
    wishes = Wishes()
    for key, value in (("target_range", 150), ("target_energy", 10), (removed, 0)):
        wishes = replace(wishes, **change[key](value))
    assert wishes.target == counts


async def test_what_is_left_out_is_not_overdue_either(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A departure that was skipped, deleted in the calendar, in a holiday, or set after it had passed, is missed by nobody.

    One that is overdue is skipped as well.
    """
    with freeze_time("2026-11-25T11:00:00+00:00", real_asyncio=True) as frozen:
        home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
        zoe, runtime = id_of(home), home.entry.runtime_data
        for day in DAYS:
            await home.call(
                "time", "set_value", f"{zoe}_departure_{day}", time=clock(10)
            )
        first = next_at(clock(10))
        station = await home.boot("CP1")
        await plug_in(home, station, "CARD")
        await home.shows("sensor", "CP1/1_car", "Zoe")
        await home.call("number", "set_value", f"{zoe}_typed_soc", value=40)

        async def passes(departure: datetime) -> None:
            """Look before the departure, and at times in the two hours after it; the next one counts all the time."""
            assert demand(home).departure == departure + timedelta(days=1)
            for minutes in (11, 10, 60, 120):
                frozen.move_to(departure + timedelta(minutes=minutes))
                runtime.controller.tick()
                assert demand(home).departure == departure + timedelta(days=1)
            frozen.move_to(departure + timedelta(hours=23, minutes=50))
            runtime.controller.tick()

        await home.call("switch", "turn_on", f"{zoe}_skip_tonight")
        await passes(first)
        second = first + timedelta(days=1)
        runtime.departures.leave_out(zoe, dt_util.as_local(second).weekday(), 1, second)
        runtime.controller.tick()
        await passes(second)
        third = second + timedelta(days=1)
        await act(
            home,
            "pause_departures",
            zoe,
            until=(third + timedelta(minutes=5)).isoformat(),
        )
        await passes(third)
        # It passes unmet, and is skipped then.
        fourth = third + timedelta(days=1)
        frozen.move_to(fourth + timedelta(minutes=1))
        runtime.controller.tick()
        assert demand(home).departure == fourth
        await home.call("switch", "turn_on", f"{zoe}_skip_tonight")
        await passes(fourth)
        # What is set for an hour ago is for the next week; a holiday that is ended begins no earlier.
        now = fourth + timedelta(hours=26)
        frozen.move_to(now)
        runtime.controller.tick()
        day = DAYS[dt_util.as_local(now).weekday()]
        hour_ago = dt_util.as_local(now - timedelta(hours=1)).time()
        await home.call("time", "set_value", f"{zoe}_departure_{day}", time=hour_ago)
        assert demand(home).departure == fourth + timedelta(days=2)
        await home.call("switch", "turn_off", f"{zoe}_weekly_departures")
        frozen.move_to(fourth + timedelta(days=2, minutes=1))
        await home.call("switch", "turn_on", f"{zoe}_weekly_departures")
        assert demand(home).departure == fourth + timedelta(days=3)
        await station.close()


async def test_by_actions(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Each does what it says, for a guest as well; what makes no sense is refused in words."""
    home: Home = await start("CP1", vehicle())
    zoe = id_of(home)
    station = await home.boot("CP1")
    await plug_in(home, station)
    await home.shows("sensor", "CP1/1_car", "Guest")
    at = tomorrow(9)
    await act(home, "set_departure", "CP1", departure=at.isoformat(), target_energy=20)
    assert demand(home).departure == dt_util.as_utc(at)
    assert demand(home).metered_wh == pytest.approx(20_000)
    await act(home, "clear_departure", "CP1")
    assert demand(home).departure is None
    # Nothing is left to take back, which is what was asked for.
    await act(home, "clear_departure", "CP1")
    every = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    await act(home, "set_departure", "CP1", weekdays=every, time=clock(-2))
    second = {"number": 2, "time": clock(-3), "target_soc": 70}
    await act(home, "set_departure", "CP1", weekdays=every, **second)
    assert demand(home).departure == next_at(clock(-3))
    await act(home, "skip_tonight", "CP1")
    assert demand(home).departure == next_at(clock(-2))
    await act(home, "skip_tonight", "CP1", skip=False)
    await act(home, "set_departure", "CP1", weekdays=every, number=2, active=False)
    await act(home, "pause_departures", "CP1", duration={"days": 3})
    local = dt_util.as_local(next_at(clock(-2))) + timedelta(days=3)
    assert demand(home).departure == dt_util.as_utc(local)

    await act(home, "boost", "CP1", duration={"hours": 1})
    await act(home, "pause", "CP1", duration={"minutes": 30})
    assert reason(home) == "paused_until"
    assert home.state("switch", "CP1/1_boost") == "off"
    await act(home, "resume", "CP1")
    assert reason(home) != "paused_until"
    # A boost is the later word than a pause.
    await home.call("select", "select_option", "CP1/1_vehicle", option="Zoe")
    await act(home, "boost", zoe, energy=5)
    assert home.state("switch", "CP1/1_boost") == "on"
    await act(home, "pause", zoe, until=tomorrow(9).isoformat())
    await act(home, "resume", zoe)
    await home.call("select", "select_option", "CP1/1_vehicle", option="guest")
    await act(home, "pause", "CP1", until=tomorrow(9).isoformat())
    await act(home, "boost", "CP1", duration={"hours": 1})
    assert reason(home) != "paused_until"
    assert demand(home).paused_until is None

    for action, name, data, key in (
        ("boost", zoe, {"energy": 5}, "vehicle_not_plugged_in"),
        ("set_departure", "CP1", {"departure": "2026-01-01 07:00"}, "departure_past"),
        ("set_departure", zoe, {"departure": "2099-01-01 07:00"}, "departure_too_far"),
        ("set_departure", zoe, {"target_soc": 80}, "departure_without_time"),
        ("pause", "CP1", {}, "pause_without_end"),
        ("pause", "CP1", {"until": "2026-01-01 07:00"}, "departure_past"),
        ("pause", zoe, {"until": "2099-01-01 07:00"}, "departure_too_far"),
        ("pause_departures", zoe, {"until": "2099-01-01"}, "departure_too_far"),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await act(home, action, name, **data)
        assert refused.value.translation_key == key
    await station.close()


async def test_a_reservation_is_kept(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Who reserved energy by a time has the engine's promise; tests/engine/test_scarcity.py shows what that is worth."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    station.answers["ReserveNow"] = {"status": "Accepted"}
    at = dt_util.utcnow() + timedelta(hours=1)
    promised = {"reservation_id": 7, "card": "CARD", "until": tomorrow(9).isoformat()}
    await act(home, "reserve", "CP1", **promised, energy=5, departure=at.isoformat())
    await plug_in(home, station, "card")
    await wait_until(lambda: demand(home).promised, "a promise")
    (connector,) = home.entry.runtime_data.coordinator.data.snapshot.connectors
    # 5 kWh in an hour are 7.2 A on three phases, and a tenth to spare.
    assert connector.plan
    assert connector.plan.at_least_a == pytest.approx(5000 * 1.1 / 690, rel=0.01)
    await station.close()


async def test_what_is_cancelled_is_no_longer_promised(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Also to the car that is there already: its charger used the reservation up and knows nothing of it."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    station.answers["ReserveNow"] = {"status": "Accepted"}
    station.answers["CancelReservation"] = {"status": "Rejected"}
    at = dt_util.utcnow() + timedelta(hours=1)
    promised = {"reservation_id": 7, "card": "CARD", "until": tomorrow(9).isoformat()}
    await act(home, "reserve", "CP1", **promised, energy=80, departure=at.isoformat())
    await plug_in(home, station, "card")
    await wait_until(lambda: demand(home).promised, "a promise")
    await act(home, "cancel_reservation", "CP1", reservation_id=7)
    assert not demand(home).promised
    assert demand(home).departure is None
    await station.close()


async def test_a_car_without_the_card_of_a_reservation_says_so(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its charger starts only with that card; once the reservation is cancelled, with any."""
    home: Home = await start("CP1")
    station = await home.boot("CP1", "Preparing")
    station.answers["ReserveNow"] = {"status": "Accepted"}
    station.answers["CancelReservation"] = {"status": "Accepted"}
    assert reason(home) != "waiting_for_card"
    reserved = {"reservation_id": 7, "card": "CARD", "until": tomorrow(9).isoformat()}
    await act(home, "reserve", "CP1", **reserved)
    await wait_until(lambda: reason(home) == "waiting_for_card", "the card")
    await act(home, "cancel_reservation", "CP1", reservation_id=7)
    await wait_until(lambda: reason(home) != "waiting_for_card", "another reason")
    await station.close()


async def test_the_calendar(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """An event with a name is a departure, once or weekly; it is changed and deleted there, and others are refused."""
    home: Home = await start("CP1", vehicle())
    calendar = home.entity("calendar", "departures")
    zoe = id_of(home)

    async def create(**data: Any) -> None:
        await hass.services.async_call(
            "calendar", "create_event", {"entity_id": calendar, **data}, blocking=True
        )

    async def events() -> list[tuple[str, str]]:
        response = await hass.services.async_call(
            "calendar",
            "get_events",
            {
                "entity_id": calendar,
                "start_date_time": dt_util.now().isoformat(),
                "duration": {"days": 3},
            },
            blocking=True,
            return_response=True,
        )
        assert response
        found: Any = response[calendar]
        return [(event["summary"], event["start"]) for event in found["events"]]

    at = tomorrow(9)
    await create(
        summary="zoe to grandma, 95 %",
        start_date_time=at.isoformat(),
        end_date_time=(at + timedelta(hours=1)).isoformat(),
    )
    assert await events() == [("Zoe 95 %", at.isoformat())]
    state = hass.states.get(calendar)
    assert state
    assert state.attributes["message"] == "Zoe 95 %"
    assert home.state("sensor", f"{zoe}_departure") == dt_util.as_utc(at).isoformat()

    entity = hass.data["entity_components"]["calendar"].get_entity(calendar)
    (shown,) = await entity.async_get_events(hass, dt_util.now(), tomorrow(23))
    later = at + timedelta(hours=1)
    changed = {"summary": "Charger CP1 12 kWh", "dtstart": later, "dtend": later}
    await entity.async_update_event(shown.uid, changed)
    assert await events() == [("Charger CP1 12 kWh", later.isoformat())]
    (shown,) = await entity.async_get_events(hass, dt_util.now(), tomorrow(23))
    await entity.async_delete_event(shown.uid)
    assert await events() == []

    # Every day at nine; tomorrow's alone is deleted, then all.
    daily = {"summary": "Zoe", "dtstart": at, "dtend": later, "rrule": "FREQ=DAILY"}
    await entity.async_create_event(**daily)
    shown = (await events())[:1]
    assert shown == [("Zoe", at.isoformat())]
    week = await entity.async_get_events(hass, dt_util.now(), tomorrow(23))
    one = next(event for event in week if event.start == at)
    await entity.async_delete_event(one.uid, one.recurrence_id)
    assert at.isoformat() not in [start for _, start in await events()]
    for event in await entity.async_get_events(
        hass, dt_util.now(), dt_util.now() + timedelta(days=8)
    ):
        await entity.async_delete_event(event.uid, event.recurrence_id, "THISANDFUTURE")
    assert await events() == []

    for event, key in (
        ({"summary": "Dentist", "dtstart": at}, "calendar_no_name"),
        ({"summary": "Zoe", "dtstart": at.date()}, "departure_without_time"),
        (
            {"summary": "Zoe", "dtstart": at, "rrule": "FREQ=MONTHLY"},
            "calendar_recurrence",
        ),
        ({"summary": "Zoe", "dtstart": dt_util.now()}, "departure_past"),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await entity.async_create_event(**event, dtend=at)
        assert refused.value.translation_key == key
    with pytest.raises(ServiceValidationError) as refused:
        await entity.async_delete_event("fixed/CP1/1")
    assert refused.value.translation_key == "calendar_fixed"
    assert er.async_get(hass).async_get(calendar)


async def test_two_departures_of_a_day_at_the_same_time(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Each is an event of its own: who deletes the second keeps the first."""
    home: Home = await start("CP1", vehicle())
    calendar = home.entity("calendar", "departures")
    entity = hass.data["entity_components"]["calendar"].get_entity(calendar)
    at = tomorrow(9)
    for summary in ("Zoe", "Zoe 95 %"):
        await entity.async_create_event(
            summary=summary, dtstart=at, dtend=at, rrule="FREQ=WEEKLY"
        )

    async def events() -> list[Any]:
        found: list[Any] = await entity.async_get_events(
            hass, dt_util.now(), tomorrow(23)
        )
        return found

    first, second = await events()
    assert [first.summary, second.summary] == ["Zoe", "Zoe 95 %"]
    await entity.async_delete_event(second.uid, second.recurrence_id, "THISANDFUTURE")
    assert [event.summary for event in await events()] == ["Zoe"]


@pytest.mark.parametrize(
    ("now", "wall", "expected"),
    [
        # The hour from two to three comes twice: in summer time, and again.
        ("2026-10-25T00:10+00:00", time(2, 30), "2026-10-25T00:30+00:00"),
        ("2026-10-25T00:45+00:00", time(2, 30), "2026-10-25T01:30+00:00"),
        ("2026-10-25T01:45+00:00", time(2, 30), "2026-10-26T01:30+00:00"),
        # It does not come: as if the clock had not changed.
        ("2026-03-28T23:30+00:00", time(2, 30), "2026-03-29T01:30+00:00"),
        ("2026-03-29T01:45+00:00", time(2, 30), "2026-03-30T00:30+00:00"),
        ("2026-12-31T22:59+00:00", time(0, 5), "2026-12-31T23:05+00:00"),
    ],
)
def test_the_next_time_that_the_clock_shows(
    now: str, wall: time, expected: str
) -> None:
    """Also in the nights in which clocks change, and at the end of the year."""
    before = dt_util.get_default_time_zone()
    dt_util.set_default_time_zone(AMSTERDAM)
    try:
        with freeze_time(datetime.fromisoformat(now)):
            assert next_at(wall) == datetime.fromisoformat(expected)
    finally:
        dt_util.set_default_time_zone(before)


async def test_a_departure_of_the_calendar_is_not_taken_back_in_silence(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It stays as it is in the calendar, and the action says where it can be deleted."""
    home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
    zoe = id_of(home)
    station = await home.boot("CP1")
    await plug_in(home, station, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    at = tomorrow(9)
    event = {
        "summary": "Zoe",
        "start_date_time": at.isoformat(),
        "end_date_time": (at + timedelta(hours=1)).isoformat(),
    }
    calendar = home.entity("calendar", "departures")
    await hass.services.async_call(
        "calendar", "create_event", {"entity_id": calendar, **event}, blocking=True
    )
    assert demand(home).departure == dt_util.as_utc(at)
    for asked in (zoe, "CP1"):
        with pytest.raises(ServiceValidationError, match="calendar"):
            await act(home, "clear_departure", asked)
    assert demand(home).departure == dt_util.as_utc(at)
    # What was said for the session goes, and the one of the calendar counts again.
    await act(home, "set_departure", "CP1", departure=tomorrow(8).isoformat())
    await act(home, "clear_departure", zoe)
    assert demand(home).departure == dt_util.as_utc(at)
    await station.close()


async def test_what_was_said_of_the_car_is_taken_back_at_its_charger(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A pause, a skipped night and a departure that were said of the Zoe end where she is plugged in, and the other way round."""
    home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
    zoe = id_of(home)
    station = await home.boot("CP1")
    await plug_in(home, station, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    for said, taken_back in ((zoe, "CP1"), ("CP1", zoe)):
        at = next_at(clock(300))
        await act(home, "set_departure", said, departure=at.isoformat())
        assert demand(home).departure == dt_util.as_utc(at)
        await act(home, "skip_tonight", said)
        assert demand(home).departure is None
        await act(home, "skip_tonight", taken_back, skip=False)
        assert demand(home).departure == dt_util.as_utc(at)
        await act(home, "clear_departure", taken_back)
        assert demand(home).departure is None
        await act(home, "pause", said, duration={"hours": 1})
        assert demand(home).paused_until
        await act(home, "resume", taken_back)
        assert demand(home).paused_until is None
    # The vehicle's device stands for the charger at which it is, in a preview as in a boost.
    asked = {"device_id": device(home, zoe)}
    preview: Any = await hass.services.async_call(
        DOMAIN, "preview", asked, blocking=True, return_response=True
    )
    assert preview["car"].keys() >= {"slots", "energy_kwh", "cost", "sun_share"}
    await station.close()


async def test_car_and_charger_skip_the_same_departure(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Of two departures within a day the second one stays, whoever says it and how often; both switches are on."""
    home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
    zoe = id_of(home)
    station = await home.boot("CP1")
    await plug_in(home, station, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    every = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    await act(home, "set_departure", zoe, weekdays=every, time=clock(-3))
    await act(home, "set_departure", zoe, weekdays=every, number=2, time=clock(-2))
    for owner in (zoe, "CP1/1"):
        await home.call("switch", "turn_on", f"{owner}_skip_tonight")
        await act(home, "skip_tonight", zoe)
        assert home.state("switch", f"{owner}_skip_tonight") == "on"
        assert demand(home).departure == next_at(clock(-2))
    await home.call("switch", "turn_off", "CP1/1_skip_tonight")
    assert demand(home).departure == next_at(clock(-3))
    await station.close()


async def test_a_skipped_departure_ends_when_it_has_passed(
    start: Callable[..., Any],
) -> None:
    """The charger's switch goes off by itself, although nobody says anything and nothing else changes."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    await plug_in(home, station)
    await home.call("time", "set_value", "CP1/1_ready_by", time=clock(2))
    await home.call("switch", "turn_on", "CP1/1_skip_tonight")
    assert home.state("switch", "CP1/1_skip_tonight") == "on"
    await asyncio.sleep(130)
    assert home.state("switch", "CP1/1_skip_tonight") == "off"
    await station.close()


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-25T07:20+00:00", "2026-11-26T11:00+00:00"),  # 08:20: tonight
        ("2026-11-25T01:00+00:00", "2026-11-25T11:00+00:00"),  # 02:00: this night
        ("2026-11-25T21:00+00:00", "2026-11-26T11:00+00:00"),
    ],
)
async def test_a_night_without_a_departure_is_skipped_until_noon(
    start: Callable[..., Any], now: str, until: str
) -> None:
    """Who says so in the morning means the coming night."""
    before = dt_util.get_default_time_zone()
    dt_util.set_default_time_zone(AMSTERDAM)
    try:
        with freeze_time(datetime.fromisoformat(now), real_asyncio=True):
            home: Home = await start("CP1", vehicle())
            zoe = id_of(home)
            await home.call("switch", "turn_on", f"{zoe}_skip_tonight")
            wishes = home.entry.runtime_data.departures.wishes(zoe)
            assert wishes.skipped_until == datetime.fromisoformat(until)
    finally:
        dt_util.set_default_time_zone(before)
