"""A charger of OCPP 1.6 connects, is accepted, charges and obeys."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    ConnectorState,
)
from custom_components.sunfuse.engine.model import ConnectorStatus

from .charging import CP1
from .client import RawStation, Refused
from .conftest import Connect, SteppedClock, Watched


async def _charging(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> tuple[RawStation, int]:
    """Return a station that is set up and charges, and its transaction."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    await station.wait_received("ChangeConfiguration")
    await station.status("Charging", timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text())
    station.requests.clear()
    return station, transaction_id


async def test_unknown_charger_waits(watched: Watched, connect: Connect) -> None:
    """An unknown charger is asked to try again soon, and is shown with what it reports about itself."""
    station = await connect("/ocpp/some/where/CP1/")
    answer = await station.boot(firmwareVersion="1.2", chargePointSerialNumber="S1")
    assert answer["status"] == "Pending"
    assert 0 < answer["interval"] <= 15
    state = watched.system.pending["CP1"]
    assert (state.accepted, state.connected) == (False, True)
    assert (state.info.vendor, state.info.serial) == ("Acme", "S1")
    await station.status("Available")
    await station.call("Heartbeat", {})
    with pytest.raises(Refused, match="SecurityError"):
        await station.start_transaction("2026-06-01T12:00:00Z")
    assert not watched.system.stations
    await station.close()
    await watched.until(lambda: not watched.system.pending)
    assert not watched.states[-1].connected


async def test_accepting_a_charger_that_waits(
    watched: Watched, connect: Connect
) -> None:
    """A charger that waits is asked to boot again when it is accepted, and is let in."""
    station = await connect()
    station.answers["TriggerMessage"] = {"status": "Accepted"}
    await station.boot()
    watched.system.accept(CP1)
    trigger = await station.wait_received("TriggerMessage")
    assert trigger["requestedMessage"] == "BootNotification"
    assert (await station.boot())["status"] == "Accepted"
    assert not watched.system.pending
    state = watched.system.stations["CP1"].state
    assert (state.accepted, state.connected, state.info.vendor) == (True, True, "Acme")


async def test_set_up_runs_once(system: CentralSystem, connect: Connect) -> None:
    """What changes while a charger is set up is taken in afterwards: nothing is asked twice, or in between."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    await station.wait_received("GetConfiguration")
    system.accept(replace(CP1, max_a=20))
    system.accept(replace(CP1, max_a=20, fail_safe_a=8))
    await station.wait_for(lambda: "8" in str(station.received("SetChargingProfile")))
    asked = [
        key for told in station.received("GetConfiguration") for key in told["key"]
    ]
    assert len(asked) == len(set(asked))
    currents = [
        told["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]
        for told in station.received("SetChargingProfile")
    ]
    assert [period["limit"] for period in currents] == [8.0]


async def test_set_up_after_boot(system: CentralSystem, connect: Connect) -> None:
    """After booting, keys are asked one at a time; then come the fail-safe current and the meter values."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    await station.wait_for(
        lambda: (
            any(
                request["key"] == "MeterValueSampleInterval"
                for request in station.received("ChangeConfiguration")
            )
            or station.received("TriggerMessage")
        )
    )
    assert all(len(r["key"]) == 1 for r in station.received("GetConfiguration"))
    profile = station.received("SetChargingProfile")[0]["csChargingProfiles"]
    assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
    assert profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 6
    assert "duration" not in profile["chargingSchedule"]


async def test_session(watched: Watched, connect: Connect, clock: SteppedClock) -> None:
    """A session is seen with its currents, its energy and its end."""
    station, transaction_id = await _charging(connect, watched.system, clock)

    def connector() -> ConnectorState:
        return watched.system.stations["CP1"].state.connectors[0]

    assert connector().status is ConnectorStatus.CHARGING
    transaction = connector().transaction
    assert transaction is not None
    assert transaction.id == str(transaction_id)
    clock.step(60)
    await station.call(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": transaction_id,
            "meterValue": [
                {
                    "timestamp": clock.text(),
                    "sampledValue": [
                        {"value": "1.15", "unit": "kWh"},
                        *(
                            {
                                "value": "9.9",
                                "measurand": "Current.Import",
                                "phase": phase,
                                "unit": "A",
                            }
                            for phase in ("L1", "L2", "L3")
                        ),
                        {
                            "value": "6.8",
                            "measurand": "Power.Active.Import",
                            "unit": "kW",
                        },
                        {"value": "55", "measurand": "SoC", "unit": "Percent"},
                    ],
                }
            ],
        },
    )
    meter = connector().meter
    assert meter.current_a == (9.9, 9.9, 9.9)
    assert (meter.power_w, meter.energy_wh, meter.soc) == (6800, 1150, 55)
    assert connector().session_energy_wh == pytest.approx(150)
    await station.call(
        "StopTransaction",
        {
            "transactionId": transaction_id,
            "meterStop": 1200,
            "timestamp": clock.text(),
        },
    )
    assert connector().transaction is None
    assert connector().session_energy_wh == 200
    assert connector().meter.current_a == (0, 0, 0)


