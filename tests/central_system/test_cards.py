"""Who may charge: everyone, the cards of a list, or those that an automation approves."""

import asyncio
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    Card,
    CardPolicy,
    CentralSystem,
    Timing,
)
from custom_components.sunfuse.central_system.security.card_policy import Verdict
from custom_components.sunfuse.central_system.station_state import LocalList

from .charger import VERSIONS
from .charging import CP1
from .client import ANSWERS_2, Payload, RawStation, get_configuration
from .conftest import Connect, SteppedClock

CARDS = (
    Card(id="ABC", name="Ann"),
    Card(id="BAD", blocked=True),
    Card(id="DE-8AA-CA2B3C4D5", kind="eMAID"),
    Card(id="02FE00000001", kind="MacAddress"),
)
LIST = CardPolicy(free=False, cards=CARDS)
OPEN = CardPolicy(cards=CARDS)


async def _asked(identity: str, token: str) -> bool | None:
    await asyncio.sleep(0)
    return {"YES": True, "NO": False}.get(token)


ASK = CardPolicy(free=False, cards=CARDS, ask=_asked)


@pytest.mark.parametrize(
    ("policy", "token", "accepted"),
    [
        (CardPolicy(), "ANY", True),
        (OPEN, "ANY", True),
        (OPEN, "BAD", False),
        (LIST, "abc", True),
        (LIST, "de8aacA2B3C4D5", True),
        (LIST, "DE-8AA-CA2B3C4D5", True),
        (LIST, "02:fe:00:00:00:01", True),
        (LIST, "BAD", False),
        (LIST, "ANY", False),
        (LIST, "SUNFUSE", True),
        (ASK, "ABC", True),
        (ASK, "YES", True),
        (ASK, "NO", False),
        (ASK, "SILENCE", False),
        (CardPolicy(free=False, ask=_asked, default=True), "SILENCE", True),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
async def test_decision(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    policy: CardPolicy,
    token: str,
    accepted: bool,
) -> None:
    """A card is let or refused when it is shown, and when a transaction starts with it."""
    system.accept(CP1)
    system.set_cards(policy)
    station = await connect(protocols=(f"ocpp{version}",))
    # A blocked card is answered as blocked; a stranger as unknown.
    refused = "Blocked" if token == "BAD" else "Invalid"
    expected = "Accepted" if accepted else refused
    if version == "1.6":
        await station.boot()
        answer = await station.call("Authorize", {"idTag": token})
        assert answer["idTagInfo"]["status"] == expected
        answer = await station.call(
            "StartTransaction",
            {
                "connectorId": 1,
                "idTag": token,
                "meterStart": 0,
                "timestamp": clock.text(),
            },
        )
        assert answer["idTagInfo"]["status"] == expected
    else:
        await station.boot2()
        id_token = {"idToken": token, "type": "eMAID"}
        answer = await station.call("Authorize", {"idToken": id_token})
        assert answer["idTokenInfo"]["status"] == expected
        answer = await station.event(
            "Started",
            clock.text(),
            0,
            evse={"id": 1, "connectorId": 1},
            idToken=id_token,
        )
        assert answer["idTokenInfo"]["status"] == expected
    assert system.stations["CP1"].state.last_card == token


async def test_the_link_goes_on_while_somebody_is_asked(
    system: CentralSystem, connect: Connect
) -> None:
    """A question that takes long holds nothing else up."""
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def ask(identity: str, token: str) -> bool | None:
        return await answer

    system.accept(CP1)
    system.set_cards(CardPolicy(free=False, ask=ask))
    station = await connect()
    await station.boot()
    await station.send([2, "card", "Authorize", {"idTag": "X"}])
    await station.call("Heartbeat", {})
    await (await system.stations["CP1"].in_service()).reset(hard=False)
    answer.set_result(True)
    told = await station.answer_to("card")
    assert told["idTagInfo"]["status"] == "Accepted"


def _local_list(version: int, key: str) -> dict[str, Payload]:
    return {
        "GetLocalListVersion": {key: version},
        "SendLocalList": {"status": "Accepted"},
    }


async def test_local_list_16(system: CentralSystem, connect: Connect) -> None:
    """The charger's own list is updated, but only if it is out of date."""
    cards = tuple(Card(id=f"C{number}") for number in range(45))
    system.accept(CP1)
    system.set_cards(CardPolicy(free=False, cards=cards))
    station = await connect()
    station.answers |= _local_list(0, "listVersion")
    await station.boot()
    await station.wait_received("SendLocalList", 3)
    parts = station.received("SendLocalList")
    assert [p["updateType"] for p in parts] == ["Full", "Differential", "Differential"]
    assert sum(len(p["localAuthorizationList"]) for p in parts) == 45
    await station.wait_received("TriggerMessage", 2)  # all set up
    # Each update is above the one before, and only the last is the version (OCPP 1.6 section 7.48).
    numbers = [part["listVersion"] for part in parts]
    version = numbers[-1]
    assert numbers == [version - 2, version - 1, version]
    assert 0 < numbers[0] < version < 2**31
    station.answers |= _local_list(version, "listVersion")
    station.requests.clear()
    await station.boot()
    await station.wait_received("TriggerMessage")
    assert station.received("GetLocalListVersion")
    assert not station.received("SendLocalList")
    system.set_cards(LIST)
    changed = await station.wait_received("SendLocalList")
    assert changed["localAuthorizationList"][:2] == [
        {"idTag": "ABC", "idTagInfo": {"status": "Accepted"}},
        {"idTag": "BAD", "idTagInfo": {"status": "Blocked"}},
    ]


async def test_local_list_2(system: CentralSystem, connect: Connect) -> None:
    """The same in the words of 2.0.1."""
    system.accept(CP1)
    system.set_cards(LIST)
    station: RawStation = await connect(protocols=("ocpp2.0.1",))
    station.answers |= {**ANSWERS_2, **_local_list(0, "versionNumber")}
    await station.boot2()
    told = await station.wait_received("SendLocalList")
    assert told["localAuthorizationList"][0] == {
        "idToken": {"idToken": "ABC", "type": "ISO14443"},
        "idTokenInfo": {"status": "Accepted"},
    }


async def test_no_start_without_a_card(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Where charging is not free, a car waits for its driver's card."""
    system.accept(CP1)
    system.set_cards(LIST)
    station = await connect()
    await station.boot()
    await station.status("Preparing")
    clock.step(60)
    await system.stations["CP1"].offer(1, 10)
    assert not station.received("RemoteStartTransaction")


@pytest.mark.parametrize(
    ("card", "plugged_s", "held_s", "started_s"),
    [
        # Somebody holds a card to the charger, which waits for the car then; or something else is there after all.
        ("04 A2", 1, 0, 180),
        ("04 A2", 0, 1, 181),
        # A car has waited before that, at this connector or another one.
        ("04 A2", 0, 5, 6),
        # That is our own, which the charger asks about when we start.
        ("SUNFUSE", 1, 0, 4),
    ],
)
async def test_a_card_without_a_car(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    card: str,
    plugged_s: int,
    held_s: int,
    started_s: int,
) -> None:
    """Where everybody may charge, the charger starts the car of a card itself: a start would make it wait on, and be nobody's."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    for second in range(started_s + 2):
        if second == plugged_s:
            await station.status("Preparing")
        if second == held_s:
            await station.call("Authorize", {"idTag": card})
        if second > max(plugged_s, held_s):
            await system.stations["CP1"].offer(1, 10)
            started = len(station.received("RemoteStartTransaction"))
            assert started == (second >= started_s)
        clock.step(1)


@pytest.mark.parametrize(
    ("written", "reported", "same"),
    [
        # With and without separators and check digit (ISO 15118-2:2014, annex H).
        ("DE-8AA-C12345678-5", "DE8AAC123456785", True),
        ("DE-8AA-C12345678-5", "DE8AAC12345678", True),
        ("de8aac12345678", "DE8AAC123456785", True),
        ("DE*8AA*C12345678*5", "DE-8AA-C12345678", True),
        ("DE-8AA-C12345678-5", "DE8AAC12345679", False),
        # The MAC addresses of two cars (Autocharge) are as long, and differ in their last digit.
        ("VID:04C2B3C4D5E6", "VID04C2B3C4D5E6", True),
        ("VID:04C2B3C4D5E6", "VID:04C2B3C4D5E7", False),
        # Numbers that are no contract have no check digit, however long they are.
        ("USERCARD0000001", "USERCARD0000002", False),
        ("04A2BCC4D5E6F71", "04A2BCC4D5E6F7", False),
    ],
)
def test_one_contract_is_written_in_several_ways(
    written: str, reported: str, *, same: bool
) -> None:
    """Who enters a contract from its paper has its check digit; a car may report it without."""
    policy = CardPolicy(free=False, cards=(Card(id=written, kind="eMAID"),))
    assert (policy.decide(reported) is Verdict.ACCEPTED) is same


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize(
    ("token", "kind", "free", "accepted"),
    [
        ("DEABCC123456", "eMAID", False, True),
        ("DEXYZC999999", "eMAID", False, False),
        ("DEXYZC999999", "eMAID", True, True),
        ("", "NoAuthorization", True, True),
        # Who wants cards does not want a button.
        ("", "NoAuthorization", False, False),
        ("SUNFUSE", "Central", False, True),
        ("SOMEBODY", "Central", False, False),
    ],
)
async def test_contract(
    system: CentralSystem,
    connect: Connect,
    version: str,
    token: str,
    kind: str,
    free: bool,
    accepted: bool,
) -> None:
    """The contract of an ISO 15118 car counts as a card; what is no card counts where charging is free."""
    system.accept(CP1)
    contract = Card(id="DEABCC123456", kind="eMAID")
    system.set_cards(CardPolicy(free=free, cards=(contract,)))
    station: RawStation = await connect(protocols=(f"ocpp{version}",))
    await station.boot2()
    asked: dict[str, Any] = {"idToken": {"idToken": token, "type": kind}}
    answer = await station.call("Authorize", asked)
    status = "Accepted" if accepted else "Invalid"
    assert answer == {"idTokenInfo": {"status": status}}
    asked["iso15118CertificateHashData"] = [
        {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "a",
            "issuerKeyHash": "b",
            "serialNumber": "1",
            "responderURL": "http://x",
        }
    ]
    answer = await station.call("Authorize", asked)
    certificate = "Accepted" if accepted else "ContractCancelled"
    assert answer["certificateStatus"] == certificate


@pytest.mark.parametrize("timing", [Timing(settle_s=0, return_s=600, refused_s=0)])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("card", ["ABC", "STRANGER"])
async def test_refused_card_does_not_charge(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    card: str,
) -> None:
    """A charger that continues with a refused card is commanded to stop; an accepted one charges."""
    system.accept(CP1)
    system.set_cards(LIST)
    station = await connect(protocols=(f"ocpp{version}",))
    at = clock.text()
    if version == "1.6":
        await station.boot()
        start = {"connectorId": 1, "idTag": card, "meterStart": 0, "timestamp": at}
        answer = (await station.call("StartTransaction", start))["idTagInfo"]
    else:
        station.answers |= ANSWERS_2
        await station.boot2()
        token = {"idToken": card, "type": "ISO14443"}
        told = await station.event(
            "Started",
            at,
            0,
            state="Charging",
            evse={"id": 1, "connectorId": 1},
            idToken=token,
        )
        answer = told["idTokenInfo"]
    stop = "RemoteStopTransaction" if version == "1.6" else "RequestStopTransaction"
    if card == "ABC":
        assert answer == {"status": "Accepted"}
        for _ in range(5):
            await station.call("Heartbeat", {})
        assert not station.received(stop)
    else:
        assert answer == {"status": "Invalid"}
        await station.wait_received(stop)


async def test_short_local_list(system: CentralSystem, connect: Connect) -> None:
    """A charger that takes few cards at a time gets few, and its list is switched on before."""
    cards = tuple(Card(id=f"C{number}") for number in range(25))
    system.accept(CP1)
    system.set_cards(CardPolicy(free=False, cards=cards))
    station = await connect()

    def configuration(request: Payload) -> Payload:
        if request["key"] != ["SendLocalListMaxLength"]:
            return get_configuration(request)
        entry = {"key": "SendLocalListMaxLength", "readonly": True, "value": "10"}
        return {"configurationKey": [entry]}

    station.answers |= _local_list(0, "listVersion")
    station.answers["GetConfiguration"] = configuration
    await station.boot()
    await station.wait_received("SendLocalList", 3)
    parts = station.received("SendLocalList")
    assert [len(part["localAuthorizationList"]) for part in parts] == [10, 10, 5]
    told = [(r["key"], r["value"]) for r in station.received("ChangeConfiguration")]
    for key in ("LocalAuthListEnabled", "LocalAuthorizeOffline"):
        assert (key, "true") in told


@pytest.mark.parametrize(("number_of_cards", "room"), [(50_000, 30), (15, 4)])
async def test_more_cards_than_the_list_of_a_charger_holds(
    system: CentralSystem, connect: Connect, number_of_cards: int, room: int
) -> None:
    """Of 50,000 cards it gets as many as it can hold, those that may charge first; all are known when it asks."""
    cards = tuple(
        Card(id=f"C{number}", blocked=number < 10) for number in range(number_of_cards)
    )
    system.accept(CP1)
    system.set_cards(CardPolicy(free=False, cards=cards))
    station = await connect()

    def configuration(request: Payload) -> Payload:
        if request["key"] != ["LocalAuthListMaxLength"]:
            return get_configuration(request)
        entry = {"key": "LocalAuthListMaxLength", "readonly": True, "value": f"{room}"}
        return {"configurationKey": [entry]}

    station.answers |= _local_list(0, "listVersion")
    station.answers["GetConfiguration"] = configuration
    await station.boot()
    await station.wait_received("TriggerMessage")  # all set up
    sent = [
        entry
        for part in station.received("SendLocalList")
        for entry in part["localAuthorizationList"]
    ]
    assert [entry["idTag"] for entry in sent] == [f"C{n}" for n in range(10, 10 + room)]
    most = number_of_cards
    for number, status in ((most - 1, "Accepted"), (0, "Blocked"), (most, "Invalid")):
        told = await station.call("Authorize", {"idTag": f"c{number}"})
        assert told["idTagInfo"]["status"] == status


async def test_few_cards_in_a_message_of_2_x(
    system: CentralSystem, connect: Connect
) -> None:
    """A 2.x charger says how many cards it takes at once, and is not sent more than most can hold."""
    system.accept(CP1)
    cards = tuple(Card(id=f"C{number}") for number in range(1_100))
    system.set_cards(CardPolicy(free=False, cards=cards))
    station: RawStation = await connect(protocols=("ocpp2.0.1",))

    def variables(request: Payload) -> Payload:
        names = [data["variable"]["name"] for data in request["getVariableData"]]
        answer: Payload = ANSWERS_2["GetVariables"](request)  # type: ignore[misc,operator,assignment]
        if names == ["ItemsPerMessage"]:
            answer["getVariableResult"][0] |= {
                "attributeStatus": "Accepted",
                "attributeValue": "15",
            }
        return answer

    station.answers |= {**ANSWERS_2, **_local_list(0, "versionNumber")}
    station.answers["GetVariables"] = variables
    await station.boot2()
    await station.wait_received("TriggerMessage")  # all set up
    sizes = [
        len(part["localAuthorizationList"])
        for part in station.received("SendLocalList")
    ]
    assert max(sizes) == 15
    assert sum(sizes) == 1_000


@pytest.mark.parametrize("version", VERSIONS)
async def test_whether_the_list_is_taken(
    system: CentralSystem, connect: Connect, version: str
) -> None:
    """It is shown; and a list that was accepted is emptied when everybody may charge and no card is known any more."""
    old = version == "1.6"
    number, key = "listVersion" if old else "versionNumber", "localAuthorizationList"
    system.accept(CP1)
    charger = system.stations["CP1"]
    station = await connect(protocols=(f"ocpp{version}",))
    if not old:
        station.answers |= ANSWERS_2
    station.answers |= _local_list(0, number)
    await (station.boot() if old else station.boot2())
    await station.wait_received("TriggerMessage", 2)
    assert not station.received("GetLocalListVersion")
    assert charger.state.local_list is None

    async def told(cards: CardPolicy, parts: int, taken: LocalList) -> Payload:
        system.set_cards(cards)
        sent = await station.wait_received("SendLocalList", parts)
        await station.wait_for(lambda: charger.state.local_list is taken)
        return sent

    assert await told(OPEN, 1, LocalList.IN_STEP)
    assert charger.memory()["local_list"] == "in_step"
    emptied = await told(CardPolicy(), 2, LocalList.IN_STEP)
    assert (emptied["updateType"], emptied.get(key, [])) == ("Full", [])
    station.answers["SendLocalList"] = {"status": "Failed"}
    await told(LIST, 3, LocalList.NOT_TAKEN)
    station.answers["SendLocalList"] = {"status": "Accepted"}
    await told(OPEN, 4, LocalList.IN_STEP)


@pytest.mark.parametrize("timing", [Timing(settle_s=0, return_s=600, refused_s=0)])
async def test_refused_card_charges_on(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A charger that neither ends the transaction of a refused card nor allows us to is reported."""
    system.accept(CP1)
    system.set_cards(LIST)
    station = await connect()
    station.answers["RemoteStopTransaction"] = {"status": "Rejected"}
    await station.boot()
    start = {"connectorId": 1, "idTag": "X", "meterStart": 0, "timestamp": clock.text()}
    await station.call("StartTransaction", start)
    await station.wait_received("RemoteStopTransaction")
    for _ in range(3):
        await station.call("Heartbeat", {})
    assert "goes on although its card was refused" in caplog.text


async def test_a_card_that_each_event_names(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Many chargers name the card of a transaction with each meter value: it is presented once, and an automation is asked once."""
    asked: list[str] = []

    async def ask(_identity: str, card: str) -> bool:
        asked.append(card)
        return True

    system.accept(CP1)
    system.set_cards(CardPolicy(free=False, ask=ask))
    station = await connect(protocols=("ocpp2.0.1",))
    station.answers |= ANSWERS_2
    await station.boot2()
    token = {"idToken": "ABC", "type": "ISO14443"}
    evse = {"id": 1, "connectorId": 1}
    await station.event(
        "Started",
        clock.text(),
        0,
        state="EVConnected",
        evse=evse,
        reason="CablePluggedIn",
    )
    presented = set()
    for number in range(1, 5):
        clock.step(10)
        told = await station.event(
            "Updated",
            clock.text(),
            number,
            state="Charging",
            reason="Authorized" if number == 1 else "MeterValuePeriodic",
            idToken=token,
        )
        assert told["idTokenInfo"]["status"] == "Accepted"
        presented.add(system.stations["CP1"].state.last_card_at)
    assert asked == ["ABC"]
    assert len(presented) == 1
    (connector,) = system.stations["CP1"].state.connectors
    assert connector.transaction is not None
    assert connector.transaction.id_token == "ABC"  # it had begun with the cable
    clock.step(10)
    await station.event(
        "Updated", clock.text(), 5, state="Charging", reason="Authorized", idToken=token
    )
    assert asked == ["ABC", "ABC"]
