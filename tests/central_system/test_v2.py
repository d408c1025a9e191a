"""Chargers of OCPP 2.0.1 and 2.1: the same life in other words."""

from datetime import timedelta
import itertools
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    ConnectorState,
    FailSafe,
    FinishedTransaction,
    StationConfig,
)
from custom_components.sunfuse.engine.model import ConnectorStatus

from .client import ANSWERS_2, Payload, RawStation, Refused
from .conftest import START, Connect, SteppedClock, Watched

CP1 = StationConfig(identity="CP1", max_a=16, fail_safe_a=6)
EVSE: Payload = {"id": 1, "connectorId": 1}
TOKEN: Payload = {"idToken": "CARD", "type": "ISO14443"}

pytestmark = pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])


@pytest.fixture
def finished(system: CentralSystem) -> list[FinishedTransaction]:
    """Collect the transactions that are over."""
    transactions: list[FinishedTransaction] = []
    system.subscribe_transactions(transactions.append)
    return transactions


async def _ready(
    connect: Connect, system: CentralSystem, version: str, **answers: Any
) -> RawStation:
    system.accept(CP1)
    station = await connect(protocols=("ocpp1.6", version))
    assert station.websocket.protocol == version
    station.answers |= ANSWERS_2 | answers
    await station.boot2()
    await station.wait_received("TriggerMessage")
    return station


async def _charging(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    **answers: Any,
) -> RawStation:
    station = await _ready(connect, system, version, **answers)
    await station.status2("Occupied", clock.text())
    await station.event(
        "Started",
        clock.text(),
        0,
        state="Charging",
        energy_wh=1000,
        evse=EVSE,
        idToken=TOKEN,
    )
    station.requests.clear()
    return station


def _connector(system: CentralSystem, number: int = 1) -> ConnectorState:
    return next(
        state for state in system.stations["CP1"].state.connectors if state.id == number
    )


async def test_unknown_charger_waits(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """An unknown charger is asked to try again, and may only report that it is there."""
    station = await connect(protocols=(version,))
    answer = await station.boot2(firmwareVersion="7", serialNumber="S1")
    assert answer["status"] == "Pending"
    info = system.pending["CP1"].info
    assert (info.vendor, info.model, info.serial) == ("Acme", "Two", "S1")
    assert (info.firmware, info.protocol) == ("7", version)
    await station.status2("Available", clock.text())
    await station.call("Heartbeat", {})
    with pytest.raises(Refused, match="SecurityError"):
        await station.event("Started", clock.text(), 0, evse=EVSE)


async def test_set_up(system: CentralSystem, connect: Connect, version: str) -> None:
    """Variables are asked one at a time; the fail-safe current is laid down for all EVSEs."""
    station = await _ready(connect, system, version)
    assert all(len(r["getVariableData"]) == 1 for r in station.received("GetVariables"))
    request = station.received("SetChargingProfile")[0]
    profile = request["chargingProfile"]
    assert request["evseId"] == 0
    assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
    schedule = profile["chargingSchedule"][0]
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 6}]
    assert "duration" not in schedule
    assert "maxOfflineDuration" not in profile
    assert system.stations["CP1"].state.fail_safe_set