async def test_limit_lapses_by_itself(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """An offer is a limit on the transaction by the charger's clock, with an end; it is renewed in time."""
    station, transaction_id = await _charging(connect, system, clock)
    # The charger's clock is an hour ahead, as three of its messages show.
    for _ in range(3):
        await station.status("Charging", timestamp=clock.text(3600))
    await system.stations["CP1"].offer(1, 10.08)
    request = await station.wait_received("SetChargingProfile")
    profile = request["csChargingProfiles"]
    schedule = profile["chargingSchedule"]
    assert profile["chargingProfilePurpose"] == "TxProfile"
    assert profile["transactionId"] == transaction_id
    assert profile["chargingProfileKind"] == "Absolute"
    assert "validTo" not in profile
    assert schedule["chargingSchedulePeriod"][0]["limit"] == 10
    assert schedule["startSchedule"] == "2026-06-01T12:59:50.000Z"
    assert schedule["duration"] == 130
    state = system.stations["CP1"].state.connectors[0]
    assert state.offer_a == 10
    assert state.offered_at == clock()
    assert state.offer_until == clock() + timedelta(seconds=120)

    clock.step(39)
    await system.stations["CP1"].offer(1, 10)
    assert len(station.received("SetChargingProfile")) == 1
    await system.stations["CP1"].offer(1, 0)  # a change goes out at once
    clock.step(40)
    await system.stations["CP1"].offer(1, 0)  # due
    limits = [
        told["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]
        for told in station.received("SetChargingProfile")
    ]
    assert [limit["limit"] for limit in limits] == [10, 0, 0]


async def test_refused_limit(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A limit that was refused does not look as if it had been taken."""
    station, _ = await _charging(connect, system, clock)
    await system.stations["CP1"].offer(1, 10)
    station.answers["SetChargingProfile"] = {"status": "Rejected"}
    with pytest.raises(CommandError) as err:
        await system.stations["CP1"].offer(1, 8)
    assert err.value.key == "refused"
    assert system.stations["CP1"].state.connectors[0].offer_a == 10
    station.answers["SetChargingProfile"] = None  # no answer
    with pytest.raises(CommandError) as err:
        await system.stations["CP1"].offer(1, 8)
    assert err.value.key == "timeout"


async def test_waiting_car_gets_going(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A car that was plugged in is started, but not before the charger had the chance to do so by itself."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    await station.status("Preparing")
    await system.stations["CP1"].offer(1, 12)
    assert not station.received("RemoteStartTransaction")
    clock.step(4)
    await system.stations["CP1"].offer(1, 0)
    assert not station.received("RemoteStartTransaction")
    await system.stations["CP1"].offer(1, 12)
    start = await station.wait_received("RemoteStartTransaction")
    assert start["connectorId"] == 1
    assert start["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
    assert system.stations["CP1"].state.connectors[0].offer_a == 12
    await system.stations["CP1"].offer(1, 12)
    assert len(station.received("RemoteStartTransaction")) == 1
    await station.start_transaction(clock.text())
    limit = await station.wait_for(
        lambda: [
            told
            for told in station.received("SetChargingProfile")
            if told["csChargingProfiles"]["chargingProfilePurpose"] == "TxProfile"
        ]
    )
    assert limit[0]["connectorId"] == 1


async def test_a_charger_that_does_not_wait_for_a_start(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """EN+ reports Finishing when nothing started in time (evcc issue 15752): the car waits, and can be started later."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    for session in range(2):  # and so does the next car
        for status in ("Available", "Preparing", "Finishing"):
            await station.status(status)
            clock.step(60)
            await system.stations["CP1"].offer(1, 0)
        connector = system.stations["CP1"].connector(1)
        assert connector.status is ConnectorStatus.PREPARING
        await system.stations["CP1"].offer(1, 12)
        assert len(station.received("RemoteStartTransaction")) == session + 1
        # A session that its driver has ended is not started again.
        transaction_id = await station.start_transaction(clock.text())
        clock.step(60)
        stop = {"transactionId": transaction_id, "meterStop": 1000}
        await station.call("StopTransaction", stop | {"timestamp": clock.text()})
        await station.status("Finishing")
        clock.step(60)
        await system.stations["CP1"].offer(1, 12)
        assert len(station.received("RemoteStartTransaction")) == session + 1
        connector = system.stations["CP1"].connector(1)
        assert connector.status is ConnectorStatus.FINISHING


async def test_commands(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Restart and unlock reach the charger, and a refusal is reported."""
    station, _ = await _charging(connect, system, clock)
    await (await system.stations["CP1"].in_service()).reset(hard=False)
    await (await system.stations["CP1"].in_service()).reset(hard=True)
    assert [r["type"] for r in station.received("Reset")] == ["Soft", "Hard"]
    await (await system.stations["CP1"].in_service()).unlock(1)
    station.answers["UnlockConnector"] = {"status": "NotSupported"}
    with pytest.raises(CommandError) as err:
        await (await system.stations["CP1"].in_service()).unlock(1)
    assert err.value.key == "not_supported"
    await station.close()
    with pytest.raises(CommandError) as err:
        await (await system.stations["CP1"].in_service()).reset(hard=False)
    assert err.value.key == "not_connected"


async def test_forgotten_charger(watched: Watched, connect: Connect) -> None:
    """A charger that was forgotten is sent away, and is unknown when it comes back."""
    watched.system.accept(CP1)
    station = await connect()
    await station.boot()
    watched.system.forget("CP1")
    await station.wait_for(lambda: station.websocket.closed)
    assert not watched.system.stations
    again = await connect()
    assert (await again.boot())["status"] == "Pending"


async def test_port_taken(system: CentralSystem) -> None:
    """A port that is taken is reported as such."""
    other = CentralSystem()
    with pytest.raises(OSError, match="address already in use"):
        await other.start("127.0.0.1", system.port)
    await other.stop()


async def test_nothing_is_left(connect: Connect, system: CentralSystem) -> None:
    """Stopping closes every connection and ends every task."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    before = asyncio.all_tasks()
    await system.stop()
    await station.wait_for(lambda: station.websocket.closed)
    assert not system.stations["CP1"].state.connected
    assert system.port == 0
    assert asyncio.all_tasks() <= before
