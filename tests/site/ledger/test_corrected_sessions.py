"""A charger's later reports show that its sessions took less: ledger, export, statistics and bills follow, once each."""

import asyncio
from base64 import b64decode
from collections.abc import Callable
from copy import deepcopy
import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.sessions import (
    Billed,
    GroupBy,
    PriceList,
    SessionFilter,
    SessionRow,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...central_system.client import Payload, RawStation
from ...sessions.test_statements import text_of
from ...site_fixtures import Home
from .test_session_statistics import statistic_sums

pytestmark = pytest.mark.usefixtures("recorder_mock", "socket_enabled")

SAVED_S = 60  # within which what a charger shows while it is busy is saved, on the clock that jumps
HALF_AN_HOUR = timedelta(minutes=30)
PRICES = PriceList(name="Guests", currency="EUR", time_zone="UTC", per_kwh=0.50)


class Charger:
    """A charger that stored its sessions: its starts say 0, and its register stood at 2 kWh before the first of them."""

    def __init__(self) -> None:
        """Begin yesterday."""
        hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
        self.at = hour - timedelta(hours=20)
        self.register_wh = 2_000.0

    def charges(self, power_w: float = 3_000) -> list[tuple[datetime, float]]:
        """Charge for an hour; return when it began, and two values."""
        values = [(self.at, 0.0)]
        for _ in range(2):
            self.at += HALF_AN_HOUR
            self.register_wh += power_w / 2
            values.append((self.at, self.register_wh))
        self.at += timedelta(hours=1)
        return values


def start_of(session: list[tuple[datetime, float]]) -> Payload:
    """Return the report of its start."""
    [(at, register_wh), *_] = session
    start: Payload = {"connectorId": 1, "idTag": "free"}
    return start | {"meterStart": int(register_wh), "timestamp": at.isoformat()}


async def begins(station: RawStation, session: list[tuple[datetime, float]]) -> Payload:
    """Report a session of the past but for its end; return that."""
    answer = await station.call("StartTransaction", start_of(session))
    values = session[1:]
    named: Payload = {"transactionId": answer["transactionId"]}
    for at, register_wh in values:
        await shows(station, named, at, register_wh)
    return named | {"meterStop": int(register_wh), "timestamp": at.isoformat()}


async def shows(
    station: RawStation, named: Payload, at: datetime, register_wh: float
) -> None:
    """Report a value of the register in a session, which may be over."""
    sampled = [{"value": str(register_wh), "unit": "Wh"}]
    value = {"timestamp": at.isoformat(), "sampledValue": sampled}
    transaction = {"transactionId": named["transactionId"]}
    await station.call(
        "MeterValues", {"connectorId": 1, "meterValue": [value], **transaction}
    )


async def rows(home: Home) -> list[SessionRow]:
    """Return all sessions, the oldest first, when all is written that waits."""
    ledger = home.entry.runtime_data.ledger
    await asyncio.wrap_future(ledger.ledger.note())
    found: list[SessionRow] = await ledger.async_sessions(SessionFilter())
    return found[::-1]


def on_disk(home: Home, hass_storage: dict[str, Any]) -> dict[str, Any]:
    """Return the files of the site, as they would be after a power cut now."""
    return {
        name: deepcopy(data)
        for name, data in hass_storage.items()
        if name.startswith(f"sunfuse.{home.entry.entry_id}.")
    }


async def written_ledger(home: Home) -> bytes:
    """Return the ledger as it would be after a power cut now, if nothing more is written."""
    ledger = home.entry.runtime_data.ledger.ledger
    await asyncio.wrap_future(ledger.checkpoint())
    content: bytes = await asyncio.to_thread(ledger.path.read_bytes)
    return content


async def killed(
    hass: HomeAssistant,
    home: Home,
    storage: dict[str, Any],
    files: dict[str, Any],
    ledger: bytes | None = None,
) -> None:
    """Go on from these files: what was not in them when the power was cut is lost."""
    path: Path = home.entry.runtime_data.ledger.ledger.path
    assert await hass.config_entries.async_unload(home.entry.entry_id)
    if ledger is not None:
        await asyncio.to_thread(path.write_bytes, ledger)
    for name in on_disk(home, storage):
        del storage[name]
    storage.update(files)
    assert await hass.config_entries.async_setup(home.entry.entry_id)


async def exported(hass: HomeAssistant, home: Home, form: str) -> str:
    """Return what is exported; a PDF in base64."""
    answer: Any = await hass.services.async_call(
        DOMAIN,
        "export_sessions",
        {"config_entry_id": home.entry.entry_id, "format": form},
        blocking=True,
        return_response=True,
    )
    content: str = answer["content"]
    return content


@pytest.mark.parametrize("unanswered", [False, True])
async def test_sessions_that_took_less(
    hass: HomeAssistant,
    start: Callable[..., Any],
    hass_storage: dict[str, Any],
    unanswered: bool,
) -> None:
    """3 kWh each, that seemed to be 5, 8, 11 and 14; the fifth shows more than can flow, and so what they were.

    The power is cut then: before the fifth was answered, so that it is reported again, or after it.
    """
    home: Home = await start("CP1")
    ledger = home.entry.runtime_data.ledger.ledger
    long_ago = dt_util.utcnow() - timedelta(days=2)
    await asyncio.wrap_future(ledger.agree({(Billed.STATION, "CP1"): PRICES}, long_ago))
    station, charger = await home.boot("CP1"), Charger()
    for _ in range(4):
        end = await begins(station, charger.charges())
        await station.call("StopTransaction", end)
    found = await rows(home)
    assert [one.energy_wh for one in found] == [5_000, 8_000, 11_000, 14_000]
    assert [one.billed for one in found] == [2.5, 4.0, 5.5, 7.0]
    await home.entry.runtime_data.statistics.async_write(dt_util.utcnow(), charger.at)
    before = await statistic_sums(hass, home, GroupBy.STATION, "CP1")
    assert before[-1] == pytest.approx(38)
    end = await begins(station, charger.charges())
    if unanswered:
        await asyncio.sleep(2 * SAVED_S)
        memory = on_disk(home, hass_storage)
    await station.call("StopTransaction", end)
    if not unanswered:
        memory = on_disk(home, hass_storage)
    # What the first took before its first value, nothing shows: 1.5 kWh.
    took_kwh = [1.5, 3.0, 3.0, 3.0, 3.0]
    for again in range(3):
        if again == 1:
            await station.close()
            await killed(hass, home, hass_storage, memory)
            station = await home.boot("CP1")
        elif again == 2 and unanswered:
            await station.call("StopTransaction", end)
        found = await rows(home)
        assert [one.energy_wh / 1000 for one in found] == took_kwh
        assert [one.billed for one in found] == [kwh / 2 for kwh in took_kwh]
        statistics = home.entry.runtime_data.statistics
        await statistics.async_write(dt_util.utcnow(), charger.at)
        await hass.async_block_till_done(wait_background_tasks=True)
        sums = await statistic_sums(hass, home, GroupBy.STATION, "CP1")
        assert sums[-1] == pytest.approx(sum(took_kwh))
        assert sums == sorted(sums)
        answer: Any = await hass.services.async_call(
            DOMAIN,
            "get_sessions",
            {"config_entry_id": home.entry.entry_id},
            blocking=True,
            return_response=True,
        )
        listed = [one["energy_kwh"] for one in answer["sessions"]][::-1]
        assert listed == took_kwh
        table = csv.DictReader((await exported(hass, home, "csv")).splitlines())
        assert [float(one["Energy (kWh)"]) for one in table] == took_kwh
        pages = text_of(b64decode(await exported(hass, home, "statement_pdf")))
        assert "Total of sessions: 5\n13.500" in "\n".join(pages)
        assert "6.75 EUR" in "\n".join(pages)


async def test_a_late_session_that_was_answered(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """The charger forgets it, so it is on the disk: the counter has its energy also after a power cut in that instant."""
    home: Home = await start("CP1")
    station, charger = await home.boot("CP1"), Charger()
    charger.register_wh = 0.0
    end = await begins(station, charger.charges())
    await station.call("StopTransaction", end)
    memory = on_disk(home, hass_storage)
    await station.close()
    await killed(hass, home, hass_storage, memory)
    central_system = home.entry.runtime_data.central_system
    connector = central_system.stations["CP1"].connector(1)
    assert connector.meter.energy_wh == 3_000
    [row] = await rows(home)
    assert row.energy_wh == 3_000


async def test_a_start_that_was_not_answered(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """It was in the ledger when the power failed, but not in the charger's memory: reported again, it is the same session."""
    home: Home = await start("CP1")
    station, charger = await home.boot("CP1"), Charger()
    memory = on_disk(home, hass_storage)
    session = charger.charges()
    answer = await station.call("StartTransaction", start_of(session))
    [row] = await rows(home)
    assert row.transaction == str(answer["transactionId"])
    await station.close()
    await killed(hass, home, hass_storage, memory)
    station = await home.boot("CP1")
    end = await begins(station, session)
    await station.call("StopTransaction", end)
    [row] = await rows(home)
    assert row.transaction == str(end["transactionId"])
    assert row.energy_wh == 5_000  # a register of 5 kWh beside a start of 0
    assert row.stopped_at is not None


async def _took_3_kwh(home: Home) -> tuple[RawStation, Payload, datetime]:
    """Report a session that began at 40 kWh and shows 43; return the station, the session's end without a register, and of when it is."""
    station, charger = await home.boot("CP1"), Charger()
    begin, middle = charger.at, charger.at + HALF_AN_HOUR
    session = await begins(station, [(begin, 40_000.0), (middle, 43_000.0)])
    over_at = middle + HALF_AN_HOUR
    return (
        station,
        session | {"timestamp": over_at.isoformat(), "meterStop": 0},
        over_at,
    )


async def test_a_correction_that_only_the_ledger_has(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """After a power cut the charger's memory is behind the ledger; the next correction counts, also if it is less.

    A value of 45 kWh was wrong, and in the ledger when the power failed. The next one is 43.5 kWh; it began at 40.
    """
    home: Home = await start("CP1")
    station, end, over_at = await _took_3_kwh(home)
    await station.call("StopTransaction", end)
    [row] = await rows(home)
    assert row.energy_wh == 3_000
    memory = on_disk(home, hass_storage)
    await shows(station, end, over_at, 45_000)
    [row] = await rows(home)
    assert row.energy_wh == 5_000
    await station.close()
    await killed(hass, home, hass_storage, memory)
    station = await home.boot("CP1")
    await asyncio.sleep(SAVED_S)
    await shows(station, end, over_at, 43_500)
    [row] = await rows(home)
    assert row.energy_wh == 3_500


@pytest.mark.parametrize("lost", ["correction", "end"])
async def test_a_report_that_the_ledger_wrote_too_slowly(
    hass: HomeAssistant,
    start: Callable[..., Any],
    hass_storage: dict[str, Any],
    lost: str,
) -> None:
    """The charger's memory was saved before the power failed, so the charger does not report it again: the memory does.

    A session of 3 kWh is corrected to 4.5 kWh.
    """
    home: Home = await start("CP1")
    station, end, over_at = await _took_3_kwh(home)
    await rows(home)
    ledger = await written_ledger(home)
    await station.call("StopTransaction", end)
    if lost == "correction":
        await rows(home)
        ledger = await written_ledger(home)
        await shows(station, end, over_at, 44_500)
        await asyncio.sleep(SAVED_S)
    memory = on_disk(home, hass_storage)
    await station.close()
    await killed(hass, home, hass_storage, memory, ledger)
    [row] = await rows(home)
    assert row.energy_wh == (4_500 if lost == "correction" else 3_000)
    assert row.stopped_at is not None


def _person(name: str) -> Any:
    data: dict[str, Any] = {}
    subentry = {"data": data, "subentry_id": name.upper(), "subentry_type": "person"}
    return subentry | {"title": name, "unique_id": None}


async def test_a_card_that_is_another_persons_now(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A correction does not change whose session it was, nor does a restart."""
    card: Any = {
        "data": {"number": "free", "person": "ANNA", "kind": "rfid", "blocked": False},
        "subentry_id": "CARD",
        "subentry_type": "card",
        "title": "Card",
        "unique_id": None,
    }
    home: Home = await start("CP1", _person("Anna"), _person("Zoe"), card)
    station, end, over_at = await _took_3_kwh(home)
    await station.call("StopTransaction", end)
    [row] = await rows(home)
    assert row.person == "ANNA"
    [before] = home.entry.get_subentries_of_type("card")
    hass.config_entries.async_update_subentry(
        home.entry, before, data={**before.data, "person": "ZOE"}
    )
    await hass.async_block_till_done()
    await shows(station, end, over_at, 44_500)
    for _ in range(2):
        [row] = await rows(home)
        assert (row.energy_wh, row.person) == (4_500, "ANNA")
        assert await hass.config_entries.async_reload(home.entry.entry_id)