async def test_session(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """A session is seen with its states, currents, energy and end."""
    station = await _charging(connect, system, clock, version)
    state = _connector(system)
    assert state.status is ConnectorStatus.CHARGING
    assert state.evse_id == 1
    assert state.transaction is not None
    assert (state.transaction.id, state.transaction.id_token) == ("tx1", "CARD")
    clock.step(60)
    values = [
        {"value": 1.2, "unitOfMeasure": {"unit": "kWh"}},
        {
            "value": 99,
            "measurand": "Current.Import",
            "phase": "L1",
            "unitOfMeasure": {"unit": "A", "multiplier": -1},
        },
    ]
    await station.event(
        "Updated",
        clock.text(),
        1,
        meterValue=[{"timestamp": clock.text(), "sampledValue": values}],
    )
    state = _connector(system)
    assert state.session_energy_wh == 200
    assert state.meter.current_a[0] == pytest.approx(9.9)
    await station.event("Updated", clock.text(), 2, state="SuspendedEV")
    assert _connector(system).status is ConnectorStatus.SUSPENDED_EV
    await station.event("Ended", clock.text(), 3, energy_wh=1300, reason="EVDeparted")
    state = _connector(system)
    assert (state.transaction, state.session_energy_wh) == (None, 300)
    assert state.status is ConnectorStatus.FINISHING
    assert [(t.id, t.started_at, t.energy_wh) for t in finished] == [
        ("tx1", START, 300)
    ]
    await station.status2("Available", clock.text())
    assert _connector(system).status is ConnectorStatus.AVAILABLE


async def test_a_status_in_an_event(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """OCPP 2.0.1 (G01) lets a charger report AvailabilityState in NotifyEvent instead of StatusNotification."""
    station = await _ready(connect, system, version)

    async def tell(value: str, variable: str = "AvailabilityState") -> None:
        event = {
            "eventId": 1,
            "timestamp": clock.text(),
            "trigger": "Delta",
            "actualValue": value,
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "Connector", "evse": EVSE},
            "variable": {"name": variable},
        }
        payload = {"generatedAt": clock.text(), "seqNo": 0, "eventData": [event]}
        assert await station.call("NotifyEvent", payload) == {}

    await tell("Occupied")
    assert _connector(system).status is ConnectorStatus.PREPARING
    await tell("Available")
    assert _connector(system).status is ConnectorStatus.AVAILABLE
    # What is none of it changes nothing.
    await tell("Asleep")
    await tell("Faulted", "Problem")
    assert _connector(system).status is ConnectorStatus.AVAILABLE


@pytest.mark.parametrize(
    "component",
    [
        {"name": "Connector", "evse": EVSE},
        {"name": "Connector", "evse": {"id": 1}},
        {"name": "EVSE", "evse": {"id": 1}},
    ],
)
async def test_a_status_in_a_report(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    component: Payload,
) -> None:
    """A report on the device model contains the status of a connector, or of its EVSE; it hides no more exact one."""
    station = await _ready(connect, system, version)

    async def tell(value: str, **changes: Any) -> None:
        entry = {
            "component": component,
            "variable": {"name": "AvailabilityState"},
            "variableAttribute": [{"value": value, **changes}],
        }
        payload = {"requestId": 1, "generatedAt": clock.text(), "seqNo": 0}
        assert (
            await station.call("NotifyReport", payload | {"reportData": [entry]}) == {}
        )

    await tell("Occupied", type="Target")
    await tell("Asleep")
    assert _connector(system).status is not ConnectorStatus.PREPARING
    await tell("Occupied")
    assert _connector(system).status is ConnectorStatus.PREPARING
    await station.event("Started", clock.text(), 0, state="SuspendedEV", evse=EVSE)
    await tell("Occupied")
    assert _connector(system).status is ConnectorStatus.SUSPENDED_EV
    await tell("Available")
    assert _connector(system).status is ConnectorStatus.AVAILABLE
    assert len(system.stations["CP1"].state.connectors) == 1


async def test_a_status_that_is_asked_for(
    watched: Watched, connect: Connect, version: str
) -> None:
    """A charger that refuses to report a status on request is asked for its variable."""

    def variables(request: Payload) -> Payload:
        (data,) = request["getVariableData"]
        answer = {key: data[key] for key in ("component", "variable")}
        if data["variable"]["name"] == "AvailabilityState":
            assert data["component"] == {"name": "Connector", "evse": EVSE}
            answer |= {"attributeStatus": "Accepted", "attributeValue": "Occupied"}
        else:
            answer["attributeStatus"] = "UnknownComponent"
        return {"getVariableResult": [answer]}

    watched.system.accept(CP1)
    station = await connect(protocols=(version,))
    station.answers |= ANSWERS_2 | {
        "TriggerMessage": {"status": "Rejected"},
        "GetVariables": variables,
    }
    await station.boot2()
    await watched.until(
        lambda: _connector(watched.system).status is ConnectorStatus.PREPARING
    )


async def test_limit(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A live limit is on the transaction, by the charger's clock, and lapses by itself."""
    station = await _charging(connect, system, clock, version)
    await system.stations["CP1"].offer(1, 10)
    request = station.received("SetChargingProfile")[0]
    profile, schedule = (
        request["chargingProfile"],
        request["chargingProfile"]["chargingSchedule"][0],
    )
    assert request["evseId"] == 1
    assert profile["chargingProfilePurpose"] == "TxProfile"
    assert profile["transactionId"] == "tx1"
    assert profile["chargingProfileKind"] == "Absolute"
    assert schedule["duration"] == 130
    assert schedule["startSchedule"] == "2026-06-01T11:59:50.000Z"
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10}]
    offline = (
        profile.get("maxOfflineDuration"),
        profile.get("invalidAfterOfflineDuration"),
    )
    assert offline == ((120, True) if version == "ocpp2.1" else (None, None))
    assert _connector(system).offer_a == 10


