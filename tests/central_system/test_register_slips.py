"""Registers that chargers leave out, write as 0, report by phase or of several places: each session counts all the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, FinishedTransaction

from .charger import Charger
from .charging import CP1, EVSE, connector
from .client import Payload
from .conftest import Connect, SteppedClock


@dataclass
class Told:
    """A central system, what it was told, and what each session took."""

    connect: Connect
    system: CentralSystem
    clock: SteppedClock
    finished: list[FinishedTransaction] = field(default_factory=list)

    async def by(self, version: str) -> Charger:
        """Return a charger that has booted."""
        charger = await Charger.connect(self.connect, version)
        await charger.boot()
        return charger

    @property
    def counter_wh(self) -> float | None:
        """What the connector shows."""
        return connector(self.system).meter.energy_wh

    @property
    def taken_wh(self) -> list[float | None]:
        """What each session took, in the order in which that was known."""
        return [one.energy_wh for one in self.finished]

    async def session2(
        self,
        charger: Charger,
        number: int,
        events: Mapping[str, float | None],
        ago_s: float = 0,
    ) -> None:
        """Report a session of OCPP 2.x by its events, each half an hour after the one before, and what each shows."""
        for sequence, (kind, energy_wh) in enumerate(events.items()):
            context = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}
            more: Any = {"transaction": f"tx{number}", "evse": EVSE}
            at = self.clock.text(-ago_s + 1800 * sequence)
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
                self.clock.step(1800)


@pytest.fixture
def told(connect: Connect, system: CentralSystem, clock: SteppedClock) -> Told:
    """Return a central system that has accepted the charger."""
    told = Told(connect=connect, system=system, clock=clock)
    system.subscribe_transactions(told.finished.append)
    system.accept(CP1)
    return told


def _values(at: str, *sampled: Payload) -> Any:
    return [{"timestamp": at, "sampledValue": list(sampled)}]


def _by_phase(energy_wh: float) -> list[Payload]:
    return [{"value": energy_wh / 4, "phase": phase} for phase in ("L1", "L3")] + [
        {"value": energy_wh / 2, "phase": "L2"}
    ]


@pytest.mark.parametrize(
    ("sessions", "taken_wh", "counter_wh", "end_wh"),
    [
        # Ends without a register, with an empty one, and with 0: values show what each session took.
        *(
            (
                [
                    ({"meterStart": start_wh}, (start_wh + 3_000,), end)
                    for start_wh in (40_000, 43_000)
                ],
                [3_000, 3_000],
                46_000,
                None,
            )
            for end in ({}, {"meterStop": None}, {"meterStop": 0})
        ),
        # A start without a register: a refusal would keep the car from charging.
        ([({}, (40_000, 42_500), {"meterStop": 42_500})], [2_500], 42_500, 42_500),
        # Starts and ends are always 0, and values count from the start of the session.
        (
            [({"meterStart": 0}, (0, 1_500, 3_000), {"meterStop": 0})] * 2,
            [3_000, 3_000],
            6_000,
            0,
        ),
    ],
)
@pytest.mark.parametrize("named", [True, False])
async def test_registers_that_are_left_out(
    told: Told,
    sessions: list[tuple[Payload, tuple[float, ...], Payload]],
    taken_wh: list[float],
    counter_wh: float,
    end_wh: float | None,
    named: bool,
) -> None:
    """Each session counts by what is left, whether its values name it or not (OCPP 1.6)."""
    charger = await told.by("1.6")
    for start, values_wh, end in sessions:
        message = {"connectorId": 1, "idTag": "TAG", "timestamp": told.clock.text()}
        started = await charger.station.call("StartTransaction", {**message, **start})
        transaction = started["transactionId"]
        values_of = str(transaction) if named else None
        for energy_wh in values_wh:
            told.clock.step(1800)
            await charger.meter(values_of, told.clock.text(), energy_wh)
        message = {"transactionId": transaction, "timestamp": told.clock.text()}
        await charger.station.call("StopTransaction", {**message, **end})
        assert connector(told.system).transaction is None
        told.clock.step(40_000)
    assert told.taken_wh == taken_wh
    assert told.counter_wh == counter_wh
    assert {one.meter_stop_wh for one in told.finished} == {end_wh}


async def test_values_of_another_connector(told: Told) -> None:
    """They are none of the session that they name by mistake (OCPP 1.6)."""
    charger = await told.by("1.6")
    transaction = await charger.start(told.clock.text(), energy_wh=40_000)
    told.clock.step(3600)
    await charger.meter(transaction, told.clock.text(), 43_000)
    await charger.meter(transaction, told.clock.text(), 45_000, connector=2)
    message = {"transactionId": int(transaction), "timestamp": told.clock.text()}
    await charger.station.call("StopTransaction", message)
    assert told.taken_wh == [3000]


async def test_an_end_that_lists_its_values(told: Told) -> None:
    """The values in the message stand for the register that it leaves out (OCPP 1.6)."""
    charger = await told.by("1.6")
    transaction = await charger.start(told.clock.text(), energy_wh=40_000)
    values = []
    for energy_wh in (41_000, 42_500):
        told.clock.step(1800)
        sampled = {"value": str(energy_wh), "unit": "Wh"}
        values.append({"timestamp": told.clock.text(), "sampledValue": [sampled]})
    message = {
        "transactionId": int(transaction),
        "timestamp": told.clock.text(),
        "transactionData": values,
    }
    await charger.station.call("StopTransaction", message)
    assert told.taken_wh == [2500]
    assert told.counter_wh == 42_500


async def test_a_register_of_each_phase(told: Told) -> None:
    """Start and end of a transaction show the sum, as values do (OCPP 2.0.1)."""
    charger = await told.by("2.0.1")
    for kind, sequence, energy_wh, ended in (
        ("Started", 0, 40_000, None),
        ("Updated", 1, 41_000, None),
        ("Ended", 2, 42_000, "Local"),
    ):
        values = _values(told.clock.text(), *_by_phase(energy_wh))
        await charger.station.event(
            kind,
            told.clock.text(),
            sequence,
            meterValue=values,
            evse=EVSE,
            stopped=ended,
        )
        assert told.counter_wh == energy_wh
        told.clock.step(900)
    assert told.taken_wh == [2000]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize("order", [1, -1])
async def test_registers_of_the_inlet_and_the_outlet(
    told: Told,
    version: str,
    order: int,
) -> None:
    """The car took what the outlet shows; a charger's inlet is another meter, which counts its standby, too."""
    charger = await told.by(version)

    def values(energy_wh: float) -> Any:
        kind = str if version == "1.6" else float
        return _values(
            told.clock.text(),
            *(
                {"value": kind(energy_wh + 7000), "location": "Inlet"},
                {"value": kind(energy_wh), "location": "Outlet"},
            )[::order],
        )

    if version == "1.6":
        transaction = int(await charger.start(told.clock.text(), energy_wh=40_000))
        told.clock.step(1800)
        named = {"connectorId": 1, "transactionId": transaction}
        await charger.station.call(
            "MeterValues", {**named, "meterValue": values(42_000)}
        )
        await charger.stop(str(transaction), told.clock.text(), 42_000)
    else:
        for sequence, (kind, energy_wh) in enumerate(
            (("Started", 40_000), ("Updated", 41_000), ("Ended", 42_000))
        ):
            message = {"meterValue": values(energy_wh), "evse": EVSE}
            await charger.station.event(kind, told.clock.text(), sequence, **message)
            told.clock.step(900)
    assert told.counter_wh == 42_000
    assert told.taken_wh == [2000]


