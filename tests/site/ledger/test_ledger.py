"""The ledger of a site, as its chargers and its user see it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
import shutil
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.sunfuse.backup import async_post_backup, async_pre_backup
from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.repairs import async_create_fix_flow
from custom_components.sunfuse.sessions import (
    Ledger,
    SessionFilter,
    SessionRow,
    SiteQuarter,
    TransactionFacts,
)
from custom_components.sunfuse.site.ledger.ledger import SiteLedger
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.repairs import ConfirmRepairFlow
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ...common import wait_until
from ...site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

ANNA = ConfigSubentryData(
    data={"number": "04A1B2C3", "kind": "rfid", "blocked": False},
    subentry_type="card",
    title="Anna",
    unique_id="card",
)

AWAY_S = 360  # on the clock that jumps


def ledger_of(home: Home) -> SiteLedger:
    """Return the ledger of a site."""
    ledger: SiteLedger = home.entry.runtime_data.ledger
    return ledger


async def rows(home: Home) -> list[SessionRow]:
    """Return all sessions, as they are once all is written that waits."""
    await asyncio.wrap_future(ledger_of(home).ledger.note())
    return await ledger_of(home).async_sessions(SessionFilter())


async def start_transaction(home: Home, station: Any, card: str = "04A1B2C3") -> int:
    """Start a transaction at 1 kWh."""
    answer = await station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": card,
            "meterStart": 1000,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    home.transaction = {"transactionId": answer["transactionId"]}
    return int(answer["transactionId"])


async def stop_transaction(home: Home, station: Any, meter: int, **more: Any) -> None:
    """Stop the transaction."""
    await station.call(
        "StopTransaction",
        home.transaction
        | {"meterStop": meter, "timestamp": dt_util.utcnow().isoformat()}
        | more,
    )


async def test_a_session_from_plug_to_unplug(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Who, where, when, how much: stored before the charger is answered, and whole once the car is gone."""
    home: Home = await start("CP1", ANNA)
    station = await home.boot("CP1", "Preparing")
    connector = home.entry.runtime_data.central_system.stations["CP1"].connector
    await wait_until(lambda: connector(1).status == "preparing", "the car is there")
    home.entry.runtime_data.controller.tick()
    transaction = await start_transaction(home, station)
    # No waiting: it is on the disk.
    [row] = await ledger_of(home).async_sessions(SessionFilter())
    holder = next(iter(home.entry.get_subentries_of_type("person")))
    assert (row.station, row.connector, row.transaction) == ("CP1", 1, str(transaction))
    assert (row.person, row.card) == (holder.subentry_id, "04A1B2C3")
    assert row.stopped_at is None
    assert row.meter_start_wh == 1000
    assert row.plugged_at is not None and row.started_at is not None
    assert row.plugged_at <= row.started_at
    await home.tell(station, "Charging")
    await home.draw(station, 10, register_kwh=1.5)
    await asyncio.sleep(1)
    await home.draw(station, 10, register_kwh=1.5)
    home.entry.runtime_data.controller.tick()
    await stop_transaction(home, station, 1800, reason="Local")
    [row] = await rows(home)
    assert row.energy_wh == pytest.approx(800)
    assert (row.meter_end_wh, row.end_reason) == (1800, "Local")
    assert row.peak_w == pytest.approx(6900)
    assert row.full_power_w == pytest.approx(16 * 3 * 230)
    assert row.unplugged_at is None
    await home.tell(station, "Available")
    await wait_until(lambda: connector(1).status == "available", "the car left")
    home.entry.runtime_data.controller.tick()
    [row] = await rows(home)
    assert row.unplugged_at is not None
    assert sum(
        quarter.energy_wh
        for quarter in await ledger_of(home).async_intervals(row.number)
    ) == pytest.approx(800)
    assert await ledger_of(home).async_names("person") == {holder.subentry_id: "Anna"}
    assert await ledger_of(home).async_names("station") == {"CP1": "Charger CP1"}


