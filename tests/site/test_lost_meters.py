"""Meters that are lost, wrong or awaited, as a site's user sees them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
import random
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.engine.model import CircuitState
from custom_components.sunfuse.websocket.site_view import flows
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from ..common import charger, set_meters, wait_until
from ..site_fixtures import PerPhase, limits, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")


def lost(hass: HomeAssistant) -> dict[str, str] | None:
    """Return what the repair of a lost meter names, None where there is none."""
    return next(
        (
            dict(issue.translation_placeholders or {})
            for (domain, _), issue in ir.async_get(hass).issues.items()
            if domain == DOMAIN and issue.translation_key == "meter_lost"
        ),
        None,
    )


@pytest.mark.parametrize(
    "silent",
    [("sensor.grid_l2",), ("sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3")],
)
async def test_phase_sensors_that_are_lost(
    hass: HomeAssistant, start: Callable[..., Any], silent: tuple[str, ...]
) -> None:
    """The total lives. The car has its fail-safe current, state, reason and repair name the sensors, and it comes back."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.silent = silent
    await obeys(station, 6)
    assert home.state("sensor", "state") == "meter_lost"
    await home.shows("sensor", "CP1/1_reason", "meter_lost")
    for sensor in silent:
        assert sensor in home.explanation("CP1/1")
    await wait_until(lambda: lost(hass) is not None, "the repair")
    told = lost(hass)
    assert told
    assert told["sensors"] == ", ".join(silent)
    assert min(limits(station)) >= 6
    home.silent = ()
    await obeys(station, 14)
    assert home.state("sensor", "state") in ("ok", "limited")
    assert lost(hass) is None


async def test_a_phase_sensor_that_repeats_its_value(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The house takes 5 A more, so the car takes less, and L2 does not show it: its sensor is named."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.report = lambda flow_a: set_meters(
        hass, currents_a=(flow_a[0], 18.0, flow_a[2] + random.uniform(0, 0.2))
    )
    await asyncio.sleep(40)
    home.house_a = (15, 4, 4)
    await home.shows("sensor", "state", "meter_lost")
    await wait_until(lambda: lost(hass) is not None, "the repair")
    told = lost(hass)
    assert told
    assert told["sensors"] == "sensor.grid_l2"
    assert "sensor.grid_l2" in told["why"]
    assert "sensor.grid_l2" in home.explanation("CP1/1")


async def test_a_sensor_that_comes_and_goes(start: Callable[..., Any]) -> None:
    """It is unavailable every other second: the car goes on with what it has, and its charger gets no message for that."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    before = len(limits(station))
    for place in range(40):
        home.silent = ("sensor.grid_l1",) if place % 2 else ()
        await asyncio.sleep(1)
    assert min(limits(station)[before - 1 :]) > 13
    assert len(limits(station)) <= before + 2


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(lambda _: 0.0, id="dead at zero"),
        pytest.param(lambda flow_a: -flow_a, id="sign turned"),
        pytest.param(lambda flow_a: flow_a / 1000, id="kilowatts as watts"),
        pytest.param(lambda _: 7.3, id="repeats a value"),
    ],
)
async def test_a_meter_that_goes_wrong(
    hass: HomeAssistant,
    start: Callable[..., Any],
    shown: Callable[[float], float],
) -> None:
    """The car goes on drawing 14 A: it gets no more, and then its fail-safe current. State, reason and repair say why."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    before = len(limits(station))
    home.shown = shown
    await wait_until(lambda: limits(station)[-1] == 6, "6 A")
    assert home.state("sensor", "state") == "meter_lost"
    await home.shows("sensor", "CP1/1_reason", "meter_lost")
    assert "less than the cars" in home.explanation("CP1/1")
    await wait_until(lambda: lost(hass) is not None, "the repair")
    assert max(limits(station)[before:]) <= 16
    home.shown = lambda flow_a: flow_a
    await obeys(station, 14)
    await wait_until(lambda: lost(hass) is None, "the repair is gone")


