"""What fails inside a running site: it is said, it stays where it is, and it comes back by itself."""

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from custom_components import sunfuse
from custom_components.sunfuse import site_assembly, site_startup
from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.engine import Memory
from custom_components.sunfuse.engine.model import Decision, LimitKind, Snapshot
from custom_components.sunfuse.site import controller
from custom_components.sunfuse.site.planning.peaks import SitePeaks
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..common import charger, free_port, set_meters, site_entry, wait_until
from ..site_fixtures import Home, limits, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")

real_decide = controller.decide


def broken(*_args: Any, **_kwargs: Any) -> Any:
    """Fail, as nobody foresaw."""
    raise RuntimeError("nobody foresaw this")


def issue(hass: HomeAssistant, key: str) -> ir.IssueEntry | None:
    """Return the repair issue of a kind, if there is one."""
    issues = ir.async_get(hass).issues.values()
    return next(
        (i for i in issues if i.domain == DOMAIN and i.translation_key == key), None
    )


async def test_a_failing_tick_is_reported_and_recovers(
    hass: HomeAssistant,
    start: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing old is shown, nothing is offered on, one line is logged; and the next tick that works ends it."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    monkeypatch.setattr(controller, "decide", broken)
    await home.shows("sensor", "CP1/1_reason", "unavailable")
    assert home.state("sensor", "state") == "unavailable"
    assert issue(hass, "tick_failed")
    told = len(limits(station))
    home.house_a = (20, 4, 4)
    for _ in range(3):
        await asyncio.sleep(0)
        home.entry.runtime_data.controller.tick()
    assert len(limits(station)) == told
    assert (
        len([r for r in caplog.records if "nobody foresaw" in (r.exc_text or "")]) == 1
    )
    assert not station.websocket.closed

    monkeypatch.setattr(controller, "decide", real_decide)
    await wait_until(lambda: not issue(hass, "tick_failed"), "it recovers")
    assert home.state("sensor", "state") != "unavailable"
    await wait_until(lambda: len(limits(station)) > told, "it is offered again")


async def test_a_memory_that_the_engine_fails_on_is_dropped(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start, where it comes from a file, at once."""

    def decide(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        if memory is poisoned:
            raise ArithmeticError
        return real_decide(snapshot, memory)

    poisoned = Memory()
    monkeypatch.setattr(controller, "decide", decide)
    monkeypatch.setattr(controller, "read_memory", lambda *_: poisoned)
    set_meters(hass, currents_a=(10, 4, 4))
    entry = site_entry(free_port(), charger("CP1"))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert not issue(hass, "tick_failed")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_site_that_never_decided_is_tried_again(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant shows why, and sets it up later."""
    monkeypatch.setattr(controller, "decide", broken)
    set_meters(hass, currents_a=(10, 4, 4))
    entry = site_entry(free_port(), charger("CP1"))
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state.value == ConfigEntryState.SETUP_RETRY.value
    assert entry.error_reason_translation_key == "tick_failed"
    assert issue(hass, "tick_failed")
    monkeypatch.setattr(controller, "decide", real_decide)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state.value == ConfigEntryState.LOADED.value
    assert not issue(hass, "tick_failed")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_peaks_that_fail_leave_the_fuse_guarded(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts peaks may fail, and what each tick is recorded by; cars are controlled all the same."""
    home: Home = await start("CP1")
    monkeypatch.setattr(SitePeaks, "update", broken)
    monkeypatch.setattr(home.entry.runtime_data.controller.recorder, "add", broken)
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.house_a = (16, 4, 4)
    await obeys(station, 8)


async def test_a_delivery_that_fails_stands_alone(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One charger's adapter is broken; the other one is limited as ever, and the first is tried again."""
    home: Home = await start("CP1", "CP2")
    stations = home.entry.runtime_data.central_system.stations
    tried: list[float] = []

    async def offer(_connector: int, current_a: float, *_: Any, **__: Any) -> None:
        tried.append(current_a)
        raise RuntimeError("this adapter is broken")

    monkeypatch.setattr(stations["CP1"], "offer", offer)
    await home.boot("CP1")
    station = await home.charge("CP2")
    await wait_until(lambda: limits(station), "the other one is limited")
    await wait_until(lambda: len(tried) > 1, "the first is tried again")


@pytest.mark.parametrize(
    ("module", "part"),
    [
        (site_assembly, "async_load_sentences"),
        (sunfuse, "async_listen"),
        (site_startup, "start_peaks"),
    ],
)
async def test_what_changes_while_a_site_is_set_up(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, module: ModuleType, part: str
) -> None:
    """A dimming signal that is chosen just then dims the chargers; the user need not restart anything."""
    hass.states.async_set("binary_sensor.dimmed", "on")
    real = getattr(module, part)

    def meanwhile(hass: HomeAssistant, *args: Any) -> Any:
        entry = hass.config_entries.async_entries(DOMAIN)[0]
        hass.config_entries.async_update_entry(
            entry, options={"dimming_entity": "binary_sensor.dimmed"}
        )
        return real(hass, *args)

    monkeypatch.setattr(module, part, meanwhile)
    set_meters(hass, currents_a=(10, 4, 4))
    entry = site_entry(free_port(), charger("CP1"))
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    limits = entry.runtime_data.coordinator.data.snapshot.limits
    assert [limit.kind for limit in limits] == [LimitKind.DIMMING]
    await hass.config_entries.async_unload(entry.entry_id)
