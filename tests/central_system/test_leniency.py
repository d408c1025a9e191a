"""Slips that leave no doubt are understood, and counted; what leaves a doubt is refused, or not believed."""

import asyncio
import json
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    StationConfig,
)
from custom_components.sunfuse.engine.model import ConnectorStatus

from ..common import wait_until
from .charger import Charger
from .charging import EVSE, connector
from .client import WAIT_S, Refused
from .conftest import Connect, SteppedClock

CP1 = StationConfig(identity="CP1", max_a=16, fail_safe_a=6)


def _counters(system: CentralSystem) -> dict[str, int]:
    counters: dict[str, int] = system.stations["CP1"].diagnostics()["counters"]
    return counters


@pytest.fixture
async def old(connect: Connect, system: CentralSystem) -> Charger:
    """Return a charger of OCPP 1.6 that is set up."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "1.6")
    await charger.boot()
    await charger.set_up()
    return charger


async def test_numbers_for_strings(
    old: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """`sampledValue.value` as a number: in meter values, and in what comes with the stop."""
    transaction = await old.start(clock.text())
    values = [
        {
            "timestamp": clock.text(),
            "sampledValue": [
                {"value": 1500, "measurand": "Energy.Active.Import.Register"},
                {"value": 7.5, "measurand": "Current.Import", "phase": "L1"},
                {"value": "231.5", "measurand": "Voltage", "phase": "L1"},
            ],
        }
    ]
    await old.station.call(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": int(transaction),
            "meterValue": values,
        },
    )
    meter = connector(system).meter
    assert (meter.energy_wh, meter.current_a[0], meter.voltage_v[0]) == (
        1500,
        7.5,
        231.5,
    )
    await old.station.call(
        "StopTransaction",
        {
            "transactionId": int(transaction),
            "meterStop": 2000,
            "timestamp": clock.text(),
            "transactionData": values,
        },
    )
    assert connector(system).meter.energy_wh == 2000
    assert _counters(system)["understood_although_wrong"] == 2
    assert "malformed" not in _counters(system)


async def test_strings_for_numbers_and_nulls(
    old: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """Whole numbers as texts or with a fraction, and null for what is left out."""
    started = await old.station.call(
        "StartTransaction",
        {
            "connectorId": "1",
            "idTag": "CARD",
            "meterStart": 1000.4,
            "reservationId": None,
            "timestamp": clock.text(),
        },
    )
    running = connector(system).transaction
    assert running is not None
    assert (running.id, running.meter_start_wh) == (str(started["transactionId"]), 1000)


async def test_a_card_as_a_number(
    old: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """Its digits are the card: an answer, instead of an error that no driver can read."""
    answer = await old.station.call("Authorize", {"idTag": 4711})
    assert answer["idTagInfo"]["status"] == "Accepted"
    await old.station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": 4711,
            "meterStart": 0,
            "timestamp": clock.text(),
        },
    )
    running = connector(system).transaction
    assert running is not None
    assert running.id_token == "4711"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Authorize", {"idTag": 4711.5}),
        ("Heartbeat", {"more": None}),
        ("StatusNotification", {"connectorId": 1.5, "errorCode": "NoError"}),
        ("StatusNotification", {"connectorId": "one", "errorCode": "NoError"}),
        ("StatusNotification", {"connectorId": True, "errorCode": "NoError"}),
    ],
)
async def test_doubtful(
    old: Charger, system: CentralSystem, action: str, payload: dict[str, Any]
) -> None:
    """What may mean this or that is refused as before."""
    if action == "StatusNotification":
        payload["status"] = "Available"
    with pytest.raises(Refused):
        await old.station.call(action, payload)
    assert "understood_although_wrong" not in _counters(system)


async def test_an_answer_with_numbers_for_strings(
    connect: Connect, system: CentralSystem
) -> None:
    """An answer is understood as a request is: 30 for "30"."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "1.6")

    def configuration(request: dict[str, Any]) -> dict[str, Any]:
        entry = {"key": request["key"][0], "readonly": False, "value": 30}
        return {"configurationKey": [entry]}

    charger.station.answers["GetConfiguration"] = configuration
    await charger.boot()
    await charger.set_up()
    variables = system.stations["CP1"].variables
    assert variables["ChargeProfileMaxStackLevel"] == "30"


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_a_foreign_transaction(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """Meter values of an id that nobody knows take over no transaction that we answered ourselves."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    transaction = await charger.start(clock.text())
    await charger.meter("999", clock.text(), 1200)
    running = connector(system).transaction
    assert running is not None
    assert running.id == transaction
    assert connector(system).session_energy_wh == 200
    assert _counters(system)["foreign_transactions"] == 1


@pytest.mark.parametrize("numbers", [(0, 0, 0, 0), (5, 0, 1, 0)])
async def test_numbers_of_events_that_do_not_rise(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    numbers: tuple[int, ...],
) -> None:
    """The later event is the newer one, whatever its number; one that is older by both is not."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "2.0.1")
    await charger.boot()
    states = ("EVConnected", "Charging", "SuspendedEV", "Charging")
    expected = (
        ConnectorStatus.PREPARING,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.CHARGING,
    )
    for step, (number, state) in enumerate(zip(numbers, states, strict=True)):
        kind = "Updated" if step else "Started"
        await charger.station.event(kind, clock.text(), number, state=state, evse=EVSE)
        assert connector(system).status is expected[step]
        clock.step(5)
    await charger.station.event("Updated", clock.text(-12), 0, state="SuspendedEV")
    assert connector(system).status is ConnectorStatus.CHARGING


@pytest.mark.parametrize("message_id", [7, 0, "x" * 128])
async def test_ids_that_are_not_short_strings(
    old: Charger, system: CentralSystem, message_id: Any
) -> None:
    """Some chargers number their messages, some have longer ids: the answer has the same one."""
    heartbeat = json.dumps([2, message_id, "Heartbeat", {}])
    await old.station.websocket.send_str(heartbeat)
    await wait_until(lambda: old.station.frames[-1][:2] == [3, message_id], "an answer")
    assert _counters(system)["understood_although_wrong"] == 1


async def test_an_answer_that_cannot_be_read(
    old: Charger, system: CentralSystem
) -> None:
    """It is a refusal at once: nobody waits half a minute for another one."""
    station = old.station
    station.answers["UnlockConnector"] = None
    adapter = await system.stations["CP1"].in_service()
    command = asyncio.create_task(adapter.unlock(1))
    await station.wait_received("UnlockConnector")
    message_id = station.frames[-1][1]
    async with asyncio.timeout(WAIT_S):
        await station.websocket.send_str(f'[3,"{message_id}",{{"status":NaN}}]')
        with pytest.raises(CommandError, match="refused|FormatViolation"):
            await command
