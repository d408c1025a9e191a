"""What is on disk when Home Assistant ends or crashes, and what a site makes of it when it is back."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
import logging
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_HOMEASSISTANT_STOP,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    CoreState,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from ..common import wait_until
from ..site_fixtures import Home, limits, obeys
from .chargers.test_charger_security import subentry_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

UNKNOWN = [STATE_UNAVAILABLE, STATE_UNKNOWN]


async def test_the_newest_is_saved_when_home_assistant_stops(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """The engine's past of the last second, not of the last minute."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.entry.runtime_data.controller.tick()
    decided = home.entry.runtime_data.coordinator.data.decision.now
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    hass.set_state(CoreState.running)
    saved = hass_storage[f"sunfuse.{home.entry.entry_id}.memory"]["data"]["engine"]
    assert saved["at"] >= decided.isoformat()
    assert saved["connectors"]["CP1/1"]["on_since"]
    assert saved["connectors"]["CP1/1"]["confirmed_a"] <= limits(station)[-1]


async def test_a_charger_that_is_back_has_what_it_had(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A reload disconnects it; when it is back it is offered as much as before, with no ramp from the minimum."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    before_a = limits(station)[-1]
    controller = home.entry.runtime_data.controller
    await wait_until(
        lambda: controller.memory.connectors["CP1/1"].confirmed_a == before_a,
        "the engine knows that the charger took it",
    )
    began = controller.memory.connectors["CP1/1"].on_since
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    home.charging = station
    await wait_until(lambda: limits(station), "a limit")
    assert limits(station)[0] >= before_a - 1
    controller = home.entry.runtime_data.controller
    assert controller.memory.connectors["CP1/1"].on_since == began


async def test_cars_whose_offers_have_lapsed_go_on(
    start: Callable[..., Any],
) -> None:
    """Their chargers were away until they had the fail-safe current, which a limit of 24 A carries: no car has to stop."""
    names = ("CP1", "CP2", "CP3")
    home: Home = await start(*names, main_fuse_a=40.0)
    home.house_a = (3, 2, 2)
    cars = {}
    for name in names:
        cars[name] = await home.charge(name), home.transaction
    home.charging = None

    async def charge(seconds: int) -> None:
        for _ in range(seconds):
            for station, home.transaction in cars.values():
                if told := limits(station):
                    await home.draw(station, told[-1])
            await asyncio.sleep(1)

    await charge(90)
    for station, _ in cars.values():
        assert limits(station)[-1] > 9
        await station.close()
    await asyncio.sleep(100)
    home.car_a = 3 * 6.0
    await asyncio.sleep(200)
    await home.hass.services.async_call(
        DOMAIN,
        "set_limit",
        {"config_entry_id": home.entry.entry_id, "current": 24, "reason": "Grid"},
        blocking=True,
    )
    for name, (_, home.transaction) in list(cars.items()):
        station = await home.boot(name, "Charging")
        cars[name] = station, home.transaction
        await home.draw(station, 6)
    await charge(60)
    told = [limit_a for station, _ in cars.values() for limit_a in limits(station)]
    assert 6 <= min(told) <= max(told) < 8


async def test_a_charger_is_rewired_and_removed_while_it_charges(
    hass: HomeAssistant,
    start: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its session goes on, its register only rises, it leaves nothing behind, and nobody is warned of anything."""
    home: Home = await start("CP1", "CP2")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await home.draw(station, 14, register_kwh=1.001)
    energy = home.entity("sensor", "CP1/1_energy")
    await home.shows("sensor", "CP1/1_energy", "1.001")
    told: list[str] = []

    def listen(event: Event) -> None:
        if event.data["entity_id"] == energy and (state := event.data["new_state"]):
            told.append(state.state)

    hass.bus.async_listen("state_changed", listen)
    stations = home.entry.runtime_data.central_system.stations
    before = stations["CP1"].state.connectors[0].transaction
    charger = subentry_of(home, "CP1")
    hass.config_entries.async_update_subentry(
        home.entry, charger, data={**charger.data, "l1_phase": "L2"}
    )
    await wait_until(lambda: station.websocket.closed, "the site is set up anew")
    home.charging = None
    await hass.async_block_till_done()
    # It only reconnects: it has nothing to boot for.
    station = await home.connect("CP1")
    await home.tell(station, "Charging")
    await home.draw(station, 14, register_kwh=1.003)
    await home.shows("sensor", "CP1/1_energy", "1.003")
    data = home.entry.runtime_data.coordinator.data
    assert data.snapshot.connectors[0].phases == (1, 2, 0)
    stations = home.entry.runtime_data.central_system.stations
    assert stations["CP1"].state.connectors[0].transaction == before
    values = [float(value) for value in told if value != "unavailable"]
    assert values == sorted(values)

    hass.config_entries.async_remove_subentry(home.entry, charger.subentry_id)
    await wait_until(lambda: station.websocket.closed, "it is sent away")
    await hass.async_block_till_done()
    assert not [s for s in hass.states.async_all() if "cp1" in s.entity_id]
    assert not [
        record
        for record in caplog.records
        if record.name.startswith("custom_components.sunfuse")
        and record.levelno >= logging.WARNING
    ]


async def test_killed_just_after_a_session_began(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """A start that was answered is on the disk: the session counts from it, also what the car took meanwhile."""
    home: Home = await start("CP1")
    files = f"sunfuse.{home.entry.entry_id}."
    station = await home.charge("CP1")
    home.charging = None
    on_disk = {
        name: deepcopy(data)
        for name, data in hass_storage.items()
        if name.startswith(files)
    }
    await home.draw(station, 14, register_kwh=1.2)
    await station.close()
    assert await hass.config_entries.async_unload(home.entry.entry_id)
    for name in [name for name in hass_storage if name.startswith(files)]:
        del hass_storage[name]
    hass_storage.update(on_disk)
    assert await hass.config_entries.async_setup(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    await home.draw(station, 14, register_kwh=1.5)
    stations = home.entry.runtime_data.central_system.stations
    await wait_until(
        lambda: stations["CP1"].connector(1).session_energy_wh == 500, "its energy"
    )
    await station.call(
        "StopTransaction",
        {
            **home.transaction,
            "meterStop": 1600,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    await home.shows("sensor", "CP1/1_last_session_energy", "0.6")


@pytest.mark.parametrize("only_power", [False, True])
async def test_counters_never_fall_after_a_power_cut(
    hass: HomeAssistant,
    start: Callable[..., Any],
    hass_storage: dict[str, Any],
    only_power: bool,
) -> None:
    """Whenever it comes, the lifetime and the session's energy go on from what they showed; neither is unknown."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    home.charging = None
    files = f"sunfuse.{home.entry.entry_id}."
    register_kwh = 1.0

    async def measure() -> None:
        nonlocal register_kwh
        register_kwh += 0.03
        value = (
            {"value": "11040", "measurand": "Power.Active.Import", "unit": "W"}
            if only_power
            else {"value": f"{register_kwh:.3f}", "unit": "kWh"}
        )
        at = dt_util.utcnow().isoformat()
        sampled = [{"timestamp": at, "sampledValue": [value]}]
        payload = {"connectorId": 1, **home.transaction, "meterValue": sampled}
        await station.call("MeterValues", payload)

    shown: dict[str, list[float]] = {
        home.entity("sensor", f"CP1/1_{key}"): []
        for key in ("energy", "session_energy")
    }

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state and state.state not in UNKNOWN:
            shown[state.entity_id].append(float(state.state))

    stop = async_track_state_change_event(hass, list(shown), note)
    await home.shows("sensor", "CP1/1_energy", "1.0")
    for seconds in (3, 12, 70, 40):
        await measure()
        for _ in range(seconds // 10):
            await asyncio.sleep(10)
            await measure()
        await asyncio.sleep(seconds % 10)
        on_disk = {
            name: deepcopy(data)
            for name, data in hass_storage.items()
            if name.startswith(files)
        }
        await station.close()
        assert await hass.config_entries.async_unload(home.entry.entry_id)
        hass_storage.update(on_disk)
        assert await hass.config_entries.async_setup(home.entry.entry_id)
        await asyncio.sleep(10)  # the charger takes longer to come back
        station = await home.boot("CP1", "Charging")
        await wait_until(
            lambda: (
                not any(
                    hass.states.is_state(key, state)
                    for key in shown
                    for state in UNKNOWN
                )
            ),
            "both are shown again",
        )
        assert all(values == sorted(values) for values in shown.values())
    await measure()
    await asyncio.sleep(130)
    stop()
    lifetime, session = shown.values()
    assert lifetime == sorted(lifetime)
    assert session == sorted(session)
    assert lifetime[-1] > 1.2
    assert session[-1] == pytest.approx(lifetime[-1] - 1.0, abs=0.002)


async def test_the_energy_of_a_session_is_shown_soon_after_it_began(
    start: Callable[..., Any],
) -> None:
    """It was 0 for a minute: until the next save of those that run."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    home.charging = None
    await home.shows("sensor", "CP1/1_energy", "1.0")
    began = dt_util.utcnow()
    for register_kwh in (1.014, 1.042, 1.073):
        await asyncio.sleep(10)
        await home.draw(station, 12, register_kwh=register_kwh)
    assert home.state("sensor", "CP1/1_session_energy") in ("0.014", "0.042")
    assert dt_util.utcnow() - began < timedelta(seconds=40)


async def test_the_energy_of_a_session_is_shown_when_it_ends(
    start: Callable[..., Any],
) -> None:
    """A short one, too, within seconds: it need not wait for the next save of those that run."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    home.charging = None
    await home.shows("sensor", "CP1/1_energy", "1.0")
    await asyncio.sleep(10)
    await home.draw(station, 16, register_kwh=1.04)
    at = dt_util.utcnow()
    await station.call(
        "StopTransaction",
        home.transaction | {"meterStop": 1045, "timestamp": at.isoformat()},
    )
    await home.shows("sensor", "CP1/1_session_energy", "0.045")
    assert home.state("sensor", "CP1/1_energy") == "1.045"
    assert dt_util.utcnow() - at < timedelta(seconds=12)


async def test_the_energy_of_a_session_goes_on_after_an_update(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """Earlier versions did not store which session it is of: that of the car that charges does not fall to 0 and rise again."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    home.charging = None
    await home.draw(station, 16, register_kwh=1.5)
    await home.shows("sensor", "CP1/1_session_energy", "0.5")
    await station.close()
    assert await hass.config_entries.async_unload(home.entry.entry_id)
    memory = hass_storage[f"sunfuse.{home.entry.entry_id}.memory"]["data"]
    memory["stations"]["CP1"]["complete"] = True
    energy = memory["stations"]["CP1"]["energy"]["1"]
    del energy["session_id"], energy["session_runs"]
    shown: list[float] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state and state.state not in UNKNOWN:
            shown.append(float(state.state))

    entity = home.entity("sensor", "CP1/1_session_energy")
    stop = async_track_state_change_event(hass, entity, note)
    assert await hass.config_entries.async_setup(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    await home.draw(station, 16, register_kwh=1.51)
    await home.shows("sensor", "CP1/1_session_energy", "0.51")
    stop()
    assert shown == sorted(shown)
    assert shown[0] == 0.5
    await station.close()