async def test_a_car_of_one_phase_is_compared_as_one(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """At a charger of three phases: without control it would have had 16 A on one of them, and no eleven kilowatts."""
    home: Home = await start("CP1", ANNA)
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await home.tell(station, "Charging")
    await home.draw(station, 10, register_kwh=1.5, phases=("L1",))
    home.entry.runtime_data.controller.tick()
    await stop_transaction(home, station, 1800)
    [row] = await rows(home)
    assert row.full_power_w == pytest.approx(16 * 230)


async def test_a_car_that_never_charged(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It is on record that it was there, for who asks why; no sum, bill or last session has it."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    connector = home.entry.runtime_data.central_system.stations["CP1"].connector

    async def plugged_in_for(seconds: float) -> None:
        for status in ("Preparing", "Available"):
            await home.tell(station, status)
            await wait_until(lambda: connector(1).status == status.lower(), status)  # noqa: B023
            home.entry.runtime_data.controller.tick()
            await asyncio.sleep(seconds if status == "Preparing" else 1)

    await plugged_in_for(60)  # a card without a car
    await plugged_in_for(200)
    assert await rows(home) == []
    found = await hass.services.async_call(
        DOMAIN,
        "get_sessions",
        {"config_entry_id": home.entry.entry_id, "details": True},
        blocking=True,
        return_response=True,
    )
    assert isinstance(found, dict)
    sessions = found["sessions"]
    assert isinstance(sessions, list)
    [row] = sessions
    assert isinstance(row, dict)
    assert (row["end_reason"], row["started"], row["energy_kwh"]) == (
        "NoTransaction",
        None,
        0,
    )
    assert row["plugged_in"] is not None and row["unplugged"] is not None


async def test_a_session_over_a_restart(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It goes on as the same row, and what ran and ended meanwhile finds its place, with its own times."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    home.entry.runtime_data.controller.tick()
    [before] = await rows(home)
    await asyncio.sleep(AWAY_S)
    home.charging = None
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    ended = dt_util.utcnow() - timedelta(minutes=5)
    for _ in range(2):  # it is not sure that it was heard
        await stop_transaction(home, station, 1500, timestamp=ended.isoformat())
    [row] = await rows(home)
    assert (row.number, row.transaction) == (before.number, before.transaction)
    assert row.energy_wh == pytest.approx(500)
    assert row.stopped_at is not None
    assert abs(row.stopped_at - ended) < timedelta(milliseconds=2)
    assert row.offline


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_session_of_a_charger_that_is_removed_ends(
    hass: HomeAssistant, start: Callable[..., Any], *, restarted: bool
) -> None:
    """A charger that is removed for good reports no end: what its car took belongs in the statement of the month."""
    home: Home = await start("CP1", ANNA)
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await home.tell(station, "Charging")
    await home.draw(station, 10, register_kwh=1.5)
    home.entry.runtime_data.controller.tick()
    if restarted:  # and it was not heard of again
        await station.close()
        assert await hass.config_entries.async_reload(home.entry.entry_id)
    [charger] = home.entry.get_subentries_of_type("charger")
    hass.config_entries.async_remove_subentry(home.entry, charger.subentry_id)
    await hass.async_block_till_done()
    home.entry.runtime_data.controller.tick()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1))
    [row] = await rows(home)
    assert row.stopped_at is not None
    assert row.energy_wh == pytest.approx(500)


async def test_a_transaction_that_nobody_knows(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its start was reported to another life: by its own meter values it is known when it began."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    now = dt_util.utcnow()
    began = (now - timedelta(hours=3)).isoformat()
    await station.call(
        "StopTransaction",
        {
            "transactionId": 77,
            "meterStop": 9000,
            "timestamp": (now - timedelta(hours=1)).isoformat(),
            "transactionData": [
                {"timestamp": began, "sampledValue": [{"value": "4000"}]}
            ],
        },
    )
    [row] = await rows(home)
    assert (row.transaction, row.connector) == ("77", None)
    assert row.energy_wh == pytest.approx(5000)
    assert row.offline
    quarters = await ledger_of(home).async_intervals(row.number)
    assert sum(q.estimated_wh for q in quarters) == pytest.approx(5000)
    assert len(quarters) in (8, 9)


async def test_each_minute_is_stored(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A power cut takes a minute of a running session at most: what is in the file says so."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await home.draw(station, 16, register_kwh=1.0)
    home.entry.runtime_data.controller.tick()
    await home.draw(station, 16, register_kwh=1.01)
    home.entry.runtime_data.controller.tick()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await hass.async_block_till_done()
    [row] = await rows(home)
    assert row.stopped_at is None
    assert row.energy_wh == pytest.approx(10, abs=1)


async def test_a_ledger_that_cannot_be_read_is_put_aside(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Charging goes on, and a repair says where the file is."""
    home: Home = await start("CP1")
    entry = home.entry
    assert await hass.config_entries.async_unload(entry.entry_id)
    path = Path(hass.config.path(f"sunfuse.{entry.entry_id}.db"))
    path.write_bytes(b"rubbish, " * 1000)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await rows(home) == []
    [aside] = path.parent.glob("*.put_aside.*")
    assert aside.read_bytes().startswith(b"rubbish")


async def test_a_backup_has_whole_sessions(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What Home Assistant copies between the hooks can be opened, and sessions go on meanwhile."""
    home: Home = await start("CP1")
    await home.charge("CP1")
    await async_pre_backup(hass)
    path = Path(hass.config.path(f"sunfuse.{home.entry.entry_id}.db"))
    copied = path.with_name("copy.db")
    shutil.copy(path, copied)
    assert home.charging is not None
    await stop_transaction(home, home.charging, 1500)
    await async_post_backup(hass)
    [row] = await rows(home)
    assert row.energy_wh == pytest.approx(500)
    ledger = Ledger(copied)
    [before] = await asyncio.wrap_future(ledger.sessions(SessionFilter()))
    assert (before.transaction, before.stopped_at) == (row.transaction, None)
    await hass.async_add_executor_job(ledger.close)


async def test_sessions_outlive_the_site_until_the_user_deletes_them(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Bills are made of them: a repair asks. A site without sessions leaves nothing."""
    for charges in (False, True):
        home: Home = await start("CP1")
        if charges:
            await home.charge("CP1")
        home.charging = None
        entry_id = home.entry.entry_id
        path = Path(hass.config.path(f"sunfuse.{entry_id}.db"))
        await hass.config_entries.async_remove(entry_id)
        assert path.exists() is charges
        issue = ir.async_get(hass).async_get_issue(DOMAIN, f"sessions_kept_{entry_id}")
        assert bool(issue) is charges
    assert issue is not None
    flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
    flow.hass, flow.handler, flow.issue_id = hass, DOMAIN, issue.issue_id
    assert isinstance(flow, ConfirmRepairFlow)
    assert (await flow.async_step_confirm())["type"] is FlowResultType.FORM
    assert path.exists()
    await flow.async_step_confirm({})
    assert not path.exists()


async def test_a_charger_is_proposed_for_the_energy_dashboard(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Who uses the dashboard is asked about each charger that it does not have, and a press adds it."""
    hass.config.components.add("energy")
    manager = await async_get_manager(hass)
    grid: Any = {
        "type": "grid",
        "stat_energy_from": "sensor.import",
        "stat_energy_to": None,
        "entity_energy_price": None,
        "entity_energy_price_export": None,
    }
    await manager.async_update({"energy_sources": [grid]})  # type: ignore[typeddict-item]
    home: Home = await start("CP1")
    entity_id = home.entity("sensor", "CP1/1_energy")
    issue_id = f"energy_device_{entity_id}"
    registry = ir.async_get(hass)
    await wait_until(lambda: registry.async_get_issue(DOMAIN, issue_id), "it is asked")
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {"charger": "Charger CP1 Energy"}
    flow = await async_create_fix_flow(hass, issue_id, issue.data)
    flow.hass, flow.handler, flow.issue_id = hass, DOMAIN, issue_id
    assert isinstance(flow, ConfirmRepairFlow)
    await flow.async_step_confirm({})
    assert manager.data is not None
    assert manager.data["device_consumption"] == [
        {
            "stat_consumption": entity_id,
            "stat_rate": home.entity("sensor", "CP1/1_power"),
        }
    ]
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=6))
    await wait_until(
        lambda: registry.async_get_issue(DOMAIN, issue_id) is None, "it is done"
    )


async def test_figures_of_what_happened(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The last session, this month by charger and person, the last 30 days: when a session ends, and after a restart."""
    home: Home = await start("CP1", ANNA)
    assert home.state("sensor", "CP1/1_last_session_energy") == "unknown"
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await stop_transaction(home, station, 1800)
    holder = next(iter(home.entry.get_subentries_of_type("person"))).subentry_id
    shown = {
        "CP1/1_last_session_energy": "0.8",
        "CP1/1_last_session_sun_share": "0.0",
        "CP1_month_energy": "0.8",
        f"{holder}_month_energy": "0.8",
        "sun_share_30": "0.0",
    }
    for key, value in shown.items():
        await home.shows("sensor", key, value)
    # No tariff, no cost.
    assert home.state("sensor", "CP1/1_last_session_cost") == "unknown"
    assert home.state("sensor", "savings_30") == "unknown"
    assert home.state("sensor", "CP1_month_cost") == "unknown"
    name = hass.states.get(home.entity("sensor", f"{holder}_month_energy"))
    assert name is not None
    assert name.name == "Anna Energy this month"
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    for key, value in shown.items():
        assert home.state("sensor", key) == value


async def test_it_is_shown_how_good_habits_are(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Guests who leave at different times, as last week and the median would not have known either: with its losses."""
    home: Home = await start("CP1")
    today = dt_util.as_utc(dt_util.start_of_local_day())
    facts = []
    for day in range(120, 1, -1):
        came = today - timedelta(days=day) + timedelta(hours=18)
        left = came + timedelta(hours=12 + day % 3)
        facts.append(
            TransactionFacts(
                station="CP1",
                transaction=str(day),
                connector=1,
                plugged_at=came,
                stated_start_at=came,
                stated_stop_at=left,
                unplugged_at=left,
                stated_wh=10_000.0 + 1000 * (day % 3),
            )
        )
    await asyncio.wrap_future(ledger_of(home).ledger.note(*facts))
    await home.entry.runtime_data.figures.async_refresh()
    home.entry.runtime_data.controller.tick()
    await hass.async_block_till_done()
    state = hass.states.get("sensor.charger_cp1_departure")
    assert state is not None
    assert home.entry.runtime_data.figures.data.habits, state
    habit = state.attributes["habit"]
    assert habit["sessions"] > 40
    for losses in (habit["departure_h"], habit["energy_kwh"]):
        assert losses["habit"] < losses["last_week"]
        assert losses["used"] is (losses["habit"] <= losses["median"])


async def test_sessions_are_returned_exported_and_deleted(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """By the name of a person, with all that is known and without the card; afterwards nothing of her is left."""
    home: Home = await start("CP1", ANNA)
    station = await home.boot("CP1", "Preparing")
    for card in ("04A1B2C3", "free"):
        await start_transaction(home, station, card)
        await stop_transaction(home, station, 1800)
    site = {"config_entry_id": home.entry.entry_id}

    async def get(**more: Any) -> list[dict[str, Any]]:
        answer: Any = await hass.services.async_call(
            DOMAIN, "get_sessions", site | more, blocking=True, return_response=True
        )
        sessions: list[dict[str, Any]] = answer["sessions"]
        return sessions

    assert len(await get()) == 2
    yesterday = dt_util.utcnow() - timedelta(days=1)
    assert len(await get(start=yesterday.isoformat())) == 2
    assert await get(end=yesterday.isoformat()) == []
    [session] = await get(person="anna", details=True)
    assert (session["person"], session["charger"]) == ("Anna", "Charger CP1")
    assert session["energy_kwh"] == 0.8
    assert sum(one["energy_kwh"] for one in session["intervals"]) == pytest.approx(0.8)
    assert "04A1" not in str(session)
    with pytest.raises(ServiceValidationError):
        await get(person="nobody")
    await hass.services.async_call(
        DOMAIN, "delete_person", site | {"person": "Anna"}, blocking=True
    )
    [left] = await get()
    assert left["person"] is None
    path = Path(hass.config.path(f"sunfuse.{home.entry.entry_id}.db"))
    assert b"04A1B2C3" not in path.read_bytes()


async def test_persons_are_forgotten_and_sessions_deleted_by_age(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Whole months of the local calendar: what is older than one is nobody's, what is older than two is gone."""
    home: Home = await start("CP1", ANNA)
    await asyncio.wrap_future(
        ledger_of(home).ledger.note(
            *(
                TransactionFacts(
                    station="CP1",
                    transaction=str(days),
                    connector=1,
                    stated_start_at=dt_util.utcnow() - timedelta(days=days, hours=1),
                    stated_stop_at=dt_util.utcnow() - timedelta(days=days),
                    stated_wh=1000.0,
                    card="04A1B2C3",
                )
                for days in (0, 65, 130)
            )
        )
    )
    hass.config_entries.async_update_entry(
        home.entry, options={"forget_persons_months": 1, "delete_sessions_months": 3}
    )
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [(row.transaction, row.card) for row in await rows(home)] == [
        ("0", "04A1B2C3"),
        ("65", None),
    ]


async def test_nothing_is_written_while_nothing_happens(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Flash wears with every write: without a car the site's quarter hour is written when it is over."""
    home: Home = await start("CP1")
    ledger = ledger_of(home)
    await asyncio.wrap_future(ledger.ledger.note())
    written: list[object] = []
    note = ledger.ledger.note

    def noted(*facts: Any) -> Any:
        written.extend(facts)
        return note(*facts)

    with patch.object(ledger.ledger, "note", noted):
        for minute in range(1, 4):
            home.entry.runtime_data.controller.tick()
            later = dt_util.utcnow().replace(minute=1, second=0)
            async_fire_time_changed(hass, later + timedelta(minutes=minute))
    assert len({fact for fact in written if isinstance(fact, SiteQuarter)}) <= 1
