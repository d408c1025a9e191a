"""The commands behind the cards: pushed on change, in the user's language, and no more than the user may see."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.sunfuse.sessions import SessionRow
from custom_components.sunfuse.websocket import new_chargers
from custom_components.sunfuse.websocket.pushing import difference
from custom_components.sunfuse.websocket.session_commands import running_of
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..common import wait_until
from ..site_fixtures import BOOT, Home


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({}, {"chargers": {"x": 1}}, {"set": {"chargers": {"x": 1}}}),
        ({"a": 1, "b": 2}, {"a": 3}, {"set": {"a": 3}, "gone": ["b"]}),
        (
            {"chargers": {"x": 1, "y": 1, "z": 1}},
            {"chargers": {"x": 2, "y": 1}},
            {"chargers": {"set": {"x": 2}, "gone": ["z"]}},
        ),
    ],
)
def test_only_what_changed_is_pushed(
    before: dict[str, Any], after: dict[str, Any], news: dict[str, Any]
) -> None:
    """Items of a site are compared one by one, everything else as a whole."""
    assert difference(before, after) == news


async def _subscribe(client: MockHAClientWebSocket, **arguments: Any) -> dict[str, Any]:
    await client.send_json_auto_id({"type": "sunfuse/site/subscribe", **arguments})
    answer = await client.receive_json()
    assert answer["success"], answer
    first: dict[str, Any] = (await client.receive_json())["event"]["set"]
    return first


async def _news(client: MockHAClientWebSocket, key: str) -> Any:
    """Return what is pushed next of a key of the first charger, or of the site."""
    while True:
        event = (await client.receive_json())["event"]
        for charger in event.get("chargers", {}).get("set", {}).values():
            if key in charger:
                return charger[key]
        if key in event.get("set", {}):
            return event["set"][key]


async def test_a_site_is_pushed(
    start: Callable[..., Any], hass_ws_client: WebSocketGenerator
) -> None:
    """All of it at first, in the language that is asked for; then only what changed."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    first = await _subscribe(client, entry_id=home.entry.entry_id, language="de")
    assert first["admin"]
    assert "clock" not in first
    assert first["phases"] == 3
    (circuit,) = first["circuits"]
    assert circuit["limit_a"] == [25, 25, 25]
    assert circuit["name"] == "Die Hauptsicherung"
    charger = first["chargers"]["CP1/1"]
    assert not charger["connected"]
    assert "noch nie verbunden" in charger["reason"]["text"]
    assert charger["entities"]["mode"] == home.entity("select", "CP1/1_mode")

    await home.call("select", "select_option", "CP1/1_mode", option="off")
    while await _news(client, "mode") != "off":
        pass


async def test_it_goes_on_after_a_reload(
    start: Callable[..., Any], hass_ws_client: WebSocketGenerator
) -> None:
    """A card shows nothing while the site is set up anew, and all of it afterwards."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    await _subscribe(client)
    await home.hass.config_entries.async_reload(home.entry.entry_id)
    await client.send_json_auto_id({"type": "ping"})
    gone = back = False
    while not back:
        message = await client.receive_json()
        if message["type"] != "event":
            continue
        gone = gone or "chargers" in message["event"].get("gone", ())
        back = gone and "chargers" in message["event"].get("set", {})


async def test_sessions_go_on_after_a_reload(
    start: Callable[..., Any], hass_ws_client: WebSocketGenerator
) -> None:
    """The site has another ledger then, and a session that begins in it is pushed."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    await client.send_json_auto_id(
        {"type": "sunfuse/sessions/subscribe", "start": "2020-01-01T00:00:00+00:00"}
    )
    assert (await client.receive_json())["success"]
    assert (await client.receive_json())["event"]["set"]["sessions"] == []
    await home.hass.config_entries.async_reload(home.entry.entry_id)
    await home.charge("CP1")
    while not (await client.receive_json())["event"]["set"]["sessions"]:
        pass


