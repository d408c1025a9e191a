"""Chargers as they are, on a real site: the engine decides, and clients written from the specification obey or not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from custom_components.sunfuse.central_system import OfferCheck
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ...common import wait_until
from ...foreign_charger import Faults, ForeignCharger
from ...site_fixtures import Home, limits, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")

VERSIONS = ("1.6", "2.0.1")
REFUSES_ZERO = Faults(least_a=0.1)
REFUSES_BELOW_6 = Faults(least_a=6.0)
NO_PROFILES = Faults(has_profiles=False)
HUAWEI = Faults(vendor="Huawei")

type Foreign = Callable[..., Any]


@pytest.fixture
async def foreign(start: Callable[..., Any]) -> AsyncIterator[Foreign]:
    """Return what sets a site up with one foreign charger, with room for 22 A."""
    chargers: list[ForeignCharger] = []
    meters: list[asyncio.Task[None]] = []

    async def foreign(
        version: str, faults: Faults, **more: Any
    ) -> tuple[Home, ForeignCharger]:
        home: Home = await start("CP1")
        home.house_a = (2, 2, 2)
        await wait_until(lambda: max(_house_a(home)) <= 2, "the meter shows the house")
        port = home.entry.runtime_data.central_system.port
        one = await ForeignCharger.connect(
            home.session, port, "CP1", version, faults=faults, **more
        )
        chargers.append(one)
        meters.append(asyncio.create_task(_metered(home, one)))
        await one.boot()
        return home, one

    yield foreign
    for meter in meters:
        meter.cancel()
    for one in chargers:
        await one.close()


def _house_a(home: Home) -> tuple[float, ...]:
    (circuit,) = home.entry.runtime_data.coordinator.data.decision.circuits
    uncontrolled_a: tuple[float, ...] = circuit.uncontrolled_a
    return uncontrolled_a


async def _metered(home: Home, one: ForeignCharger) -> None:
    """Let the site's meter see what the car draws."""
    while True:
        home.car_a = one.drawn_a
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("faults", [REFUSES_ZERO, REFUSES_BELOW_6, NO_PROFILES])
async def test_a_session_begins_with_its_own_limit(
    foreign: Foreign, version: str, faults: Faults
) -> None:
    """The 0 A of the time without a car never reach the transaction, which therefore is not stopped."""
    home, one = await foreign(version, faults, car_a=10.0)
    await home.shows("sensor", "CP1/1_status", "available")
    await one.plug_in()
    await wait_until(
        lambda: home.state("sensor", "CP1/1_status") == "charging", "it charges"
    )
    if faults.has_profiles:
        await wait_until(lambda: one.told, "a limit")
    await asyncio.sleep(1)
    assert not [limit for _, limit in one.told if limit < 6]
    assert (one.started, one.stopped) == (1, [])
    assert one.drawn_a == 10


