"""Registers that chargers leave out, write as 0, report by phase or of several places: each session counts all the same."""

from collections.abc import Mapping
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, FinishedTransaction

from .charger import Charger
from .charging import CP1, EVSE, connector
from .client import Payload
from .conftest import Connect, SteppedClock


@pytest.fixture
def finished(system: CentralSystem) -> list[FinishedTransaction]:
    """Collect what each session took."""
    sessions: list[FinishedTransaction] = []
    system.subscribe_transactions(sessions.append)
    system.accept(CP1)
    return sessions


async def _booted(connect: Connect, version: str) -> Charger:
    charger = await Charger.connect(connect, version)
    await charger.boot()
    return charger


@pytest.mark.parametrize("end", [{}, {"meterStop": None}, {"meterStop": 0}])
@pytest.mark.parametrize("named", [True, False])
async def test_an_end_without_a_register(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
    end: Payload,
    named: bool,
) -> None:
    """It ends the session, which took what its values show; the next one goes on from there (OCPP 1.6)."""
    charger = await _booted(connect, "1.6")
    for start_wh in (40_000, 43_000):
        transaction = await charger.start(clock.text(), energy_wh=start_wh)
        clock.step(3600)
        values_of = transaction if named else None
        await charger.meter(values_of, clock.text(), start_wh + 3000)
        told = {"transactionId": int(transaction), "timestamp": clock.text(), **end}
        await charger.station.call("StopTransaction", told)
        assert connector(system).transaction is None
        assert connector(system).meter.energy_wh == start_wh + 3000
        clock.step(40_000)
    assert [one.energy_wh for one in finished] == [3000, 3000]
    assert [one.meter_stop_wh for one in finished] == [None, None]


