"""Cards: free charging, a list with names, or an automation that is asked; and how unknown ones are added."""

import asyncio
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.site.people.cards import EVENT_AUTHORIZE, masked
from homeassistant.config_entries import ConfigFlowResult, SubentryFlowResult
from homeassistant.core import Event, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ...central_system.client import RawStation
from ...common import wait_until
from ...forms import chosen_unasked, suggested
from ...site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

NUMBER = "04A2B3C4D5E680"
EVSE = {"id": 1, "connectorId": 1}


async def set_policy(home: Home, mode: str, **values: Any) -> ConfigFlowResult:
    """Choose in the options who may charge."""
    options = home.hass.config_entries.options
    menu = await options.async_init(home.entry.entry_id)
    form = await options.async_configure(menu["flow_id"], {"next_step_id": "cards"})
    result = await options.async_configure(
        form["flow_id"],
        {"authorization": mode, "ask_default": False, "ask_timeout_s": 10} | values,
    )
    await home.hass.async_block_till_done()
    return result


async def add_card(home: Home, **values: Any) -> dict[str, str] | None:
    """Add a card by hand; return what was wrong with it."""
    subentries = home.hass.config_entries.subentries
    form = await card_form(home)
    result = await subentries.async_configure(
        form["flow_id"], {"person": "Anna", "number": NUMBER} | values
    )
    await home.hass.async_block_till_done()
    return result.get("errors")


async def add_person(home: Home, **values: Any) -> dict[str, str] | None:
    """Add a person; return what was wrong with them."""
    subentries = home.hass.config_entries.subentries
    form = await subentries.async_init(
        (home.entry.entry_id, "person"), context={"source": "user"}
    )
    result = await subentries.async_configure(form["flow_id"], {"limits": {}} | values)
    await home.hass.async_block_till_done()
    return result.get("errors")


async def card_form(home: Home) -> SubentryFlowResult:
    """Open the form in which the number of a card is typed."""
    subentries = home.hass.config_entries.subentries
    menu = await subentries.async_init(
        (home.entry.entry_id, "card"), context={"source": "user"}
    )
    return await subentries.async_configure(
        menu["flow_id"], {"next_step_id": "details"}
    )


async def held(station: RawStation, card: str) -> str:
    """Hold a card to a charger; return what the driver sees."""
    answer = await station.call("Authorize", {"idTag": card})
    status: str = answer["idTagInfo"]["status"]
    return status


async def test_a_list_of_cards(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Only cards of the list get in, in any spelling; the charger keeps the list too and stays connected."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    assert await held(station, NUMBER) == "Accepted"
    station.answers["GetLocalListVersion"] = {"listVersion": 0}
    station.answers["SendLocalList"] = {"status": "Accepted"}
    assert await set_policy(home, "list")
    assert await held(station, NUMBER) != "Accepted"
    assert await add_card(home, number="04:a2:b3:c4:d5:e6:80") is None
    assert await held(station, NUMBER) == "Accepted"
    assert await held(station, NUMBER.lower()) == "Accepted"
    assert not station.websocket.closed

    def lists() -> list[dict[str, Any]]:
        return [
            entry
            for told in station.received("SendLocalList")
            for entry in told.get("localAuthorizationList", [])
        ]

    await wait_until(lists, "the local list")
    assert lists()[-1] == {
        "idTag": "04a2b3c4d5e680",
        "idTagInfo": {"status": "Accepted"},
    }

    (card,) = home.entry.get_subentries_of_type("card")
    form = await home.entry.start_subentry_reconfigure_flow(hass, card.subentry_id)
    placeholders = form["description_placeholders"]
    assert placeholders == {"card": "…e680"}
    await hass.config_entries.subentries.async_configure(
        form["flow_id"], {"person": "Anna", "kind": "rfid", "blocked": True}
    )
    await hass.async_block_till_done()
    assert await held(station, NUMBER) == "Blocked"
    assert not station.websocket.closed


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"number": " "}, {"number": "card_number"}),
        ({"number": "-:"}, {"number": "card_number"}),
        ({"number": "04:KN-OWN", "kind": "vehicle"}, {"number": "card_known"}),
        ({"number": "X" * 37}, {"number": "card_number"}),
        ({"number": "sunfuse"}, {"number": "card_number"}),
        ({"number": "04-known"}, {"number": "card_known"}),
        ({"person": " "}, {"person": "person_missing"}),
    ],
)
async def test_what_is_wrong_with_a_card(
    start: Callable[..., Any], values: dict[str, Any], errors: dict[str, str]
) -> None:
    """It is said at its field."""
    home: Home = await start("CP1")
    assert await add_card(home, number="04-KNOWN") is None
    assert await add_card(home, **values) == errors


