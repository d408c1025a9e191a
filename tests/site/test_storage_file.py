"""When the files of a site are written: what changed in time, and what did not change never."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.sunfuse.site.storage_file import StorageFile
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..site_fixtures import Home, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")


class Writes:
    """A store whose content changes, and what was written of it."""

    def __init__(self, hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
        """Keep a number."""
        self.hass = hass
        self.number = 0
        self.written = hass_storage
        self.store = StorageFile(hass, "site1", "test", every_s=60)
        self.store.keep(lambda: {"number": self.number})

    @property
    def found(self) -> Any:
        """Return the number in the file."""
        return self.written.get("sunfuse.site1.test", {}).get("data", {}).get("number")

    async def wait(self, freezer: Any, seconds: float) -> None:
        """Let time pass."""
        freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(self.hass, dt_util.utcnow())
        await self.hass.async_block_till_done()


async def test_what_changes_all_the_time_is_written(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: Any
) -> None:
    """Each change puts the write off no further."""
    writes = Writes(hass, hass_storage)
    for _ in range(13):
        writes.number += 1
        writes.store.save_soon()
        await writes.wait(freezer, 5.1)
    assert writes.found is not None
    await writes.store.async_save()
    assert writes.found == 13


async def test_what_did_not_change_is_not_written(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: Any
) -> None:
    """A file is written when its content is another one, and only then."""
    writes = Writes(hass, hass_storage)
    writes.store.save_soon()
    await writes.wait(freezer, 61)
    assert writes.found == 0
    del hass_storage["sunfuse.site1.test"]
    writes.store.save_soon()
    await writes.wait(freezer, 61)
    assert "sunfuse.site1.test" not in hass_storage
    writes.number = 7
    writes.store.save_soon()
    writes.store.save_soon(5)  # what is urgent does not wait for what is not
    await writes.wait(freezer, 6)
    assert writes.found == 7
    await writes.store.async_save()


async def test_the_sessions_of_a_charger_are_written_when_one_ends(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """They have a file of their own, which is unchanged while a car charges; together they contain everything."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    (subentry,) = home.entry.subentries.values()
    over = f"sunfuse.{home.entry.entry_id}.sessions.{subentry.subentry_id}"
    memory = f"sunfuse.{home.entry.entry_id}.memory"
    home.charging = None
    await station.call(
        "StopTransaction",
        {
            **home.transaction,
            "meterStop": 2000,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    await hass.config_entries.async_unload(home.entry.entry_id)
    (record,) = hass_storage[over]["data"]["transactions"]
    assert record["id"] == str(home.transaction["transactionId"])
    assert hass_storage[memory]["data"]["stations"]["CP1"]["transactions"] == []
    assert await hass.config_entries.async_setup(home.entry.entry_id)
    stations = home.entry.runtime_data.central_system.stations
    assert stations["CP1"].sessions.transactions.get(record["id"])