@pytest.mark.parametrize(
    ("version", "faults"),
    [
        ("1.6", NO_PROFILES),
        ("2.0.1", NO_PROFILES),
        ("1.6", REFUSES_BELOW_6),
        ("1.6", HUAWEI),
        ("2.0.1", HUAWEI),
    ],
)
async def test_a_pause_by_remote_stop_ends(
    foreign: Foreign, version: str, faults: Faults
) -> None:
    """A charger that is paused by stopping its transaction gets another one when its car may charge again."""
    home, one = await foreign(version, faults, car_a=10.0)
    await one.plug_in()
    await wait_until(lambda: one.drawn_a == 10, "it charges")
    await home.call("select", "select_option", "CP1/1_mode", option="off")
    await wait_until(lambda: one.stopped == ["Remote"], "a pause")
    await home.shows("sensor", "CP1/1_reason", "mode_off")
    await asyncio.sleep(0.5)
    await home.call("select", "select_option", "CP1/1_mode", option="fast")
    await wait_until(lambda: one.started == 2, "another transaction")
    await wait_until(lambda: one.drawn_a == 10, "it charges again")
    await asyncio.sleep(1)
    assert one.stopped == ["Remote"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_that_accepts_a_start_and_does_not_start(
    foreign: Foreign, version: str
) -> None:
    """It is told again and again, and the reason says so; another car is not blamed for it."""
    silent = Faults(starts_itself=False, starts_when_told=False)
    home, one = await foreign(version, silent)
    await one.plug_in()
    await home.shows("sensor", "CP1/1_reason", "not_started")
    assert one.told_to_start >= 2
    assert f"told {one.told_to_start} times" in home.explanation("CP1/1")
    await wait_until(lambda: one.told_to_start >= 4, "it is told again")
    await one.status("Available")
    await home.shows("sensor", "CP1/1_reason", "no_car")
    await one.plug_in()
    await wait_until(lambda: one.told_to_start >= 5, "it is told to start")
    assert home.state("sensor", "CP1/1_reason") != "not_started"


async def test_a_pause_outlives_a_restart(
    hass: HomeAssistant, foreign: Foreign
) -> None:
    """Home Assistant restarts while a car is paused by a stopped transaction: it still knows that it was us."""
    home, one = await foreign("1.6", HUAWEI)
    await one.plug_in()
    await wait_until(lambda: one.drawn_a > 0, "it charges")
    await home.call("select", "select_option", "CP1/1_mode", option="off")
    await wait_until(lambda: one.stopped == ["Remote"], "a pause")
    await home.shows("sensor", "CP1/1_status", "finishing")
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    await one.close()
    back = await home.connect("CP1")
    one.answer_on(back)
    await one.boot_again("Finishing")
    await home.call("select", "select_option", "CP1/1_mode", option="fast")
    await wait_until(lambda: one.started == 2, "another transaction")


@pytest.mark.parametrize("faults", [HUAWEI, Faults()])
async def test_who_stops_a_car_himself_is_left_alone(
    foreign: Foreign, faults: Faults
) -> None:
    """What the driver ended at the charger is not begun again."""
    home, one = await foreign("1.6", faults)
    await one.plug_in()
    await wait_until(lambda: one.drawn_a > 0, "it charges")
    await one.stop("Local")
    await home.shows("sensor", "CP1/1_reason", "car_finished")
    await asyncio.sleep(1)
    assert one.started == 1


async def test_no_pause_when_the_charger_comes_back(start: Callable[..., Any]) -> None:
    """Its connection breaks for a moment while it charges: no limit of 0 A when it is back."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await station.websocket.close()
    await home.shows("sensor", "CP1/1_reason", "charger_offline")
    station = await home.connect("CP1")
    await home.tell(station, "Charging")
    home.charging = station
    await obeys(station, 14)
    assert min(limits(station)) >= 6


async def test_no_pause_when_home_assistant_comes_back(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It restarts while a car charges: no limit of 0 A when the charger reports that it charges."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.charging = None
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.connect("CP1")
    await asyncio.sleep(0.5)  # ticks in which it is connected and has reported nothing
    await home.tell(station, "Charging")
    home.charging = station
    await obeys(station, 14)
    assert min(limits(station)) >= 6


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_that_cannot_be_limited(
    hass: HomeAssistant, foreign: Foreign, version: str
) -> None:
    """It is asked a few times and no more, the user is informed, and what its car draws is reserved."""
    home, one = await foreign(version, NO_PROFILES, car_a=10.0)
    await one.plug_in()
    await home.shows("sensor", "CP1/1_reason", "cannot_be_limited")
    asked = one.asked
    # Three attempts, each in all the shapes that the specification allows.
    assert asked <= 8 + 2 * 3
    issues = {issue.translation_key for issue in ir.async_get(hass).issues.values()}
    assert "cannot_be_limited" in issues
    assert not issues & {"does_not_fall_back", "fail_safe_refused"}
    await wait_until(lambda: _given(home) == 10, "what it draws is reserved")
    assert "10 A" in home.explanation("CP1/1")
    # It goes on while there is room for it, and is stopped when there is none.
    home.house_a = (8, 8, 8)
    await asyncio.sleep(2)
    assert (one.stopped, one.asked) == ([], asked)
    home.house_a = (20, 20, 20)
    await wait_until(lambda: one.stopped == ["Remote"], "a stop")
    await home.shows("sensor", "CP1/1_reason", "waiting_for_capacity", "pausing")
    assert one.asked == asked


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_for_less_than_was_configured(
    foreign: Foreign, version: str
) -> None:
    """It refuses limits above 10 A, is limited to that, and still gets less when there is room for less."""
    home, one = await foreign(version, Faults(most_a=10.0))
    await one.plug_in()
    await wait_until(lambda: one.drawn_a == 10, "the highest that it takes")
    await home.shows("sensor", "CP1/1_reason", "limited_by_charger")
    assert "10 A" in home.explanation("CP1/1")
    home.house_a = (16, 2, 2)
    await wait_until(lambda: 6 <= one.drawn_a <= 8, "what the house leaves")
    assert one.stopped == []


def _given(home: Home) -> float:
    decision = home.entry.runtime_data.coordinator.data.decision
    return float(decision.connectors[0].offer_a)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_that_reports_only_watts(
    foreign: Foreign, version: str
) -> None:
    """Its car takes what it is offered on three phases, and is never blamed for three times that."""
    home, one = await foreign(version, Faults(only_watts=True))
    await one.plug_in()
    await wait_until(lambda: one.drawn_a == 16, "full power")
    await home.shows("sensor", "CP1/1_reason", "full_power")
    # A rise of the last seconds is not yet taken for the car's: the meter may have measured before it.
    await asyncio.sleep(5)
    home.house_a = (16, 2, 2)
    await wait_until(lambda: 6 <= one.drawn_a <= 8, "what the house leaves")
    await asyncio.sleep(3)
    assert 6 <= one.drawn_a <= 8
    assert one.stopped == []
    connector = home.entry.runtime_data.coordinator.data.connectors
    (data,) = connector.values()
    assert data.connector.offer_check is not OfferCheck.EXCEEDED
    # While the step was above the limit, all that the meter showed counted as load.
    await wait_until(
        lambda: _house_a(home) == pytest.approx((16, 2, 2), abs=1), "the house's load"
    )


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_limit_is_no_fail_safe(foreign: Foreign, version: str) -> None:
    """A charger that writes -1 for "no limit" falls back only while it has something to fall back to."""
    home, one = await foreign(version, Faults(no_limit=-1.0))
    await wait_until(lambda: one.profiles, "its fail-safe current")
    await one.plug_in()
    await wait_until(lambda: one.drawn_a == 16, "full power")
    await wait_until(lambda: _fail_safe(home) == "verified", "it is seen")


async def test_no_limit_at_all_is_found_out(foreign: Foreign) -> None:
    """It forgets its default profile: after ours has lapsed nothing would limit it."""
    home, one = await foreign("1.6", Faults(no_limit=-1.0))
    await wait_until(lambda: one.profiles, "its fail-safe current")
    one.profiles.clear()
    await one.plug_in()
    await wait_until(lambda: _fail_safe(home) == "does_not_fall_back", "it is seen")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_that_refuses_every_question(
    foreign: Foreign, version: str
) -> None:
    """It tells nothing of itself and changes no setting, but it takes limits: 22 A are free, then 12 A, on 16 A."""
    home, one = await foreign(version, Faults(refuses_questions=True))
    await one.plug_in()
    await wait_until(
        lambda: one.told[-1:] == [(one.transaction, 16)], "the whole limit"
    )
    assert one.drawn_a == 16
    home.house_a = (12, 2, 2)
    await wait_until(lambda: 10.9 < one.drawn_a <= 12, "it obeys")
    assert (one.started, one.stopped) == (1, [])


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_that_knows_no_request(
    hass: HomeAssistant, foreign: Foreign, version: str
) -> None:
    """It only reports: what its car draws is reserved, it is not asked all the time, and a user is told what is wrong."""
    home, one = await foreign(version, Faults(refuses_all=True), car_a=10.0)
    await one.plug_in()
    await home.shows("sensor", "CP1/1_reason", "cannot_be_limited")
    await wait_until(lambda: _given(home) == 10, "what it draws is reserved")
    home.house_a = (20, 20, 20)
    stop = "RemoteStopTransaction" if one.old else "RequestStopTransaction"
    await wait_until(lambda: one.station.received(stop), "it is told to stop")
    await wait_until(lambda: len(one.station.received(stop)) == 2, "again")
    asked = len(one.station.requests)
    await asyncio.sleep(60)
    # After 10, 20 and 40 seconds: it was ten times a second.
    assert len(one.station.requests) - asked <= 3
    issues = {issue.translation_key for issue in ir.async_get(hass).issues.values()}
    assert "cannot_be_limited" in issues


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_that_refuses_to_stop(foreign: Foreign, version: str) -> None:
    """It takes no 0 A and no stop: the reason says so, and what it should stop for; once it has stopped, only that."""
    home, one = await foreign(version, Faults(least_a=6.0, refuses_stops=True))
    await one.plug_in()
    await wait_until(lambda: one.drawn_a == 16, "it charges")
    await home.call("select", "select_option", "CP1/1_mode", option="off")
    await home.shows("sensor", "CP1/1_reason", "stop_refused")
    assert "refuses to stop" in home.explanation("CP1/1")
    assert "The mode is set to Off." in home.explanation("CP1/1")
    await home.call("select", "select_option", "CP1/1_mode", option="fast")
    await home.shows("sensor", "CP1/1_reason", "full_power")
    await home.call("select", "select_option", "CP1/1_mode", option="off")
    await home.shows("sensor", "CP1/1_reason", "stop_refused")
    await one.stop("Local")
    await home.shows("sensor", "CP1/1_reason", "mode_off")


def _fail_safe(home: Home) -> str:
    station = home.entry.runtime_data.central_system.stations["CP1"]
    return str(station.state.fail_safe)
