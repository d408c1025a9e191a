"""Chargers of OCPP 2.0.1 and 2.1: the same life in other words."""

from datetime import timedelta

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    FailSafe,
    FinishedTransaction,
)
from custom_components.sunfuse.engine.model import ConnectorStatus

from .charging import EVSE, connector
from .client import Payload, Refused
from .conftest import START, Connect, SteppedClock, Watched
from .v2_station import TOKEN, charging_car, ready

pytestmark = pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])


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
    station = await ready(connect, system, version)
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
    station = await charging_car(connect, system, clock, version)
    state = connector(system)
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
    state = connector(system)
    assert state.session_energy_wh == 200
    assert state.meter.current_a[0] == pytest.approx(9.9)
    await station.event("Updated", clock.text(), 2, state="SuspendedEV")
    assert connector(system).status is ConnectorStatus.SUSPENDED_EV
    await station.event("Ended", clock.text(), 3, energy_wh=1300, reason="EVDeparted")
    state = connector(system)
    assert (state.transaction, state.session_energy_wh) == (None, 300)
    assert state.status is ConnectorStatus.FINISHING
    assert [(t.id, t.started_at, t.energy_wh) for t in finished] == [
        ("tx1", START, 300)
    ]
    await station.status2("Available", clock.text())
    assert connector(system).status is ConnectorStatus.AVAILABLE


async def test_limit(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A live limit is on the transaction, by the charger's clock, and lapses by itself."""
    station = await charging_car(connect, system, clock, version)
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
    assert connector(system).offer_a == 10


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

    station = await ready(connect, system, version, GetVariables=variables)
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
    await charging_car(
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
    station = await ready(connect, system, version)
    await station.status2("Occupied", clock.text())
    assert connector(system).status is ConnectorStatus.PREPARING
    await station.event(
        "Started",
        clock.text(),
        0,
        state="EVConnected",
        reason="CablePluggedIn",
        evse=EVSE,
    )
    state = connector(system)
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


async def test_charging_needs(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """What an ISO 15118 car asks for is known, and answered with a schedule."""
    station = await charging_car(connect, system, clock, version)
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
    told = connector(system).needs
    assert told is not None
    assert (told.energy_wh, told.min_a, told.max_a, told.phases) == (20000, 6, 16, 3)
    assert told.departure == START + timedelta(hours=2)


async def test_needs_of_no_current(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A car that leaves its maximum current at zero is not kept from charging."""
    station = await charging_car(connect, system, clock, version)
    ac = {"energyAmount": 0, "evMinCurrent": 0, "evMaxCurrent": 0, "evMaxVoltage": 0}
    needs = {
        "evseId": 1,
        "chargingNeeds": {
            "requestedEnergyTransfer": "AC_three_phase",
            "acChargingParameters": ac,
        },
    }
    await station.call("NotifyEVChargingNeeds", needs)
    told = connector(system).needs
    assert told is not None
    assert told.max_a is None


async def test_commands(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """Restart and a new password in the words of 2.x."""
    station = await charging_car(connect, system, clock, version)
    await (await system.stations["CP1"].in_service()).reset(hard=False)
    await (await system.stations["CP1"].in_service()).reset(hard=True)
    assert [r["type"] for r in station.received("Reset")] == ["OnIdle", "Immediate"]
    await system.stations["CP1"].change_password("0" * 40)
    data = station.received("SetVariables")[-1]["setVariableData"][0]
    assert data["component"] == {"name": "SecurityCtrlr"}
    assert data["variable"] == {"name": "BasicAuthPassword"}
    assert "0" * 40 not in str(system.stations["CP1"].diagnostics())


async def test_report(system: CentralSystem, connect: Connect, version: str) -> None:
    """The device model arrives in parts."""
    station = await ready(connect, system, version)
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
    station = await ready(connect, system, version)
    await station.websocket.send_str(frame)
    await station.call("Heartbeat", {})
    assert [(f[1], f[2]) for f in station.frames if f[0] == 4] == [answer]