async def test_only_the_inlet_is_measured(told: Told) -> None:
    """Then that is what is known."""
    charger = await told.by("1.6")
    inlet = {"value": "42000", "location": "Inlet"}
    message = {"connectorId": 1, "meterValue": _values(told.clock.text(), inlet)}
    await charger.station.call("MeterValues", message)
    assert told.counter_wh == 42_000
    assert not told.taken_wh


@pytest.mark.parametrize(
    ("sessions", "counters_wh", "taken_wh"),
    [
        # The first register of all is that of an end: the next session counts from there.
        ([{"Ended": 40_000}, {"Ended": 43_000}], [40_000, 43_000], {"tx1": 3_000}),
        # An end shows more than can have flowed since: a session was never reported. The lifetime has it all.
        (
            [{"Ended": 40_000}, {"Ended": 90_000}, {"Ended": 92_000}],
            [40_000, 90_000, 92_000],
            {"tx2": 2_000},
        ),
        # Values below the end of the session before show a register that restarted, also after one without values.
        (
            [
                {"Updated": 0, "Ended": 0},
                {"Ended": 9_000},
                {"Updated": 1_000, "Ended": 3_000},
            ],
            [None, None, 12_000],
            {"tx0": 0, "tx1": 9_000, "tx2": 3_000},
        ),
    ],
)
async def test_registers_that_starts_leave_out(
    told: Told,
    sessions: list[Mapping[str, float | None]],
    counters_wh: list[float | None],
    taken_wh: Mapping[str, float],
) -> None:
    """What the sessions before showed tells where the register stood (OCPP 2.0.1)."""
    charger = await told.by("2.0.1")
    for number, (events, counter_wh) in enumerate(
        zip(sessions, counters_wh, strict=True)
    ):
        await told.session2(charger, number, {"Started": None, **events})
        assert counter_wh in (None, told.counter_wh)
        told.clock.step(24 * 3600)
    last_told = {one.id: one.energy_wh for one in told.finished}
    assert taken_wh.items() <= last_told.items()


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("end_wh", [None, 50_000])
async def test_starts_without_a_register(
    told: Told,
    late: bool,
    end_wh: float | None,
) -> None:
    """A register that goes on stood where the session before it ended, now or reported hours later (OCPP 2.0.1)."""
    charger = await told.by("2.0.1")
    await told.session2(charger, 0, {"Started": None, "Ended": 40_000})
    told.clock.step(24 * 3600)
    last_wh = end_wh or 47_000
    session = {"Started": None, "Updated": 47_000, "Ended": end_wh}
    await told.session2(charger, 1, session, ago_s=6 * 3600 if late else 0)
    assert told.counter_wh == last_wh
    assert told.taken_wh[-1] == last_wh - 40_000