async def test_values_of_another_connector(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """They are none of the session that they name by mistake (OCPP 1.6)."""
    charger = await _booted(connect, "1.6")
    transaction = await charger.start(clock.text(), energy_wh=40_000)
    clock.step(3600)
    await charger.meter(transaction, clock.text(), 43_000)
    await charger.meter(transaction, clock.text(), 45_000, connector=2)
    told = {"transactionId": int(transaction), "timestamp": clock.text()}
    await charger.station.call("StopTransaction", told)
    assert [one.energy_wh for one in finished] == [3000]


async def test_an_end_that_lists_its_values(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """The values in the message stand for the register that it leaves out (OCPP 1.6)."""
    charger = await _booted(connect, "1.6")
    transaction = await charger.start(clock.text(), energy_wh=40_000)
    values = []
    for energy_wh in (41_000, 42_500):
        clock.step(1800)
        sampled = {"value": str(energy_wh), "unit": "Wh"}
        values.append({"timestamp": clock.text(), "sampledValue": [sampled]})
    told = {
        "transactionId": int(transaction),
        "timestamp": clock.text(),
        "transactionData": values,
    }
    await charger.station.call("StopTransaction", told)
    assert [one.energy_wh for one in finished] == [2500]
    assert connector(system).meter.energy_wh == 42_500


async def test_a_start_without_a_register(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """It begins a session: a refusal would keep the car from charging (OCPP 1.6)."""
    charger = await _booted(connect, "1.6")
    start = {"connectorId": 1, "idTag": "TAG", "timestamp": clock.text()}
    started = await charger.station.call("StartTransaction", start)
    transaction = str(started["transactionId"])
    await charger.meter(transaction, clock.text(), 40_000)
    clock.step(1800)
    await charger.stop(transaction, clock.text(), 42_500)
    assert [one.energy_wh for one in finished] == [2500]


def _values(at: str, *sampled: Payload) -> Any:
    return [{"timestamp": at, "sampledValue": list(sampled)}]


def _by_phase(energy_wh: float) -> list[Payload]:
    return [{"value": energy_wh / 4, "phase": phase} for phase in ("L1", "L3")] + [
        {"value": energy_wh / 2, "phase": "L2"}
    ]


async def test_a_register_of_each_phase(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """Start and end of a transaction show the sum, as values do (OCPP 2.0.1)."""
    charger = await _booted(connect, "2.0.1")
    for kind, sequence, energy_wh, ended in (
        ("Started", 0, 40_000, None),
        ("Updated", 1, 41_000, None),
        ("Ended", 2, 42_000, "Local"),
    ):
        values = _values(clock.text(), *_by_phase(energy_wh))
        await charger.station.event(
            kind,
            clock.text(),
            sequence,
            meterValue=values,
            evse=EVSE,
            stopped=ended,
        )
        assert connector(system).meter.energy_wh == energy_wh
        clock.step(900)
    assert [one.energy_wh for one in finished] == [2000]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize("order", [1, -1])
async def test_registers_of_the_inlet_and_the_outlet(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
    version: str,
    order: int,
) -> None:
    """The car took what the outlet shows; a charger's inlet is another meter, which counts its standby, too."""
    charger = await _booted(connect, version)

    def values(energy_wh: float) -> Any:
        kind = str if version == "1.6" else float
        return _values(
            clock.text(),
            *(
                {"value": kind(energy_wh + 7000), "location": "Inlet"},
                {"value": kind(energy_wh), "location": "Outlet"},
            )[::order],
        )

    if version == "1.6":
        transaction = int(await charger.start(clock.text(), energy_wh=40_000))
        clock.step(1800)
        named = {"connectorId": 1, "transactionId": transaction}
        await charger.station.call(
            "MeterValues", {**named, "meterValue": values(42_000)}
        )
        await charger.stop(str(transaction), clock.text(), 42_000)
    else:
        for sequence, (kind, energy_wh) in enumerate(
            (("Started", 40_000), ("Updated", 41_000), ("Ended", 42_000))
        ):
            told = {"meterValue": values(energy_wh), "evse": EVSE}
            await charger.station.event(kind, clock.text(), sequence, **told)
            clock.step(900)
    assert connector(system).meter.energy_wh == 42_000
    assert [one.energy_wh for one in finished] == [2000]


async def test_only_the_inlet_is_measured(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """Then that is what is known."""
    charger = await _booted(connect, "1.6")
    inlet = {"value": "42000", "location": "Inlet"}
    told = {"connectorId": 1, "meterValue": _values(clock.text(), inlet)}
    await charger.station.call("MeterValues", told)
    assert connector(system).meter.energy_wh == 42_000
    assert not finished


async def test_the_first_register_is_that_of_an_end(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """Starts carry none: the next session counts from that end (OCPP 2.0.1)."""
    charger = await _booted(connect, "2.0.1")
    for number, energy_wh in enumerate((40_000, 43_000)):
        more: Any = {"transaction": f"tx{number}", "evse": EVSE}
        await charger.station.event("Started", clock.text(), 0, **more)
        clock.step(3600)
        await charger.station.event(
            "Ended", clock.text(), 1, energy_wh=energy_wh, stopped="Local", **more
        )
        assert connector(system).meter.energy_wh == energy_wh
        clock.step(600)
    assert finished[1].energy_wh == 3000


async def _session2(
    charger: Charger,
    clock: SteppedClock,
    number: int,
    told: Mapping[str, float | None],
    ago_s: float = 0,
) -> None:
    """Report a session of OCPP 2.x by its events, each half an hour after the one before, and what each shows."""
    for sequence, (kind, energy_wh) in enumerate(told.items()):
        context = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}
        more: Any = {"transaction": f"tx{number}", "evse": EVSE}
        at = clock.text(-ago_s + 1800 * sequence)
        if energy_wh is not None:
            sampled = {
                "value": energy_wh,
                "context": context.get(kind, "Sample.Periodic"),
            }
            more["meterValue"] = _values(at, sampled)
        if kind == "Ended":
            more["stopped"] = "Local"
        await charger.station.event(kind, at, sequence, **more)
        if not ago_s:
            clock.step(1800)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("end_wh", [None, 50_000])
async def test_starts_without_a_register(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
    late: bool,
    end_wh: float | None,
) -> None:
    """A register that goes on stood where the session before it ended, now or reported hours later (OCPP 2.0.1)."""
    charger = await _booted(connect, "2.0.1")
    await _session2(charger, clock, 0, {"Started": None, "Ended": 40_000})
    clock.step(24 * 3600)
    last_wh = end_wh or 47_000
    session = {"Started": None, "Updated": 47_000, "Ended": end_wh}
    await _session2(charger, clock, 1, session, ago_s=6 * 3600 if late else 0)
    assert connector(system).meter.energy_wh == last_wh
    assert finished[-1].energy_wh == last_wh - 40_000


async def test_registers_that_restart_without_saying_so(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """Values below the end of the session before show a register that restarted, also after one without values (2.0.1)."""
    charger = await _booted(connect, "2.0.1")
    await _session2(charger, clock, 0, {"Started": None, "Updated": 0, "Ended": 0})
    clock.step(3600)
    await _session2(charger, clock, 1, {"Started": None, "Ended": 9_000})
    clock.step(3600)
    more = {"Started": None, "Updated": 1_000, "Ended": 3_000}
    await _session2(charger, clock, 2, more)
    assert connector(system).meter.energy_wh == 12_000
    last_told = {one.id: one.energy_wh for one in finished}
    assert last_told == {"tx0": 0, "tx1": 9_000, "tx2": 3_000}


async def test_a_session_before_that_is_not_known(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """What flowed in half an hour cannot be 20 kWh: another session was between, which is still to be reported (2.0.1)."""
    charger = await _booted(connect, "2.0.1")
    await _session2(charger, clock, 0, {"Started": None, "Ended": 40_000})
    clock.step(24 * 3600)
    more = {"Started": None, "Updated": 60_000, "Ended": None}
    await _session2(charger, clock, 2, more, ago_s=6 * 3600)
    assert finished[-1].energy_wh == 0


async def test_a_session_before_that_is_reported_later(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """The session after it seemed to begin where an earlier one ended, and had counted its energy already (2.0.1)."""
    charger = await _booted(connect, "2.0.1")
    await _session2(charger, clock, 0, {"Started": None, "Ended": 40_000})
    clock.step(24 * 3600)
    for number, end_wh, ago_s in ((3, 49_000, 4), (1, 43_000, 12), (2, 46_000, 8)):
        more = {"Started": None, "Ended": end_wh}
        await _session2(charger, clock, number, more, ago_s=ago_s * 3600)
        assert connector(system).meter.energy_wh == 49_000
    last_told = {one.id: one.energy_wh for one in finished[1:]}
    assert last_told == {"tx1": 3_000, "tx2": 3_000, "tx3": 3_000}
    await _session2(charger, clock, 4, {"Started": None, "Ended": 51_000})
    assert connector(system).meter.energy_wh == 51_000
    assert finished[-1].energy_wh == 2_000


async def test_registers_that_are_always_0(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """Start and end say 0 and values count from the start of the session: they show what it took (OCPP 1.6)."""
    charger = await _booted(connect, "1.6")
    for _ in range(2):
        transaction = await charger.start(clock.text(), energy_wh=0)
        for energy_wh in (0, 1500, 3000):
            await charger.meter(transaction, clock.text(), energy_wh)
            clock.step(1800)
        await charger.stop(transaction, clock.text(), 0)
        clock.step(40_000)
    assert [one.energy_wh for one in finished] == [3000, 3000]
    assert connector(system).meter.energy_wh == 6000


async def test_a_session_before_that_is_never_reported(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """Starts carry no register, and the end shows more than can have flowed since: the lifetime has it all (2.0.1)."""
    charger = await _booted(connect, "2.0.1")
    for number, energy_wh in ((0, 40_000), (2, 90_000), (3, 92_000)):
        session = {"Started": None, "Ended": energy_wh}
        await _session2(charger, clock, number, session)
        assert connector(system).meter.energy_wh == energy_wh
        clock.step(24 * 3600)
    assert finished[-1].energy_wh == 2_000
