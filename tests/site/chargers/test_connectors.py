"""How many connectors a charger is believed to have, and what becomes of those that it has not."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from custom_components.sunfuse import async_remove_config_entry_device
from custom_components.sunfuse.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from ...central_system.client import CONFIGURATION_16, RawStation
from ...common import charger, wait_until
from ...site_fixtures import BOOT, Home, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture(autouse=True)
def _settles_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the chargers be of a make that need not be left alone for long after it has started."""
    monkeypatch.setitem(BOOT, "chargePointVendor", "Acme")


async def _report(station: RawStation, connectors: int, status: str) -> None:
    for connector in range(1, connectors + 1):
        await station.status(status, connector)


def _connectors(home: Home) -> list[int]:
    """Return the numbers of the connectors that have entities."""
    found = er.async_entries_for_config_entry(
        er.async_get(home.hass), home.entry.entry_id
    )
    ends = "_status"
    return sorted(
        int(entity.unique_id.removesuffix(ends).rpartition("/")[2])
        for entity in found
        if "/" in entity.unique_id and entity.unique_id.endswith(ends)
    )


def _devices(home: Home) -> dict[str, dr.AnyDeviceEntry]:
    """Return the devices of the site, by what their identifiers end with."""
    registry, entry_id = dr.async_get(home.hass), home.entry.entry_id
    found: list[dr.AnyDeviceEntry] = [
        *dr.async_entries_for_config_entry(registry, entry_id),
        *dr.async_child_entries_for_config_entry(registry, entry_id),
    ]
    return {
        identifier.removeprefix(entry_id): device
        for device in found
        for domain, identifier in device.identifiers
        if domain == DOMAIN
    }


async def _delete(home: Home, name: str) -> bool:
    """Delete a device as its page in Home Assistant does; returns whether that is allowed."""
    device = _devices(home)[name]
    if not await async_remove_config_entry_device(home.hass, home.entry, device):
        return False
    dr.async_get(home.hass).async_remove_device(device.id)
    await home.hass.async_block_till_done()
    await wait_until(
        lambda: home.entry.state is ConfigEntryState.LOADED, "the site set up anew"
    )
    return True


async def _set_up(station: RawStation) -> None:
    """Wait until the charger was asked for all that it can."""
    await station.wait_for(
        lambda: any(
            request["key"] == "MeterValueSampleInterval"
            for request in station.received("ChangeConfiguration")
        )
    )


@pytest.mark.parametrize("said", ["1", None])
@pytest.mark.parametrize("status", ["Available", "Faulted"])
async def test_connectors_out_of_nothing(
    hass: HomeAssistant,
    start: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    said: str | None,
    status: str,
) -> None:
    """A charger that sends statuses of 32 connectors has as many as it reports, and reserves no current for the others."""
    if said:
        monkeypatch.setitem(CONFIGURATION_16, "NumberOfConnectors", said)
    home: Home = await start("CP1", "CP2")
    station = await home.boot("CP1")
    await _report(station, 32, status)
    await _set_up(station)
    await _report(station, 32, status)
    await station.close()
    other = await home.charge("CP2")
    await obeys(other, 14)  # 25 A less 10 A of the house and 1 A of margin
    assert _connectors(home) == [1, 1]
    (first, _) = home.entry.get_subentries_of_type("charger")
    assert first.data.get("connectors", 1) == 1


@pytest.mark.parametrize("pause_s", [0, 20])
async def test_statuses_of_a_charger_that_does_not_say_its_number(
    hass: HomeAssistant, start: Callable[..., Any], pause_s: float
) -> None:
    """However slowly statuses of 32 connectors come, none makes a device for good; a session does."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    station.answers["GetConfiguration"] = "unknown"
    await station.wait_received("GetConfiguration", 7)
    for connector in range(1, 33):
        await station.status("Preparing", connector)
        if connector < 6:
            await asyncio.sleep(pause_s)
    await asyncio.sleep(60)
    await station.call("Heartbeat", {})
    await hass.async_block_till_done()
    if pause_s:
        assert not await _delete(home, "_CP1_1")
        for connector in (4, 3, 2):
            assert await _delete(home, f"_CP1_{connector}")
        station = await home.boot("CP1")
    assert _connectors(home) == [1]
    await station.start_transaction(dt_util.utcnow().isoformat(), connector=2)
    await wait_until(lambda: _connectors(home)[:2] == [1, 2], "a second connector")


async def test_a_twin_charger_that_does_not_say_its_number(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Two connectors of which a charger reports the status are believed, in less than a minute."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    await _set_up(station)
    await _report(station, 2, "Available")
    assert _connectors(home) == [1]
    await wait_until(lambda: _connectors(home) == [1, 2], "two connectors")


async def test_connectors_by_the_charger_s_word(
    hass: HomeAssistant, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A charger that says that it has two connectors gets two; a session on a third is believed, too."""
    monkeypatch.setitem(CONFIGURATION_16, "NumberOfConnectors", "2")
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    await wait_until(lambda: _connectors(home) == [1, 2], "two connectors")
    await station.start_transaction(dt_util.utcnow().isoformat(), connector=3)
    await wait_until(lambda: _connectors(home) == [1, 2, 3], "a third connector")


@pytest.mark.parametrize("said", ["1", None])
async def test_a_session_on_a_high_connector(
    hass: HomeAssistant,
    start: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    said: str | None,
) -> None:
    """A session on connector 32 makes that one connector, once its status has been reported; it stays over a restart."""
    if said:
        monkeypatch.setitem(CONFIGURATION_16, "NumberOfConnectors", said)
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    await _set_up(station)
    await station.start_transaction(dt_util.utcnow().isoformat(), connector=32)
    await hass.async_block_till_done()
    assert _connectors(home) == [1]
    await station.status("Charging", 32)
    await wait_until(lambda: _connectors(home) == [1, 32], "connector 32")
    assert {"_CP1", "_CP1_1", "_CP1_32"} <= _devices(home).keys()
    await station.close()
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1")
    await station.wait_received("TriggerMessage")
    await hass.async_block_till_done()
    assert _connectors(home) == [1, 32]
    assert not await _delete(home, "_CP1_32")


async def test_connectors_that_are_gone_are_deleted(
    hass: HomeAssistant, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices of connectors that the charger does not have can be deleted, and none that it has."""
    monkeypatch.setitem(CONFIGURATION_16, "NumberOfConnectors", "2")
    home: Home = await start(charger("CP1", connectors=5))
    assert "_CP1_5" in _devices(home)
    await home.boot("CP1")

    def count() -> int:
        (subentry,) = home.entry.get_subentries_of_type("charger")
        connectors: int = subentry.data["connectors"]
        return connectors

    await wait_until(lambda: count() == 2, "two connectors")
    await hass.async_block_till_done()
    await wait_until(
        lambda: home.entry.state is ConfigEntryState.LOADED, "the site set up anew"
    )
    deletable = {
        name
        for name, device in _devices(home).items()
        if await async_remove_config_entry_device(hass, home.entry, device)
    }
    assert deletable == {"_CP1_3", "_CP1_4", "_CP1_5"}