async def test_a_session_without_energy_and_price_has_no_cost(
    start: Callable[..., Any], hass_ws_client: WebSocketGenerator
) -> None:
    """Nothing of which the price is unknown did not cost 0.00: a sum of such sessions would seem to be known."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    await home.charge("CP1")
    await client.send_json_auto_id(
        {"type": "sunfuse/sessions/subscribe", "start": "2020-01-01T00:00:00+00:00"}
    )
    assert (await client.receive_json())["success"]
    sessions: list[dict[str, Any]] = []
    while not sessions:
        sessions = (await client.receive_json())["event"]["set"]["sessions"]
    (only,) = sessions
    assert only["energy_wh"] == 0
    assert only["cost"] is None
    assert only["saving"] is None


async def test_sessions_of_a_site_that_is_being_unloaded(
    start: Callable[..., Any],
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A card that asks in the moment when the ledger closes has its sessions after the reload."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    await home.entry.runtime_data.ledger.async_stop()
    await client.send_json_auto_id(
        {"type": "sunfuse/sessions/subscribe", "start": "2020-01-01T00:00:00+00:00"}
    )
    assert (await client.receive_json())["success"]
    await home.hass.config_entries.async_reload(home.entry.entry_id)
    assert (await client.receive_json())["event"]["set"]["sessions"] == []
    assert "LedgerClosedError" not in caplog.text


async def test_an_export_of_a_site_that_is_being_unloaded(
    start: Callable[..., Any],
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Who presses *Export* in the moment when the ledger closes is told so; nothing is written to the log."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    await home.entry.runtime_data.ledger.async_stop()
    command = {"start": "2020-01-01T00:00:00+00:00", "numbers": [], "language": "de"}
    await client.send_json_auto_id({"type": "sunfuse/sessions/export", **command})
    answer = await client.receive_json()
    assert answer["error"]["code"] == "not_found"
    assert "Traceback" not in caplog.text


async def test_a_preview_that_no_plan_reaches(
    start: Callable[..., Any],
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The card has the key of the sentence that says so, and the log no error."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    later = dt_util.utcnow() + timedelta(hours=49)
    await client.send_json_auto_id(
        {
            "type": "sunfuse/plan/preview",
            "charger": "CP1/1",
            "departure": later.isoformat(),
        }
    )
    error = (await client.receive_json())["error"]
    assert error["translation_key"] == "departure_beyond_plan"
    assert error["translation_placeholders"] == {"hours": "48"}
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


async def test_what_a_charger_gave_today(
    start: Callable[..., Any], hass_ws_client: WebSocketGenerator
) -> None:
    """The card of a charger has the energy since midnight and the cost so far; without a session it is nothing."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    first = await _subscribe(client)
    assert first["address"].endswith(f":{home.entry.data['port']}/")
    charger = first["chargers"]["CP1/1"]
    assert (charger["cost"], charger["sun_share"]) == (None, None)
    station = await home.boot("CP1", "Preparing")
    before = dt_util.utcnow() - timedelta(minutes=10)
    answer = await station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": "free",
            "meterStart": 1000,
            "timestamp": before.isoformat(),
        },
    )
    await station.call(
        "StopTransaction",
        {
            "transactionId": answer["transactionId"],
            "meterStop": 4000,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    while await _news(client, "today_wh") != 3000:
        pass


def _restrict(user: User, *entities: str) -> None:
    user.groups = []
    user.mock_policy(  # type: ignore[attr-defined]
        {"entities": {"entity_ids": dict.fromkeys(entities, True)}}
    )


async def test_a_user_sees_what_they_may_see(
    start: Callable[..., Any],
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
    hass_read_only_user: User,
) -> None:
    """One charger of two and nothing of the site, for who has the entities of that charger only."""
    home: Home = await start("CP1", "CP2")
    own = [
        entity.entity_id
        for entity in er.async_entries_for_config_entry(
            er.async_get(home.hass), home.entry.entry_id
        )
        if "_CP1/1_" in entity.unique_id
    ]
    _restrict(hass_read_only_user, *own)
    client = await hass_ws_client(home.hass, hass_read_only_access_token)
    await client.send_json_auto_id({"type": "sunfuse/sites"})
    (site,) = (await client.receive_json())["result"]
    assert not site["whole"]
    assert site["chargers"] == ["CP1/1"]
    first = await _subscribe(client)
    assert not first["admin"]
    assert first["chargers"].keys() == {"CP1/1"}
    assert first["chargers"]["CP1/1"]["may_drive"]
    assert "flows" not in first
    assert "circuits" not in first
    for refused in ("sunfuse/new_chargers/subscribe", "sunfuse/site/report"):
        await client.send_json_auto_id({"type": refused})
        assert (await client.receive_json())["error"]["code"] == "unauthorized"


async def test_a_user_without_rights_sees_nothing(
    start: Callable[..., Any],
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
    hass_read_only_user: User,
) -> None:
    """Neither which sites there are, nor one that they know the id of; they are told that they may not."""
    home: Home = await start("CP1")
    _restrict(hass_read_only_user, "light.lamp")
    client = await hass_ws_client(home.hass, hass_read_only_access_token)
    await client.send_json_auto_id({"type": "sunfuse/sites"})
    assert (await client.receive_json())["result"] == []
    for named in ({"entry_id": home.entry.entry_id}, {}):
        await client.send_json_auto_id({"type": "sunfuse/site/subscribe", **named})
        assert (await client.receive_json())["error"]["code"] == "unauthorized"


def test_the_session_that_runs_is_the_one_that_began_last() -> None:
    """Whatever a charger that was away, or an import, reports afterwards; one whose end was lost runs no more."""
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC)

    def row(number: int, begun_h: int, stopped_h: int | None = None) -> SessionRow:
        return SessionRow(
            number=number,
            station="CP1",
            transaction=str(number),
            connector=1,
            started_at=noon + timedelta(hours=begun_h),
            stopped_at=None if stopped_h is None else noon + timedelta(hours=stopped_h),
        )

    lost, now, late = row(1, -8), row(2, 0), row(3, -6, -5)
    assert running_of([lost, now, late]) == {2}
    assert running_of([lost, row(2, 0, 1), late]) == set()


async def _stranger(home: Home, identity: str) -> None:
    station = await home.connect(identity)
    await station.call("BootNotification", BOOT)


async def test_more_new_chargers_than_are_shown(
    start: Callable[..., Any],
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The seventeenth of one address waits outside: that there may be others is said, once there is no room."""
    monkeypatch.setattr(new_chargers, "MAX_PENDING_PER_ADDRESS", 2)
    home: Home = await start("CP1")
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "sunfuse/new_chargers/subscribe"})
    assert (await client.receive_json())["success"]
    known = (await client.receive_json())["event"]["set"]
    for identity in ("NEW1", "NEW2"):
        assert not known["more"]
        await _stranger(home, identity)
        while identity not in {one["identity"] for one in known["waiting"]}:
            known |= (await client.receive_json())["event"].get("set", {})
    assert known["more"]


async def test_new_chargers_are_accepted_in_bulk(
    start: Callable[..., Any], hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    """Three with names from a pattern: 24 A of the fuse carry 6 A for those that are there and for as many new ones as fit."""
    home: Home = await start("CP1", "CP2")
    client = await hass_ws_client(hass)
    ask = {"type": "sunfuse/new_chargers/subscribe", "language": "de"}
    await client.send_json_auto_id(ask)
    assert (await client.receive_json())["success"]
    first = (await client.receive_json())["event"]["set"]
    assert first["circuits"] == [{"id": "main", "name": "Die Hauptsicherung"}]
    waiting = first["waiting"]
    assert waiting == []
    for identity in ("NEW10", "NEW1", "NEW2"):
        await _stranger(home, identity)
    while len(waiting) < 3:
        event = (await client.receive_json())["event"]
        waiting = event.get("set", {}).get("waiting", waiting)
    # They are numbered as they are shown.
    assert [one["identity"] for one in waiting] == ["NEW1", "NEW2", "NEW10"]
    order = {
        "type": "sunfuse/new_chargers/accept",
        "identities": [charger["identity"] for charger in waiting],
        "mode": "eco",
        "pattern": "Bay {n}",
        "first": 11,
    }
    await client.send_json_auto_id({**order, "preview": True})
    while "result" not in (answer := await client.receive_json()):
        pass
    proposed = [(c["name"], c["fail_safe_a"]) for c in answer["result"]]
    assert proposed == [("Bay 11", 6.0), ("Bay 12", 6.0), ("Bay 13", 0.0)]
    assert len(home.entry.subentries) == 2

    await client.send_json_auto_id(order)
    while "result" not in (answer := await client.receive_json()):
        pass
    assert answer["success"], answer
    await wait_until(
        lambda: len(home.entry.runtime_data.coordinator.data.connectors) == 5,
        "five connectors",
    )
    titles = {subentry.title for subentry in home.entry.subentries.values()}
    assert {"Bay 11", "Bay 12", "Bay 13"} <= titles
    # As it was asked for, not silently another.
    assert {
        home.entry.runtime_data.settings.connector(f"NEW{n}/1").mode for n in (1, 2, 10)
    } == {"eco"}
    assert not hass.config_entries.flow.async_progress_by_handler("sunfuse")
    # Who comes later and is accepted by the same pattern gets a name of its own.
    await _stranger(home, "NEW4")
    await client.send_json_auto_id(
        {**order, "identities": ["NEW4"], "first": 12, "preview": True}
    )
    while "result" not in (answer := await client.receive_json()):
        pass
    assert [c["name"] for c in answer["result"]] == ["Bay 14"]


async def test_sessions_are_their_drivers_own(
    start: Callable[..., Any],
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
    hass_read_only_user: User,
) -> None:
    """An administrator sees all sessions, as they begin; a driver those of the cards under their name."""
    card = {
        "data": {"number": "04AABBCC", "kind": "rfid", "blocked": False},
        "subentry_type": "card",
        "title": hass_read_only_user.name,
        "unique_id": "card_04aabbcc",
    }
    home: Home = await start("CP1", "CP2", card)
    command = {
        "type": "sunfuse/sessions/subscribe",
        "start": "2020-01-01T00:00:00+00:00",
    }
    owner = await hass_ws_client(home.hass)
    await owner.send_json_auto_id(command)
    assert (await owner.receive_json())["success"]
    assert (await owner.receive_json())["event"]["set"]["sessions"] == []
    for identity, number in (("CP1", "04AABBCC"), ("CP2", "free")):
        station = await home.boot(identity, "Preparing")
        await station.call(
            "StartTransaction",
            {
                "connectorId": 1,
                "idTag": number,
                "meterStart": 1000,
                "timestamp": dt_util.utcnow().isoformat(),
            },
        )
    sessions: list[dict[str, Any]] = []
    while len(sessions) < 2:
        view = (await owner.receive_json())["event"]["set"]
        assert view["all"]
        sessions = view["sessions"]
    assert {s["charger"] for s in sessions} == {"Charger CP1", "Charger CP2"}
    assert {s["station"] for s in sessions} == {"CP1", "CP2"}

    driver = await hass_ws_client(home.hass, hass_read_only_access_token)
    await driver.send_json_auto_id(command)
    assert (await driver.receive_json())["success"]
    view = (await driver.receive_json())["event"]["set"]
    assert not view["all"]
    (own,) = view["sessions"]
    assert own["charger"] == "Charger CP1"
    assert own["person"] == hass_read_only_user.name

    # As a file like that of the action, in the language of the user, and with commas if they chose these; asking for
    # another's session does not give it.
    numbers = [session["number"] for session in sessions]
    for client, chosen, comma in (
        (owner, {}, ";"),
        (owner, {"decimal_sign": "."}, ","),
        (driver, {"decimal_sign": ","}, ";"),
    ):
        seen = 1 if client is driver else 2
        await client.send_json_auto_id(
            command
            | {
                "type": "sunfuse/sessions/export",
                "numbers": numbers,
                "language": "de",
            }
            | chosen
        )
        while "result" not in (answer := await client.receive_json()):
            pass
        assert answer["result"]["sessions"] == seen
        head, *rows = answer["result"]["content"].splitlines()
        assert head.startswith(f"\ufeffWallbox{comma}Kennung der Wallbox{comma}")
        assert "Energie (kWh)" in head.split(comma)
        assert [row.partition(comma)[0] for row in rows] == [
            "Charger CP1",
            "Charger CP2",
        ][:seen]
    await driver.send_json_auto_id(
        {
            "type": "sunfuse/sessions/export",
            "start": "2020-01-01",
            "numbers": numbers,
            "language": "de",
        }
    )
    while "success" not in (answer := await driver.receive_json()):
        pass
    assert answer["error"]["code"] == "invalid_format"


async def test_a_plan_without_prices_shows_none(
    start: Callable[..., Any], hass_ws_client: WebSocketGenerator
) -> None:
    """What the plan assumes in their place is nothing that anybody pays."""
    home: Home = await start("CP1")
    client = await hass_ws_client(home.hass)
    await client.send_json_auto_id({"type": "sunfuse/plan/subscribe"})
    assert (await client.receive_json())["success"]
    plan: dict[str, Any] = {}
    while "priced" not in plan:
        plan |= (await client.receive_json())["event"]["set"]
    assert not plan["priced"]
    assert plan.get("price") is None
    assert plan["house_w"]
