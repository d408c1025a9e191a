"""What is deleted of a person is nowhere any more, and two persons can become one."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy import text

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.sessions import (
    Attribution,
    GroupBy,
    SessionFilter,
    TransactionFacts,
)
from custom_components.sunfuse.site.ledger.session_statistics import statistic_id
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ...common import wait_until
from ...site_fixtures import Home
from ..ledger.test_ledger import (
    ANNA,
    ledger_of,
    rows,
    start_transaction,
    stop_transaction,
)

pytestmark = pytest.mark.usefixtures("recorder_mock", "socket_enabled")


def _found(names: list[str], text_of: str) -> list[str]:
    return [name for name in names if name.casefold() in text_of.casefold()]


async def _purged[T](hass: HomeAssistant, left: Callable[[], list[T]]) -> list[T]:
    """Return what is left when the recorder has purged, which it does in steps: again where its database was busy."""
    found: list[T] = []
    for _ in range(50):
        await async_wait_recording_done(hass)
        if not (found := await get_instance(hass).async_add_executor_job(left)):
            break
        await asyncio.sleep(0.1)
    return found


async def test_of_a_deleted_person_nothing_is_left(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """Name, card and id are in no file of ours, in no statistic and no state, while a session of theirs goes on."""
    home: Home = await start("CP1", ANNA)
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await home.draw(station, 10, register_kwh=1.5)
    home.entry.runtime_data.controller.tick()
    await stop_transaction(home, station, 1800)
    await asyncio.sleep(1)
    await start_transaction(home, station)
    await home.draw(station, 10, register_kwh=2.5)
    home.entry.runtime_data.controller.tick()
    [person] = home.entry.get_subentries_of_type("person")
    await home.shows("sensor", f"{person.subentry_id}_month_energy", "0.8")
    assert home.state("sensor", "CP1/1_driver") == "Anna"
    now = dt_util.utcnow()
    await home.entry.runtime_data.statistics.async_write(
        now + timedelta(hours=2), now - timedelta(hours=2)
    )
    await hass.services.async_call(
        DOMAIN,
        "delete_person",
        {"config_entry_id": home.entry.entry_id, "person": "Anna"},
        blocking=True,
    )
    # Nothing that an entity writes from now on has the name.
    connectors = home.entry.runtime_data.coordinator.data.connectors.values()
    assert [one.holder for one in connectors] == [None]
    await hass.async_block_till_done()
    assert home.entry.get_subentries_of_type("card") == []
    await stop_transaction(home, station, 2800)
    await home.tell(station, "Available")
    [row] = await rows(home)
    assert row.energy_wh > 0
    assert (row.person, row.card) == (None, None)
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    await asyncio.wrap_future(ledger_of(home).ledger.checkpoint())
    await async_wait_recording_done(hass)

    names = ["Anna", "04A1B2C3", person.subentry_id]
    ours = [*Path(hass.config.config_dir).rglob("*sunfuse*.db*")]
    assert ours
    for file in ours:
        assert _found(names, file.read_bytes().decode("latin-1")) == [], file
    for key, stored in hass_storage.items():
        # Home Assistant's own: it writes its entries later, and remembers removed entities for 30 days.
        if not key.startswith("core."):
            assert _found(names, json.dumps(stored, default=str)) == [], key
    assert _found(names, str(home.entry.as_dict())) == []

    def recorded() -> Iterator[str]:
        with get_instance(hass).get_session() as session:
            for table in ("statistics_meta", "states_meta", "state_attributes"):
                for one in session.execute(text(f"SELECT * FROM {table}")):  # noqa: S608 (fixed names)
                    yield f"{table} {one}"

    def left() -> list[str]:
        # The recorder drops ids of entities without states with its next nightly purge.
        return [
            one
            for one in recorded()
            if _found(names, one) and not one.startswith("states_meta")
        ]

    assert await _purged(hass, left) == []


async def test_sessions_are_deleted_and_the_person_stays(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """As is asked for: they go on charging."""
    home: Home = await start("CP1", ANNA)
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await stop_transaction(home, station, 1800)
    await hass.services.async_call(
        DOMAIN,
        "delete_person",
        {"config_entry_id": home.entry.entry_id, "person": "Anna", "remove": False},
        blocking=True,
    )
    assert await rows(home) == []
    assert len(home.entry.get_subentries_of_type("card")) == 1
    await start_transaction(home, station)
    await stop_transaction(home, station, 1900)
    [row] = await rows(home)
    [person] = home.entry.get_subentries_of_type("person")
    assert row.person == person.subentry_id


def _card_of_before(number: str, key: str) -> Any:
    """Return a card as it was before there were persons."""
    return {
        "data": {"number": number, "kind": "rfid", "blocked": False},
        "subentry_id": key,
        "subentry_type": "card",
        "title": "Anna",
        "unique_id": number,
    }


def _session(number: int, person: str, hours_ago: int) -> TransactionFacts:
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    start = hour - timedelta(hours=hours_ago)
    return TransactionFacts(
        station="CP1",
        transaction=str(number),
        connector=1,
        stated_start_at=start,
        stated_stop_at=start + timedelta(hours=1),
        stated_wh=1000.0,
        person=Attribution(at=start, value=person),
    )


async def _sums(hass: HomeAssistant, home: Home, person: str) -> list[float]:
    await async_wait_recording_done(hass)
    wanted = statistic_id(home.entry.entry_id, GroupBy.PERSON, person, "energy")
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        dt_util.utcnow() - timedelta(days=10),
        None,
        {wanted},
        "hour",
        None,
        {"sum"},
    )
    return [row["sum"] or 0.0 for row in found.get(wanted, [])]


async def test_two_cards_of_one_driver_become_one_person(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """With the history of both; its statistics rise hour by hour, without a step where both meet."""
    first, second = "1" * 26, "2" * 26
    home: Home = await start(
        "CP1",
        _card_of_before("04A1B2C3", first),
        _card_of_before("04FF", second),
    )
    [person] = home.entry.get_subentries_of_type("person")
    assert (person.subentry_id, person.title) == (first, "Anna")
    cards = home.entry.get_subentries_of_type("card")
    assert {card.data["person"] for card in cards} == {first}
    assert home.entry.data["joined_persons"] == {second: first}
    # What the ledger has of before; the next start joins it.
    ledger = ledger_of(home).ledger
    await asyncio.wrap_future(
        ledger.note(
            *(
                _session(n, who, 90 - 10 * n)
                for n, who in enumerate((first, second) * 2)
            )
        )
    )
    now = dt_util.utcnow()
    await home.entry.runtime_data.statistics.async_write(now, now)
    assert (await _sums(hass, home, second))[-1] == pytest.approx(2.0)
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    found = await asyncio.wrap_future(
        ledger_of(home).ledger.sums(SessionFilter(person=first))
    )
    assert (found[0].sessions, found[0].energy_wh) == (4, 4000)
    await home.entry.runtime_data.statistics.async_write(now, now)
    sums = await _sums(hass, home, first)
    assert sums[-1] == pytest.approx(4.0)
    steps = [after - before for before, after in zip(sums, sums[1:], strict=False)]
    assert min(steps) >= 0 and max(steps) == pytest.approx(1.0)
    assert await _sums(hass, home, second) == []


async def test_two_persons_are_joined(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Sessions and cards of one become the other's; nobody is joined with themselves."""
    other: ConfigSubentryData = {
        **ANNA,
        "data": {**ANNA["data"], "number": "04FF"},
        "title": "Anna B",
        "unique_id": "04FF",
    }
    home: Home = await start("CP1", ANNA, other)
    persons = {one.title: one for one in home.entry.get_subentries_of_type("person")}
    station = await home.boot("CP1", "Preparing")
    for card in ("04A1B2C3", "04FF"):
        await start_transaction(home, station, card=card)
        await stop_transaction(home, station, 1800)
    assert len({row.person for row in await rows(home)}) == 2
    await hass.services.async_call(
        DOMAIN,
        "join_persons",
        {
            "config_entry_id": home.entry.entry_id,
            "person": "Anna B",
            "into": "Anna",
        },
        blocking=True,
    )
    await hass.async_block_till_done()
    anna = persons["Anna"].subentry_id
    assert {row.person for row in await rows(home)} == {anna}
    assert [one.title for one in home.entry.get_subentries_of_type("person")] == [
        "Anna"
    ]
    assert {
        one.data["person"] for one in home.entry.get_subentries_of_type("card")
    } == {anna}
    await home.shows("sensor", f"{anna}_month_energy", "1.6")
    await wait_until(lambda: len(list(home.entry.runtime_data.persons)) == 1, "one")


