"""Slips that leave no doubt are understood, and counted; what leaves a doubt is refused, or not believed."""

import asyncio
from contextlib import suppress
from dataclasses import replace
import json
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, CommandError
from custom_components.sunfuse.engine.model import ConnectorStatus
from custom_components.sunfuse.engine.stored_items import Stored

from ..common import wait_until
from .charger import Charger
from .charging import CP1, EVSE, connector
from .client import WAIT_S, Refused
from .conftest import Connect, SteppedClock


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
        ("StatusNotification", {"connectorId": 1.5, "errorCode": "NoError"}),
        ("StatusNotification", {"connectorId": "one", "errorCode": "NoError"}),
        ("StatusNotification", {"connectorId": True, "errorCode": "NoError"}),
        ("StatusNotification", {"errorCode": "NoError", "number": 1}),
        ("Authorize", {"idTag": "x" * 256}),
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


async def test_an_answer_that_is_too_long(
    connect: Connect, system: CentralSystem
) -> None:
    """A list of all measurands (lbbrhzn/ocpp issue 821): the charger has this key, so it is set."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "1.6")

    def configuration(request: dict[str, Any]) -> dict[str, Any]:
        entry = {"key": request["key"][0], "readonly": False, "value": "x" * 501}
        return {"configurationKey": [entry]}

    charger.station.answers["GetConfiguration"] = configuration
    await charger.boot()
    await charger.set_up()
    keys = {r["key"] for r in charger.station.received("ChangeConfiguration")}
    assert "MeterValuesSampledData" in keys


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


async def test_charging_that_is_not_reported(
    old: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """Some chargers start a transaction and never say Charging: their meter does, by power or by energy."""
    await old.status("Preparing", clock.text())
    transaction = await old.start(clock.text(), energy_wh=1000)
    clock.step(60)
    await old.meter(transaction, clock.text(), 1050)
    assert connector(system).status is ConnectorStatus.PREPARING
    clock.step(60)
    await old.meter(transaction, clock.text(), 1100)
    assert connector(system).status is ConnectorStatus.CHARGING

    # The car waits again, with the energy of before.
    await old.status("Preparing", clock.text())
    await old.meter(transaction, clock.text(), 1110)
    assert connector(system).status is ConnectorStatus.PREPARING
    await old.power(transaction, clock.text(), 4000)
    assert connector(system).status is ConnectorStatus.CHARGING

    # What the session before took is not what this one has to exceed.
    await old.stop(transaction, clock.text(), 1300)
    await old.status("Preparing", clock.text())
    transaction = await old.start(clock.text(), energy_wh=1300)
    clock.step(60)
    await old.meter(transaction, clock.text(), 1410)
    assert connector(system).status is ConnectorStatus.CHARGING


def _values(*extra: dict[str, Any], at: str = "") -> dict[str, Any]:
    """Return meter values of which one is plain."""
    plain = {"value": "12", "measurand": "Current.Import", "phase": "L1", "unit": "A"}
    values = [{"timestamp": at, "sampledValue": [*extra, plain]}]
    return {"connectorId": 1, "meterValue": values}


@pytest.mark.parametrize(
    "one",
    [
        # lbbrhzn/ocpp issues 1576 and 1627: the rest of the message is valid.
        {"value": "49.97", "measurand": "Frequency", "unit": "Hz"},
        {"value": "35", "measurand": "Temperature", "unit": "deg"},
        {"value": "1", "measurand": "Vendor.Specific"},
        {"value": "1", "phase": "L9", "measurand": "Current.Import"},
        {"measurand": "Voltage"},
        {"value": None, "measurand": "Voltage"},
        "nonsense",
    ],
)
async def test_one_value_that_is_not_understood(
    old: Charger, system: CentralSystem, clock: SteppedClock, one: Any
) -> None:
    """It takes no other with it."""
    await old.station.call("MeterValues", _values(one, at=clock.text()))
    assert connector(system).meter.current_a == (12, None, None)
    assert _counters(system)["understood_although_wrong"] == 1


async def test_words_in_another_spelling(
    old: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """A line break (lbbrhzn/ocpp issue 1576), capitals, empty words, and ones that are not used."""
    sloppy = {
        "value": "7",
        "measurand": "Current.Import\n",
        "phase": "l2",
        "unit": "a",
        "context": "Sample.Sometimes",
        "location": "",
        "format": "",
    }
    await old.station.call("MeterValues", _values(sloppy, at=clock.text()))
    assert connector(system).meter.current_a == (12, 7, None)
    energy = {"Value": "1.5", "Unit": "KWH", "more": {"of": "this"}}
    await old.station.call("MeterValues", _values(energy, at=clock.text()))
    assert connector(system).meter.energy_wh == 1500


async def test_a_single_value_for_a_list(
    old: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """One value needs no list (Huawei, lbbrhzn/ocpp issue 1144): while the car charges, and at the end."""
    transaction = int(await old.start(clock.text()))
    clock.step(600)
    energy = {"value": "1.5", "unit": "kWh"}
    inside = {"timestamp": clock.text(), "sampledValue": energy}
    named = {"connectorId": 1, "transactionId": transaction}
    await old.station.call("MeterValues", {**named, "meterValue": inside})
    assert connector(system).session_energy_wh == 500
    clock.step(600)
    energy = {"value": "2.0", "unit": "kWh"}
    at_end = {"timestamp": clock.text(), "sampledValue": [energy]}
    await old.station.call(
        "StopTransaction",
        {
            "transactionId": transaction,
            "timestamp": clock.text(),
            "transactionData": at_end,
        },
    )
    assert connector(system).session_energy_wh == 1000


@pytest.mark.parametrize(
    ("card", "understood"),
    [
        ("X16WG99J2QIEGCC0MCJ5-", "X16WG99J2QIEGCC0MCJ5-"),
        ("BA86I250X5G6MOD5DLKD\x10\x0e", "BA86I250X5G6MOD5DLKD"),
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
async def test_a_card_that_is_too_long(
    old: Charger,
    system: CentralSystem,
    clock: SteppedClock,
    card: str,
    understood: str,
    escaped: bool,
) -> None:
    """A session with it begins and ends (lbbrhzn/ocpp issues 1803 and 2030: a charger that hears no answer charges on)."""

    async def call(number: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps([2, number, action, payload])
        if not escaped:
            text = text.replace("\\u0010\\u000e", "\x10\x0e")
        await old.station.websocket.send_str(text)
        return await old.station.answer_to(number)

    answer = await call("a", "Authorize", {"idTag": card})
    assert answer["idTagInfo"]["status"] == "Accepted"
    begin = {"connectorId": 1, "meterStart": 0, "timestamp": clock.text()}
    started = await call("b", "StartTransaction", {**begin, "idTag": card})
    running = connector(system).transaction
    assert running is not None
    assert running.id_token == understood
    end = {"meterStop": 100, "timestamp": clock.text()}
    end |= {"transactionId": started["transactionId"], "idTag": card}
    assert "idTagInfo" in await call("c", "StopTransaction", end)
    assert connector(system).transaction is None


async def test_a_missing_value(
    old: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """What is measured counts, although its transaction has no number at all (AEFA, lbbrhzn/ocpp issue 2032)."""
    await old.start(clock.text())
    clock.step(600)
    energy = {"value": "1750", "context": "no: , or :} here"}
    payload = _values(energy, at=clock.text()) | {"transactionId": "gap"}
    text = json.dumps([2, "a", "MeterValues", payload]).replace('"gap"', "")
    await old.station.websocket.send_str(text)
    assert await old.station.answer_to("a") == {}
    assert connector(system).session_energy_wh == 750
    assert _counters(system)["understood_although_wrong"] == 1


async def test_no_values(old: Charger, system: CentralSystem) -> None:
    """An empty list (lbbrhzn/ocpp issue 466, evcc issue 25708) says nothing, and is no reason to send it again."""
    for values in ([], [{"timestamp": "2026-06-01T12:00:00Z", "sampledValue": []}]):
        await old.station.call("MeterValues", {"connectorId": 1, "meterValue": values})
    assert _counters(system)["understood_although_wrong"] == 2
    transaction = await old.start("2026-06-01T12:00:00Z")
    stop = {
        "transactionId": int(transaction),
        "meterStop": 1500,
        "timestamp": "2026-06-01T12:10:00Z",
        "transactionData": [
            {"timestamp": "2026-06-01T12:10:00Z", "sampledValue": []},
            {"sampledValue": [{"value": "1"}]},
        ],
    }
    await old.station.call("StopTransaction", stop)
    assert connector(system).transaction is None


async def test_a_status_with_faults(old: Charger, system: CentralSystem) -> None:
    """An unknown error is another error (lbbrhzn/ocpp issue 1248); long texts, vendor's keys and no time do not matter."""
    await old.station.status(
        "Faulted",
        errorCode="Error",
        info="x" * 51,
        vendorId="x" * 256,
        vendorErrorCode="y" * 51,
        timestamp="0000-00-00T00:00:00Z",
        temperature=80,
    )
    assert connector(system).status is ConnectorStatus.FAULTED
    assert connector(system).error_code == "OtherError"
    await old.station.status("available", errorCode="noerror", timestamp="")
    assert connector(system).status is ConnectorStatus.AVAILABLE
    assert connector(system).error_code is None
    assert _counters(system)["unreadable_times"] == 1