async def test_a_session_before_that_is_not_known(told: Told) -> None:
    """What flowed in half an hour cannot be 20 kWh: another session was between, which is still to be reported (2.0.1)."""
    charger = await told.by("2.0.1")
    await told.session2(charger, 0, {"Started": None, "Ended": 40_000})
    told.clock.step(24 * 3600)
    more = {"Started": None, "Updated": 60_000, "Ended": None}
    await told.session2(charger, 2, more, ago_s=6 * 3600)
    assert told.taken_wh[-1] == 0


async def test_a_session_before_that_is_reported_later(told: Told) -> None:
    """The session after it seemed to begin where an earlier one ended, and had counted its energy already (2.0.1)."""
    charger = await told.by("2.0.1")
    await told.session2(charger, 0, {"Started": None, "Ended": 40_000})
    told.clock.step(24 * 3600)
    for number, end_wh, ago_s in ((3, 49_000, 4), (1, 43_000, 12), (2, 46_000, 8)):
        more = {"Started": None, "Ended": end_wh}
        await told.session2(charger, number, more, ago_s=ago_s * 3600)
        assert told.counter_wh == 49_000
    last_told = {one.id: one.energy_wh for one in told.finished[1:]}
    assert last_told == {"tx1": 3_000, "tx2": 3_000, "tx3": 3_000}
    await told.session2(charger, 4, {"Started": None, "Ended": 51_000})
    assert told.counter_wh == 51_000
    assert told.taken_wh[-1] == 2_000


@pytest.mark.parametrize("start_wh", [235_800, 0])
@pytest.mark.parametrize("order", [1, -1])
async def test_the_register_of_the_start_beside_that_of_now(
    told: Told, start_wh: int, order: int
) -> None:
    """Each message repeats what the register showed at the start of the session (Growatt THOR, evcc-io/evcc issue 33256)."""
    charger = await told.by("1.6")
    transaction = int(await charger.start(told.clock.text(), energy_wh=start_wh))
    now = {"context": "Sample.Periodic", "unit": "Wh", "format": "Raw"}
    begin = {**now, "context": "Transaction.Begin", "value": str(start_wh)}
    for taken_wh in (1000, 2000, 3000):
        told.clock.step(900)
        both = [{**now, "value": str(start_wh + taken_wh)}, begin][::order]
        message = {"connectorId": 1, "transactionId": transaction}
        values = _values(told.clock.text(), *both)
        await charger.station.call("MeterValues", {**message, "meterValue": values})
        assert connector(told.system).session_energy_wh == taken_wh
        assert told.counter_wh == start_wh + taken_wh
    await charger.stop(str(transaction), told.clock.text(), start_wh + 3000)
    assert told.taken_wh == [3000]


async def test_the_register_of_the_start_in_the_last_event(told: Told) -> None:
    """An event of OCPP 2.x that shows start and end of a session at one time shows its end."""
    charger = await told.by("2.0.1")
    begin = {"value": 40_000, "context": "Transaction.Begin"}
    events: list[tuple[str, list[Payload]]] = [
        ("Started", [begin]),
        ("Ended", [{"value": 42_000, "context": "Transaction.End"}, begin]),
    ]
    for sequence, (kind, sampled) in enumerate(events):
        at = told.clock.text()
        message = {"meterValue": _values(at, *sampled), "evse": EVSE}
        await charger.station.event(kind, at, sequence, **message)
        told.clock.step(1800)
    assert told.taken_wh == [2000]
    assert told.counter_wh == 42_000
