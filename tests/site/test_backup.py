"""Home Assistant's own backup, made while a car charges: what is restored from it has every session."""

import asyncio
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
import tarfile
from typing import Any

import pytest

from custom_components.sunfuse.sessions import Ledger, SessionFilter
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from ..common import wait_until
from ..site_fixtures import Home
from .ledger.test_ledger import ANNA, rows, start_transaction, stop_transaction

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_restored_backup_has_every_session(
    hass: HomeAssistant, start: Callable[..., Any], tmp_path: Path
) -> None:
    """Finished sessions and the one that runs, with the person; sessions go on while it is made."""
    home: Home = await start("CP1", ANNA)
    assert await async_setup_component(hass, "backup", {})
    await hass.async_block_till_done()
    station = await home.boot("CP1", "Preparing")
    for number in range(3):
        await start_transaction(home, station)
        await stop_transaction(home, station, 1500 + number)
        await asyncio.sleep(1)
    await start_transaction(home, station)
    before = await rows(home)
    making = asyncio.create_task(
        hass.services.async_call("backup", "create", {}, blocking=True)
    )
    await stop_transaction(home, station, 1800)
    await making
    folder = Path(hass.config.path("backups"))
    await wait_until(lambda: [*folder.glob("*.tar")] != [], "the backup is there")
    [backup] = folder.glob("*.tar")
    with tarfile.open(backup) as outer:
        [inner] = [one for one in outer.getnames() if "homeassistant.tar" in one]
        packed = outer.extractfile(inner)
        assert packed is not None
        with tarfile.open(fileobj=BytesIO(packed.read())) as data:
            ours = [one for one in data.getmembers() if "sunfuse." in one.name]
            data.extractall(tmp_path / "restored", members=ours, filter="data")
    [copied] = (tmp_path / "restored").rglob("sunfuse.*.db")
    ledger = Ledger(copied)
    restored = ledger.sessions(SessionFilter()).result(timeout=30)
    ledger.close()
    assert len(restored) == len(before) == 4
    assert {row.transaction: row.energy_wh for row in before if row.stopped_at} == {
        row.transaction: row.energy_wh
        for row in restored
        if row.stopped_at and row.energy_wh < 800
    }
    assert {row.person for row in restored} == {row.person for row in before}
    # And here it went on.
    assert all(row.stopped_at for row in await rows(home))