async def test_explanations_name_no_deleted_person(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Who has used up a quota is said by name; the sensor of that, which a user enables, is recorded."""
    home: Home = await start("CP1", ANNA)
    await home.boot("CP1", "Preparing")
    entity = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{home.entry.entry_id}_CP1/1_explanation"
    )
    assert entity
    hass.states.async_set(entity, "Waits for sun. Anna has used up the quota.")
    await async_wait_recording_done(hass)
    # The recorder deletes what is older than now, and time stands still while there is something to do.
    await asyncio.sleep(1)
    hass.states.async_set(entity, "Charges")
    await hass.services.async_call(
        DOMAIN,
        "delete_person",
        {"config_entry_id": home.entry.entry_id, "person": "Anna"},
        blocking=True,
    )
    await hass.async_block_till_done()

    def recorded() -> list[str]:
        with get_instance(hass).get_session() as session:
            states = [str(one) for one in session.execute(text("SELECT * FROM states"))]
        return [one for one in states if "Anna" in one]

    assert await _purged(hass, recorded) == []


async def test_who_was_removed_before_is_deleted_from_the_recorder(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Home Assistant has removed the person's entities with the person; what was recorded of them goes too."""
    home: Home = await start("CP1", ANNA)
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await stop_transaction(home, station, 1800)
    [person] = home.entry.get_subentries_of_type("person")
    await home.shows("sensor", f"{person.subentry_id}_month_energy", "0.8")
    entity = home.entity("sensor", f"{person.subentry_id}_month_energy")
    hass.config_entries.async_remove_subentry(home.entry, person.subentry_id)
    await hass.async_block_till_done()
    assert er.async_get(hass).async_get(entity) is None
    await async_wait_recording_done(hass)

    def recorded() -> list[Any]:
        with get_instance(hass).get_session() as session:
            return list(
                session.execute(
                    text(
                        "SELECT 1 FROM states s JOIN states_meta m"
                        " ON m.metadata_id = s.metadata_id"
                        # A removal may be noted only after the purge: a row without a state.
                        " WHERE m.entity_id = :id AND s.state IS NOT NULL"
                    ),
                    {"id": entity},
                ).all()
            )

    assert await get_instance(hass).async_add_executor_job(recorded)
    await hass.services.async_call(
        DOMAIN,
        "delete_person",
        {"config_entry_id": home.entry.entry_id, "person": "Anna"},
        blocking=True,
    )
    await hass.async_block_till_done()
    assert await _purged(hass, recorded) == []