async def test_a_session_without_readable_times(
    old: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """It is of now: a refusal would keep the car from charging, or be sent again for ever."""
    start = {"connectorId": 0, "idTag": "TAG", "meterStart": 1000, "timestamp": ""}
    await old.status("Preparing", clock.text())
    started = await old.station.call("StartTransaction", start)
    running = connector(system).transaction
    assert running is not None
    assert running.started_at == clock()
    clock.step(600)
    await old.station.call("MeterValues", _values(at="0"))
    stop = {
        "transactionId": started["transactionId"],
        "meterStop": 2000,
        "timestamp": "2026-13-01",
        "reason": "Timeout",
    }
    await old.station.call("StopTransaction", stop)
    assert connector(system).transaction is None
    assert connector(system).session_energy_wh == 1000


async def test_a_charger_without_a_vendor(
    connect: Connect, system: CentralSystem
) -> None:
    """It is set up once (evcc issue 32170), and not asked to boot again each time that it has."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "1.6")
    charger.station.answers["TriggerMessage"] = {"status": "Accepted"}
    await charger.boot(chargePointVendor="")
    await charger.set_up()
    assert not [
        request
        for request in charger.station.received("TriggerMessage")
        if request["requestedMessage"] == "BootNotification"
    ]


async def test_a_firmware_with_a_long_name(
    connect: Connect, system: CentralSystem
) -> None:
    """Nobody can set up a charger that may not boot: its texts are cut, whatever make it is."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "1.6")
    await charger.boot(firmwareVersion="f" * 51, chargePointModel="m" * 21)
    info = system.stations["CP1"].state.info
    assert (info.firmware, info.model) == ("f" * 50, "m" * 20)


async def test_an_answer_that_comes_late(
    connect: Connect, system: CentralSystem
) -> None:
    """Whoever needed longer than we waited is given that time from then on."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "1.6")
    await charger.boot()
    await charger.set_up()
    adapter = await system.stations["CP1"].in_service()
    link, station = adapter.link, charger.station
    station.answers["UnlockConnector"] = None
    question = ("UnlockConnector", {"connectorId": 1})
    with pytest.raises(CommandError, match="timeout"):
        await link.call(*question, timeout_s=0.01)
    await station.wait_received("UnlockConnector")
    await asyncio.sleep(0.2)
    (late,) = [f[1] for f in station.frames if f[2:3] == ["UnlockConnector"]]
    await station.send([3, late, {"status": "Unlocked"}])
    await station.call("Heartbeat", {})  # the answer was taken in
    second = asyncio.create_task(link.call(*question, timeout_s=0.01))
    await station.wait_received("UnlockConnector", times=2)
    await asyncio.sleep(0.1)
    last = [f[1] for f in station.frames if f[2:3] == ["UnlockConnector"]][-1]
    await station.send([3, last, {"status": "Unlocked"}])
    assert await second == {"status": "Unlocked"}


async def test_a_start_at_connector_zero(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """It can be meant of one connector only, not of two."""
    system.accept(replace(CP1, connectors=2))
    charger = await Charger.connect(connect, "1.6")
    await charger.boot()
    with pytest.raises(Refused, match="PropertyConstraintViolation"):
        await charger.start(clock.text(), connector=0)


async def test_connector_zero_of_an_evse(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """Connectors count from 1: a 2.x charger that writes 0 means the one that the EVSE has."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "2.0.1")
    await charger.boot()
    station = charger.station
    evse = {"id": 1, "connectorId": 0}
    await station.status2("Occupied", clock.text(), connector=0)
    await station.event("Started", clock.text(), 0, state="Charging", evse=evse)
    assert connector(system).status is ConnectorStatus.CHARGING
    await station.status2("Available", clock.text(), connector=0)
    await station.event("Ended", clock.text(), 1, evse=evse)
    assert connector(system).status is ConnectorStatus.AVAILABLE
    assert len(system.stations["CP1"].state.connectors) == 1


async def test_a_2_x_charger_with_words_of_1_6(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """Its firmware was ported: it says Charging for Occupied, and has reasons and units of its own."""
    system.accept(CP1)
    charger = await Charger.connect(connect, "2.0.1")
    await charger.boot()
    await charger.station.status2("Charging", clock.text())
    assert connector(system).status is ConnectorStatus.PREPARING
    values = [
        {"value": "1500", "measurand": "Energy.Active.Import.Register"},
        {"value": 50, "measurand": "Frequency", "unit": "Hz"},
        {"value": 10, "measurand": "Mains.Humidity"},
    ]
    await charger.station.event(
        "Started",
        clock.text(),
        0,
        state="charging",
        reason="CarCame",
        evse=EVSE,
        meterValue=[{"timestamp": clock.text(), "sampledValue": values}],
    )
    assert connector(system).status is ConnectorStatus.CHARGING
    assert connector(system).meter.energy_wh == 1500


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_whatever_is_reported_can_be_read_again_after_a_restart(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """Also of the charger as a whole (connector 0), and of connectors and EVSEs that nothing has."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    for number in (0, 1, 33, 10**6):
        for status in ("Available", "Faulted", "Available"):
            await charger.status(status, clock.text(), number)
        await charger.meter(None, clock.text(), 1000, number)
        with suppress(Refused):
            transaction = await charger.start(
                clock.text(), connector=number, name=f"tx{number}"
            )
            await charger.meter(transaction, clock.text(), 1e15, number)
            await charger.stop(transaction, "2026-06-01T12:00:00Z", 10**15)
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    stored = Stored(memory)
    system.accept(replace(CP1, identity="CP2"))
    system.stations["CP2"].restore(stored)
    assert stored.unread == []