async def test_a_right_meter_beside_a_battery_that_nobody_reports(
    start: Callable[..., Any],
) -> None:
    """It keeps the sum of the phases at nothing, so that the meter does not follow the car: it is said what may be missing."""
    home = await start("CP1")

    def report(flow_a: PerPhase) -> None:
        given_a = sum(flow_a) / 3
        l1, l2, l3 = (a - given_a + random.uniform(0, 0.2) for a in flow_a)
        set_meters(home.hass, currents_a=(l1, l2, l3))

    home.report = report
    await home.charge("CP1")
    await asyncio.sleep(120)
    await home.shows("sensor", "CP1/1_reason", "meter_lost")
    await wait_until(
        lambda: "lack a battery or solar panels" in home.explanation("CP1/1"),
        "what may be missing",
    )


async def test_a_reason_that_is_longer_than_a_state(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A second car waits for the meter: the sensor, which a user has enabled, says how that begins, the reason's attribute all of it."""
    home = await start("CP1", "CP2")
    entities = er.async_get(hass)
    entity = entities.async_get_entity_id(
        "sensor", DOMAIN, f"{home.entry.entry_id}_CP2/1_explanation"
    )
    assert entity
    entities.async_update_entity(entity, disabled_by=None)
    await wait_until(lambda: hass.states.get(entity) is not None, "a reload")
    await hass.async_block_till_done()
    home.house_a = (17, 4, 4)
    await home.charge("CP1")
    await asyncio.sleep(30)
    await home.boot("CP2", "Preparing")
    home.shown = lambda _: 0.0
    await home.shows("sensor", "CP2/1_reason", "waiting_for_meter")
    await wait_until(
        lambda: "take turns" in home.explanation("CP2/1"), "all of the reason"
    )
    state = hass.states.get(entity)
    assert state
    assert state.state.startswith("The main fuse: the meter shows less than the cars")
    assert state.state.endswith(" …")
    assert home.explanation("CP2/1").startswith(state.state.removesuffix(" …"))


async def test_a_meter_that_shows_half(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A transformer around one of two feeds: as a meter that shows less than the cars take, with state, reason and repair."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.shown = lambda flow_a: flow_a / 2
    await wait_until(lambda: limits(station)[-1] == 6, "6 A")
    assert home.state("sensor", "state") == "meter_lost"
    await home.shows("sensor", "CP1/1_reason", "meter_lost")
    await wait_until(lambda: lost(hass) is not None, "the repair")


async def test_exchanged_phase_sensors(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A charger of one phase on L1, whose current the meter shows on L2: its car gets no more than 6 A, and it is said why."""
    one_phase = charger("CP1", phases=1)
    home = await start(
        one_phase,
        sources={
            "grid": {"entity": "sensor.grid_power"},
            "grid_phases": ["sensor.grid_l2", "sensor.grid_l1", "sensor.grid_l3"],
        },
    )
    home.phases = ("L1",)
    station = await home.charge("CP1")
    await wait_until(lambda: max(limits(station), default=0) > 6, "more than 6 A")
    await wait_until(lambda: limits(station)[-1] == 6, "6 A")
    assert home.state("sensor", "state") == "meter_lost"
    await wait_until(lambda: lost(hass) is not None, "the repair")
    before = len(limits(station))
    await asyncio.sleep(120)
    assert max(limits(station)[before - 1 :]) == 6


async def test_a_single_phase_meter_of_watts(start: Callable[..., Any]) -> None:
    """6.9 kW are 30 A on 25 A: the site is overloaded, and its car waits for the circuit."""
    home = await start(
        charger("CP1", phases=1),
        system="single_phase",
        sources={"grid": {"entity": "sensor.grid_power"}},
    )
    home.house_a = (30.0, 0.0, 0.0)
    await home.charge("CP1")
    await home.shows("sensor", "state", "overloaded")
    await home.shows("sensor", "CP1/1_reason", "waiting_for_capacity")
    home.house_a = (4.0, 0.0, 0.0)
    await home.shows("sensor", "state", "ok", "limited")


async def test_the_first_reading_is_awaited(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A site whose meter has not reported yet has no state; it has lost nothing."""
    told: list[str] = []
    home = await start("CP1")

    def note() -> None:
        told.append(home.state("sensor", "state"))

    for sensor in ("grid_l1", "grid_l2", "grid_l3", "grid_power"):
        hass.states.async_set(f"sensor.{sensor}", STATE_UNAVAILABLE)
    home.house_a = None
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    home.entry.runtime_data.coordinator.async_add_listener(note)
    home.entry.runtime_data.controller.tick()
    await hass.async_block_till_done()
    assert home.state("sensor", "state") == STATE_UNKNOWN
    home.house_a = (10, 4, 4)
    await home.shows("sensor", "state", "ok")
    assert "meter_lost" not in told


async def test_a_charger_that_never_connected(start: Callable[..., Any]) -> None:
    """It is to be pointed to the site's address, until it has connected once."""
    home = await start("CP1")
    assert home.state("sensor", "CP1/1_reason") == "never_connected"
    port = home.entry.runtime_data.central_system.port
    assert f":{port}/CP1" in home.explanation("CP1/1")
    station = await home.boot("CP1")
    await home.shows("sensor", "CP1/1_reason", "no_car")
    await station.websocket.close()
    await home.shows("sensor", "CP1/1_reason", "charger_offline")


async def test_nothing_limits_a_site_that_is_fine(start: Callable[..., Any]) -> None:
    """The main fuse limits it when a car gets less than it could."""
    home = await start("CP1")
    await home.shows("sensor", "state", "ok")
    assert home.state("sensor", "limited_by") == "Nothing"
    station = await home.charge("CP1")
    await obeys(station, 14)
    await home.shows("sensor", "state", "limited")
    assert home.state("sensor", "limited_by") == "The main fuse"


async def test_no_power_is_shown_of_a_meter_that_is_silent(
    start: Callable[..., Any],
) -> None:
    """What it showed minutes ago, and the house that is reckoned from it, would look like the present."""
    home = await start("CP1")
    await home.charge("CP1")
    data = home.entry.runtime_data.coordinator.data
    assert flows(data)["house_w"] is not None
    [main] = data.decision.circuits
    lost_main = replace(main, state=CircuitState.METER_LOST)
    now = data.meter.at + timedelta(minutes=3)

    def shown(total_at: datetime | None) -> tuple[int | None, int | None]:
        meter = replace(data.meter, total_at=total_at)
        snapshot = replace(data.snapshot, now=now, meters=(("main", meter),))
        decision = replace(data.decision, circuits=(lost_main,))
        then = replace(data, snapshot=snapshot, decision=decision)
        found = flows(then)
        # The card and the sensor say the same.
        assert (found["grid_w"] is None) == (then.grid_power_w is None)
        return found["grid_w"], found["house_w"]

    assert shown(total_at=None) == (None, None)
    # A total that lives beside a phase that does not.
    assert shown(total_at=now) == (flows(data)["grid_w"], flows(data)["house_w"])


async def test_no_current_is_shown_of_a_meter_that_is_silent(
    start: Callable[..., Any],
) -> None:
    """Nor of a phase. What a phase that still reports shows is shown, and all of it once the meter is back."""
    home = await start("CP1")
    phases = [f"grid_current_l{phase}" for phase in (1, 2, 3)]

    def shown() -> list[bool]:
        states = [home.state("sensor", name) for name in (*phases, "grid_power")]
        return [state != STATE_UNKNOWN for state in states]

    await home.charge("CP1")
    await wait_until(lambda: all(shown()), "currents")
    home.silent = ("sensor.grid_l2",)
    await wait_until(lambda: shown() == [True, False, True, True], "two currents")
    home.silent = ()
    await wait_until(lambda: all(shown()), "all currents")
    report, home.report = home.report, lambda _: None
    await home.shows("sensor", "state", "meter_lost")
    await wait_until(lambda: not any(shown()), "no current")
    home.report = report
    await wait_until(lambda: all(shown()), "currents again")