async def test_a_car_that_waits_for_a_card_says_so(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """With full power offered it is the card that is missing; where anyone may charge, none is."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    station = await home.boot("CP1", "Preparing")

    await home.shows("sensor", "CP1/1_reason", "waiting_for_card")
    # A card that is unknown changes nothing.
    assert await held(station, NUMBER) == "Invalid"
    await hass.async_block_till_done()
    assert home.state("sensor", "CP1/1_reason") == "waiting_for_card"
    await set_policy(home, "free")
    await wait_until(
        lambda: home.state("sensor", "CP1/1_reason") != "waiting_for_card",
        "another reason",
    )


async def test_a_card_before_the_cable_is_enough(start: Callable[..., Any]) -> None:
    """A charger waits for the car of an accepted card; the card counts for one session, and not for the next car."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    assert await add_card(home) is None
    station = await home.boot("CP1", "Available")
    assert await held(station, NUMBER) == "Accepted"
    await station.status("Preparing")
    await home.shows("sensor", "CP1/1_status", "preparing")
    assert home.state("sensor", "CP1/1_reason") != "waiting_for_card"
    begun = await station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": NUMBER,
            "meterStart": 0,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    await station.status("Charging")
    # The driver ends the session with the card, and leaves.
    assert await held(station, NUMBER) == "Accepted"
    await station.call(
        "StopTransaction",
        {
            "transactionId": begun["transactionId"],
            "meterStop": 0,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    await station.status("Available")
    await station.status("Preparing")
    await home.shows("sensor", "CP1/1_reason", "waiting_for_card")


@pytest.mark.parametrize(
    ("number", "reason"),
    [("04 UNKNOWN", "waiting_for_card"), (NUMBER, "car_finished")],
)
async def test_a_car_whose_card_was_refused_is_not_full(
    start: Callable[..., Any], number: str, reason: str
) -> None:
    """Some chargers begin a session before they ask, and report its end when the card is refused."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    assert await add_card(home) is None
    station = await home.boot("CP1", "Preparing")
    await home.shows("sensor", "CP1/1_reason", "waiting_for_card")
    await held(station, number)
    await station.status("Finishing")
    await home.shows("sensor", "CP1/1_reason", reason)


async def test_the_card_that_ends_a_session_is_not_for_the_next_car(
    start: Callable[..., Any],
) -> None:
    """A charger of OCPP 2.x names it in the event of the end: the car that comes a minute later waits for its own."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    assert await add_card(home) is None
    system = home.entry.runtime_data.central_system
    station = await RawStation.connect(
        home.session, system.port, "/CP1", ("ocpp2.0.1",)
    )
    await station.boot2()
    now = dt_util.utcnow().isoformat()
    card = {"idToken": NUMBER, "type": "ISO14443"}
    await station.status2("Occupied", now)
    await station.event(
        "Started",
        now,
        0,
        state="Charging",
        reason="Authorized",
        evse=EVSE,
        idToken=card,
    )
    await home.shows("sensor", "CP1/1_status", "charging")
    await station.event("Ended", now, 1, reason="StopAuthorized", idToken=card)
    await station.status2("Available", now)
    await home.shows("sensor", "CP1/1_status", "available")
    await station.status2("Occupied", now)
    await home.shows("sensor", "CP1/1_reason", "waiting_for_card")


async def test_the_card_that_began_a_session_is_not_for_the_other_connector(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its session runs; who plugs in beside it holds a card of his own to the charger."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    assert await add_card(home) is None
    station = await home.boot("CP1", "Available")
    other = {"connectorId": 2, "errorCode": "NoError"}
    await station.call("StatusNotification", other | {"status": "Available"})
    known = er.async_get(hass).async_get_entity_id
    name = f"{home.entry.entry_id}_CP1/2_reason"
    await wait_until(lambda: known("sensor", DOMAIN, name), "its entities")
    await station.status("Preparing")
    await station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": NUMBER,
            "meterStart": 0,
            "timestamp": dt_util.utcnow().isoformat(),
        },
    )
    await station.status("Charging")
    await station.call("StatusNotification", other | {"status": "Preparing"})
    await home.shows("sensor", "CP1/2_reason", "waiting_for_card")


async def test_so_does_one_whose_transaction_begins_with_the_cable(
    start: Callable[..., Any],
) -> None:
    """A charger of OCPP 2.x reports its cable as a transaction that nobody has authorised yet."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    assert await add_card(home) is None
    system = home.entry.runtime_data.central_system
    station = await RawStation.connect(
        home.session, system.port, "/CP1", ("ocpp2.0.1",)
    )
    await station.boot2()
    now = dt_util.utcnow().isoformat()
    await station.status2("Occupied", now)
    await station.event(
        "Started", now, 0, state="EVConnected", reason="CablePluggedIn", evse=EVSE
    )
    await home.shows("sensor", "CP1/1_reason", "waiting_for_card")

    card = {"idToken": NUMBER, "type": "ISO14443"}
    told = await station.event(
        "Updated", now, 1, state="EVConnected", reason="Authorized", idToken=card
    )
    assert told["idTokenInfo"]["status"] == "Accepted"
    await wait_until(
        lambda: home.state("sensor", "CP1/1_reason") != "waiting_for_card",
        "another reason",
    )
    await station.close()


async def test_the_form_of_a_card_shows_names(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Where names can be typed, Home Assistant shows the values of a list and not their labels; nobody is chosen yet."""
    home: Home = await start("CP1")
    for name in ("Anna", "Bert"):
        assert await add_person(home, name=name) is None
    anna, bert = home.entry.get_subentries_of_type("person")
    # Its own page lets two have one name.
    hass.config_entries.async_update_subentry(home.entry, bert, title="Anna")
    form = await card_form(home)
    assert form["data_schema"]
    assert form["data_schema"].schema["person"].config["options"] == [
        "Anna",
        "Anna (2)",
    ]
    assert chosen_unasked(form) == set()
    assert await add_card(home, person="anna (2)") is None
    (card,) = home.entry.get_subentries_of_type("card")
    assert card.data["person"] == bert.subentry_id
    form = await home.entry.start_subentry_reconfigure_flow(hass, card.subentry_id)
    assert suggested(form)["person"] == "Anna (2)"
    hass.config_entries.async_remove_subentry(home.entry, bert.subentry_id)
    form = await home.entry.start_subentry_reconfigure_flow(hass, card.subentry_id)
    assert suggested(form)["person"] is None
    assert anna.subentry_id in home.entry.subentries


async def test_an_unknown_card_is_discovered(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Whoever runs the site sees it, gives it a name, and its driver gets in; the number is not shown."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    station = await home.boot("CP1")
    await held(station, NUMBER)
    await held(station, NUMBER)
    flows = hass.config_entries.flow
    await wait_until(
        lambda: flows.async_progress_by_handler(DOMAIN), "a discovered card"
    )
    (flow,) = flows.async_progress_by_handler(DOMAIN)
    assert flow["context"]["title_placeholders"] == {"name": masked(NUMBER)}
    form = await flows.async_configure(flow["flow_id"])
    assert NUMBER not in str(form["description_placeholders"])
    holder = {"person": " ", "kind": "rfid", "blocked": False}
    form = await flows.async_configure(form["flow_id"], holder)
    assert form["errors"] == {"person": "person_missing"}
    result = await flows.async_configure(form["flow_id"], holder | {"person": "Bert"})
    assert result["reason"] == "card_added"
    await hass.async_block_till_done()
    assert await held(station, NUMBER) == "Accepted"
    (card,) = home.entry.get_subentries_of_type("card")
    (bert,) = home.entry.get_subentries_of_type("person")
    assert (bert.title, card.title) == ("Bert", f"Bert ({masked(NUMBER)})")
    assert dict(card.data) == {
        "number": NUMBER,
        "person": bert.subentry_id,
        "kind": "rfid",
        "blocked": False,
    }
    assert NUMBER not in (card.unique_id or "")


async def test_the_last_card_is_filled_in(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Where everybody may charge, a card is added by holding it to a charger and pressing *Add card*."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    await held(station, NUMBER)
    assert suggested(await card_form(home)) == {"number": NUMBER}


def questions(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return what automations are asked from now on."""
    asked: list[dict[str, Any]] = []

    def listen(event: Event) -> None:
        asked.append(dict(event.data))

    hass.bus.async_listen(EVENT_AUTHORIZE, listen)
    return asked


@pytest.mark.parametrize(("accept", "status"), [(True, "Accepted"), (False, "Invalid")])
async def test_an_automation_is_asked(
    hass: HomeAssistant, start: Callable[..., Any], accept: bool, status: str
) -> None:
    """It hears of the card, the charger and the connector, and its answer is the driver's."""
    home: Home = await start("CP1")
    await set_policy(home, "ask")
    station = await home.boot("CP1", "Preparing")
    asked = questions(hass)
    waiting = asyncio.create_task(held(station, NUMBER))
    await wait_until(lambda: asked, "a question")
    question = asked[0]
    assert question["card"] == NUMBER
    assert question["identity"] == "CP1"
    assert question["charger"] == "Charger CP1"
    assert question["connector"] == 1
    answer = {"request_id": question["request_id"], "accept": accept}
    await hass.services.async_call(DOMAIN, "authorize", answer, blocking=True)
    assert await waiting == status
    with pytest.raises(ServiceValidationError) as late:
        await hass.services.async_call(DOMAIN, "authorize", answer, blocking=True)
    assert late.value.translation_key == "nobody_waits"
    if accept:
        # The transaction begins with the same card: nobody is asked twice.
        assert await held(station, NUMBER) == "Accepted"
        assert len(asked) == 1


@pytest.mark.parametrize(
    ("default", "status"), [(True, "Accepted"), (False, "Invalid")]
)
async def test_nobody_answers(
    start: Callable[..., Any], default: bool, status: str
) -> None:
    """After the time that the user set, the default that the user set holds."""
    home: Home = await start("CP1")
    await set_policy(home, "ask", ask_default=default, ask_timeout_s=1)
    station = await home.boot("CP1")
    assert await held(station, NUMBER) == status


async def test_a_time_that_no_charger_waits(start: Callable[..., Any]) -> None:
    """It is refused."""
    home: Home = await start("CP1")
    form = await set_policy(home, "ask", ask_timeout_s=26)
    assert form["errors"] == {"ask_timeout_s": "ask_timeout"}


@pytest.mark.parametrize(
    ("kind", "number"), [("rfid", "FREE"), ("contract", "FR-EE"), ("vehicle", "FR:EE")]
)
async def test_the_priority_follows_the_card(
    hass: HomeAssistant, start: Callable[..., Any], kind: str, number: str
) -> None:
    """While Anna's card, contract or car charges, the connector has Anna's priority."""
    home: Home = await start("CP1")
    assert await add_person(home, name="Anna", limits={"priority": 9}) is None
    assert await add_card(home, number=number, kind=kind) is None
    await home.charge("CP1")
    await home.shows("sensor", "CP1/1_status", "charging")

    def priority() -> int:
        data = home.entry.runtime_data.coordinator.data
        found: int = data.snapshot.connectors[0].priority
        return found

    await wait_until(lambda: priority() == 9, "Anna's priority")


async def test_a_card_of_a_charger_with_two_connectors(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The connector is given if it is clear: the only one at which a car waits."""
    home: Home = await start("CP1")
    await set_policy(home, "ask", ask_timeout_s=1)
    await hass.config_entries.async_unload(home.entry.entry_id)
    (charger,) = home.entry.get_subentries_of_type("charger")
    hass.config_entries.async_update_subentry(
        home.entry, charger, data={**charger.data, "connectors": 2}
    )
    await hass.config_entries.async_setup(home.entry.entry_id)
    station = await home.boot("CP1", "Preparing")
    asked = questions(hass)

    async def tell(connector: int, status: str) -> None:
        await station.call(
            "StatusNotification",
            {"connectorId": connector, "errorCode": "NoError", "status": status},
        )

    await tell(2, "Available")
    await hass.async_block_till_done()
    await held(station, NUMBER)
    await tell(2, "Preparing")
    await held(station, "ANOTHER-1234")
    assert [question["connector"] for question in asked] == [1, None]


async def test_a_reader_in_public_sees_many_cards(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """No more than ten of them wait to be added."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    station = await home.boot("CP1")
    for number in range(15):
        await held(station, f"STRANGER-{number}")
    await hass.async_block_till_done()
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert len(flows) == 10


async def test_a_card_that_is_added_elsewhere_meanwhile(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The discovered card is offered no longer; and that of a site that is gone cannot be added."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    station = await home.boot("CP1")
    flows = hass.config_entries.flow
    for number in (NUMBER, "04-OTHER"):
        await held(station, number)
    await wait_until(
        lambda: len(flows.async_progress_by_handler(DOMAIN)) == 2, "discovered cards"
    )
    assert await add_card(home) is None
    (flow,) = flows.async_progress_by_handler(DOMAIN)
    await hass.config_entries.async_remove(home.entry.entry_id)
    data = {"entry_id": home.entry.entry_id, "identity": "CP1", "number": NUMBER}
    found = await flows.async_init(
        DOMAIN, context={"source": "integration_discovery"}, data=data
    )
    assert found["reason"] == "site_removed"
    result = await flows.async_configure(
        flow["flow_id"], {"person": "Anna", "kind": "rfid", "blocked": False}
    )
    assert result["reason"] == "site_removed"


# --- Held to a charger -----------------------------------------------------------------------------------------


async def hold(home: Home) -> SubentryFlowResult:
    """Choose that a card will be held to a charger."""
    subentries = home.hass.config_entries.subentries
    menu = await subentries.async_init(
        (home.entry.entry_id, "card"), context={"source": "user"}
    )
    return await subentries.async_configure(menu["flow_id"], {"next_step_id": "hold"})


@pytest.mark.parametrize("mode", ["free", "list", "ask"])
async def test_a_card_is_learned(
    hass: HomeAssistant, start: Callable[..., Any], mode: str
) -> None:
    """Who adds a card holds it to a charger, also where it is refused; then its number is filled in."""
    home: Home = await start("CP1")
    await set_policy(home, mode, ask_timeout_s=1)
    station = await home.boot("CP1")
    progress = await hold(home)
    assert progress["type"] is FlowResultType.SHOW_PROGRESS
    assert progress["progress_action"] == "hold_card"
    await held(station, NUMBER)
    await hass.async_block_till_done()
    subentries = hass.config_entries.subentries
    form = await subentries.async_configure(progress["flow_id"])
    assert (form["step_id"], suggested(form)) == ("details", {"number": NUMBER})
    result = await subentries.async_configure(
        form["flow_id"], {"person": "Anna", "number": NUMBER}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert await held(station, NUMBER) == "Accepted"
    # The offer to add it is gone.
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    again = await hold(home)
    await held(station, NUMBER)
    await hass.async_block_till_done()
    form = await subentries.async_configure(again["flow_id"])
    assert form["errors"] == {"number": "card_known"}


async def test_no_card_is_held_to_a_charger(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """After a minute the form says so; one that was closed waits no longer."""
    home: Home = await start("CP1")
    await home.boot("CP1")
    subentries = hass.config_entries.subentries
    closed = await hold(home)
    subentries.async_abort(closed["flow_id"])
    with patch("custom_components.sunfuse.flows.people.card.HOLD_S", 0.01):
        progress = await hold(home)
        await asyncio.sleep(1)
        await hass.async_block_till_done()
    form = await subentries.async_configure(progress["flow_id"])
    assert (form["type"], form["step_id"]) == (FlowResultType.MENU, "nobody")