async def test_limits_in_watts(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A charger that knows only watts (SmartChargingCtrlr.RateUnit) gets watts."""

    def variables(request: Payload) -> Payload:
        data = request["getVariableData"][0]
        known = {"RateUnit": "W", "ProfileStackLevel": "3"}
        value = known.get(data["variable"]["name"])
        result = {"component": data["component"], "variable": data["variable"]}
        if value is None:
            return {
                "getVariableResult": [{**result, "attributeStatus": "UnknownVariable"}]
            }
        return {
            "getVariableResult": [
                {**result, "attributeStatus": "Accepted", "attributeValue": value}
            ]
        }

    station = await _ready(connect, system, version, GetVariables=variables)
    profile = station.received("SetChargingProfile")[0]["chargingProfile"]
    assert profile["stackLevel"] == 2  # the highest is forgotten by some when they boot
    schedule = profile["chargingSchedule"][0]
    assert schedule["chargingRateUnit"] == "W"
    # 6 A on three phases of 230 V
    assert schedule["chargingSchedulePeriod"][0]["limit"] == 4140


async def test_fall_back_is_verified(
    watched: Watched, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """The composite schedule shows whether the charger falls back."""
    schedule = {
        "evseId": 1,
        "duration": 300,
        "scheduleStart": clock.text(),
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 10},
            {"startPeriod": 120, "limit": 6},
        ],
    }
    await _charging(
        connect,
        watched.system,
        clock,
        version,
        GetCompositeSchedule={"status": "Accepted", "schedule": schedule},
    )
    await watched.system.stations["CP1"].offer(1, 10)
    await watched.until(
        lambda: watched.system.stations["CP1"].state.fail_safe is FailSafe.VERIFIED
    )


async def test_car_gets_going(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A car that was plugged in gets a transaction; one that began with the cable is authorised."""
    station = await _ready(connect, system, version)
    await station.status2("Occupied", clock.text())
    assert _connector(system).status is ConnectorStatus.PREPARING
    await station.event(
        "Started",
        clock.text(),
        0,
        state="EVConnected",
        reason="CablePluggedIn",
        evse=EVSE,
    )
    state = _connector(system)
    assert state.transaction is not None
    assert not state.transaction.authorised
    clock.step(5)
    await system.stations["CP1"].offer(1, 10)
    request = station.received("RequestStartTransaction")[0]
    assert request["evseId"] == 1
    assert request["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
    station.requests.clear()
    await station.event(
        "Updated",
        clock.text(),
        1,
        state="Charging",
        reason="RemoteStart",
        idToken=TOKEN,
    )
    profile = (await station.wait_received("SetChargingProfile"))["chargingProfile"]
    assert profile["transactionId"] == "tx1"


async def test_a_stored_event_authorises_no_other_transaction(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """What a charger stored of the last car says nothing of the card of the one that is plugged in now."""
    station = await _ready(connect, system, version)
    await station.status2("Occupied", clock.text())
    await station.event(
        "Started",
        clock.text(),
        0,
        transaction="tx2",
        state="EVConnected",
        reason="CablePluggedIn",
        evse=EVSE,
    )
    await station.event(
        "Updated",
        clock.text(-3600),
        1,
        transaction="tx1",
        state="Charging",
        offline=True,
        evse=EVSE,
    )
    transaction = _connector(system).transaction
    assert transaction is not None
    assert (transaction.id, transaction.authorised) == ("tx2", False)


async def test_stored_events_are_not_live(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """What was stored while offline is counted at its own time, and says nothing of the present."""
    station = await _ready(connect, system, version)
    await station.status2("Available", clock.text())
    await station.event(
        "Started",
        clock.text(-7200),
        0,
        state="Charging",
        energy_wh=1000,
        offline=True,
        evse=EVSE,
    )
    await station.event("Updated", clock.text(-5000), 1, state="Charging", offline=True)
    state = _connector(system)
    assert (state.transaction, state.status) == (None, ConnectorStatus.AVAILABLE)
    for _ in range(2):
        await station.event("Ended", clock.text(-3600), 2, energy_wh=5000, offline=True)
    assert [(t.started_at, t.stopped_at, t.energy_wh) for t in finished] == [
        (START - timedelta(hours=2), START - timedelta(hours=1), 4000)
    ]
    assert _connector(system).status is ConnectorStatus.AVAILABLE


@pytest.mark.parametrize("order", itertools.permutations(range(3)))
async def test_any_order(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
    order: tuple[int, ...],
) -> None:
    """Stored events in any order, twice, make one transaction with its start and end.

    An end that arrives first is reported at once, without a connector, because it is answered: the rest follows.
    """
    station = await _ready(connect, system, version)
    for sequence in (*order, *order):
        await station.event(
            ("Started", "Updated", "Ended")[sequence],
            clock.text(-3600 + 60 * sequence),
            sequence,
            energy_wh=1000 + 100 * sequence,
            offline=True,
            evse=EVSE,
        )
    early = finished[:-1]
    assert [(t.started_at, t.energy_wh) for t in finished[-1:]] == [
        (START - timedelta(hours=1), 200)
    ]
    assert len(early) == (order.index(2) < order.index(0))
    assert [(t.connector, t.meter_stop_wh) for t in early] in ([], [(None, 1200)])


async def test_what_comes_before_its_start_is_kept(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """The card that was shown after the cable was plugged in, and a value: neither names the connector, as only the start has to."""
    station = await _ready(connect, system, version)
    for evse in (1, 2):
        await station.status2("Available", clock.text(), evse)
    shown: dict[str, Any] = {
        "idToken": {"idToken": "CARD", "type": "ISO14443"},
        "reason": "Authorized",
    }
    await station.event("Updated", clock.text(-5000), 1, offline=True, **shown)
    await station.event("Updated", clock.text(-4000), 2, energy_wh=3000, offline=True)
    await station.event(
        "Started",
        clock.text(-7200),
        0,
        state="EVConnected",
        reason="CablePluggedIn",
        energy_wh=1000,
        offline=True,
        evse={"id": 2, "connectorId": 1},
    )
    await station.event("Ended", clock.text(-3600), 3, offline=True)
    reported = [(t.connector, t.id_token, t.energy_wh) for t in finished]
    assert reported == [(2, "CARD", 2000)]


async def test_end_without_start(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """It is reported at once, for no connector: it is answered, so the charger forgets it, and we may be killed.

    What it measured at its end says nothing of its start.
    """
    station = await _ready(connect, system, version)
    await station.event("Ended", clock.text(-60), 5, energy_wh=5000, offline=True)
    reported = [
        (t.id, t.connector, t.started_at, t.meter_start_wh, t.meter_stop_wh)
        for t in finished
    ]
    assert reported == [("tx1", None, None, None, 5000)]
    clock.step(400)
    await station.call("Heartbeat", {})
    assert len(finished) == 1


async def test_several_evses(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """Connectors of several EVSEs have numbers of their own, and limits go to their EVSE."""
    station = await _ready(connect, system, version)
    for evse, connector in ((1, 1), (2, 1), (2, 2)):
        await station.status2("Available", clock.text(), evse, connector)
    numbers = {
        (state.evse_id, state.id) for state in system.stations["CP1"].state.connectors
    }
    assert numbers == {(1, 1), (2, 2), (2, 3)}
    await station.status2("Occupied", clock.text(), 2, 2)
    await station.event(
        "Started", clock.text(), 0, state="Charging", evse={"id": 2, "connectorId": 2}
    )
    assert _connector(system, 3).transaction is not None
    station.requests.clear()
    await system.stations["CP1"].offer(3, 9)
    assert station.received("SetChargingProfile")[0]["evseId"] == 2
    await (await system.stations["CP1"].in_service()).unlock(3)
    assert station.received("UnlockConnector") == [{"evseId": 2, "connectorId": 2}]


@pytest.mark.parametrize("has", [None, 2])
async def test_connectors_by_the_device_model(
    watched: Watched,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    has: int | None,
) -> None:
    """Statuses of 32 EVSEs are believed as far as the device model has them; without one, none of so many."""

    def variables(request: Payload) -> Payload:
        (data,) = request["getVariableData"]
        evse = data["component"].get("evse", {"id": 99})["id"]
        answer = {key: data[key] for key in ("component", "variable")}
        if has is None or evse > has:
            answer["attributeStatus"] = "UnknownComponent"
        else:
            answer |= {"attributeStatus": "Accepted", "attributeValue": "true"}
        return {"getVariableResult": [answer]}

    system = watched.system
    system.accept(CP1)
    station = await connect(protocols=(version,))
    station.answers |= ANSWERS_2 | {"GetVariables": variables}
    await station.boot2()
    for evse in range(1, 33):
        await station.status2("Available", clock.text(), evse)

    def known() -> tuple[int, ...]:
        return system.stations["CP1"].state.known_connectors

    believed = tuple(range(1, (has or 1) + 1))
    await watched.until(lambda: known() == believed)
    for evse in range(1, 33):
        await station.status2("Available", clock.text(), evse)
    assert known() == believed
    assert system.stations["CP1"].state.counts_connectors is (has is not None)
    await station.event(
        "Started", clock.text(), 0, state="Charging", evse={"id": 3, "connectorId": 1}
    )
    assert set(known()) == {*believed, 3}


async def test_charging_needs(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """What an ISO 15118 car asks for is known, and answered with a schedule."""
    station = await _charging(connect, system, clock, version)
    needs = {
        "evseId": 1,
        "chargingNeeds": {
            "requestedEnergyTransfer": "AC_three_phase",
            "departureTime": clock.text(7200),
            "acChargingParameters": {
                "energyAmount": 20000,
                "evMinCurrent": 6,
                "evMaxCurrent": 16,
                "evMaxVoltage": 400,
            },
        },
    }
    answer = await station.call("NotifyEVChargingNeeds", needs)
    assert answer["status"] == "Processing"
    await system.stations["CP1"].offer(1, 10)
    station.requests.clear()
    assert (await station.call("NotifyEVChargingNeeds", needs))["status"] == "Accepted"
    await station.wait_received("SetChargingProfile")
    told = _connector(system).needs
    assert told is not None
    assert (told.energy_wh, told.min_a, told.max_a, told.phases) == (20000, 6, 16, 3)
    assert told.departure == START + timedelta(hours=2)


async def test_needs_of_no_current(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A car that leaves its maximum current at zero is not kept from charging."""
    station = await _charging(connect, system, clock, version)
    ac = {"energyAmount": 0, "evMinCurrent": 0, "evMaxCurrent": 0, "evMaxVoltage": 0}
    needs = {
        "evseId": 1,
        "chargingNeeds": {
            "requestedEnergyTransfer": "AC_three_phase",
            "acChargingParameters": ac,
        },
    }
    await station.call("NotifyEVChargingNeeds", needs)
    told = _connector(system).needs
    assert told is not None
    assert told.max_a is None


async def test_commands(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """Restart and a new password in the words of 2.x."""
    station = await _charging(connect, system, clock, version)
    await (await system.stations["CP1"].in_service()).reset(hard=False)
    await (await system.stations["CP1"].in_service()).reset(hard=True)
    assert [r["type"] for r in station.received("Reset")] == ["OnIdle", "Immediate"]
    await system.stations["CP1"].change_password("0" * 40)
    data = station.received("SetVariables")[-1]["setVariableData"][0]
    assert data["component"] == {"name": "SecurityCtrlr"}
    assert data["variable"] == {"name": "BasicAuthPassword"}
    assert "0" * 40 not in str(system.stations["CP1"].diagnostics())


async def test_statuses_are_asked_for_one_by_one(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """Of the charger as a whole, none may be asked for (part 2, F06.FR.12); libocpp refuses that."""
    station = await _ready(connect, system, version)
    await station.status2("Available", clock.text(), evse=1)
    await station.status2("Available", clock.text(), evse=2)
    station.requests.clear()
    station.answers["TriggerMessage"] = {"status": "Accepted"}
    adapter = await system.stations["CP1"].in_service()
    await adapter.trigger("StatusNotification", None)
    await adapter.trigger("Heartbeat", None)
    asked = [
        request.get("evse")
        for request in station.received("TriggerMessage")
        if request["requestedMessage"] != "MeterValues"  # a part of the setup
    ]
    assert asked == [EVSE, {"id": 2, "connectorId": 1}, None]


async def test_report(system: CentralSystem, connect: Connect, version: str) -> None:
    """The device model arrives in parts."""
    station = await _ready(connect, system, version)
    for number in range(2):
        await station.call(
            "NotifyReport",
            {
                "requestId": 1,
                "generatedAt": "2026-06-01T12:00:00Z",
                "seqNo": number,
                "tbc": number == 0,
                "reportData": [
                    {
                        "component": {"name": "EVSE", "evse": {"id": number + 1}},
                        "variable": {"name": "Power"},
                        "variableAttribute": [{"value": "11000"}],
                    }
                ],
            },
        )
    model = system.stations["CP1"].device_model
    assert model == {"EVSE.1.Power": "11000", "EVSE.2.Power": "11000"}


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ("rubbish", ("-1", "RpcFrameworkError")),
        ('[2,[7],"Heartbeat",{}]', ("-1", "RpcFrameworkError")),
        ('[2,"1","Heartbeat",{"a":NaN}]', ("1", "RpcFrameworkError")),
        ('[2,"1","Rubbish",{}]', ("1", "NotImplemented")),
        (
            '[2,"1","BootNotification",{"reason":"PowerUp"}]',
            ("1", "OccurrenceConstraintViolation"),
        ),
        ('[9,"1","Heartbeat",{}]', ("1", "MessageTypeNotSupported")),
        ('[2,"1","Reset",{"type":"OnIdle"}]', ("1", "NotSupported")),
    ],
)
async def test_rubbish_is_answered(
    system: CentralSystem,
    connect: Connect,
    version: str,
    frame: str,
    answer: tuple[str, str],
) -> None:
    """What is wrong gets the CALLERROR of 2.x."""
    station = await _ready(connect, system, version)
    await station.websocket.send_str(frame)
    await station.call("Heartbeat", {})
    assert [(f[1], f[2]) for f in station.frames if f[0] == 4] == [answer]
