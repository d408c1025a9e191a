"""OCPP 1.6: chargers that send 0 or -1 where a transaction or a connector has a number."""

import pytest

from custom_components.sunfuse.central_system import CentralSystem, FinishedTransaction

from .charger import Charger
from .charging import CP1, connector
from .client import CONFIGURATION_16, Payload
from .conftest import Connect, SteppedClock

HOUR_S = 3600


@pytest.fixture
async def charger(connect: Connect, system: CentralSystem) -> Charger:
    """Return a charger of OCPP 1.6 that is set up."""
    return await _ready(connect, system)


async def _ready(
    connect: Connect, system: CentralSystem, *, connectors: int = 1
) -> Charger:
    system.accept(CP1)
    charger = await Charger.connect(connect, "1.6")
    known = CONFIGURATION_16 | {"NumberOfConnectors": str(connectors)}
    charger.station.answers["GetConfiguration"] = lambda request: {
        "configurationKey": [
            {"key": key, "readonly": True, "value": known[key]}
            for key in request["key"]
            if key in known
        ],
        "unknownKey": [key for key in request["key"] if key not in known],
    }
    await charger.boot()
    await charger.set_up()
    return charger


# An end whose transaction has no number


@pytest.mark.parametrize("number", ["-1", "0"])
async def test_an_offline_session_whose_end_has_no_id(
    charger: Charger,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
    number: str,
) -> None:
    """A charger that was offline ends a transaction whose id it had not received (EVerest/libocpp issue 495).

    A repeated end makes no session of its own, and an end at another time is another session's.
    """
    await charger.status("Available", clock.text())
    for began_wh, ago_s in ((1000, 4 * HOUR_S), (1900, 2 * HOUR_S)):
        await charger.start(clock.text(-ago_s), energy_wh=began_wh)
        ended = clock.text(HOUR_S - ago_s)
        for _ in range(2):
            await charger.stop(number, ended, began_wh + 900)
    assert [(one.connector, one.energy_wh) for one in finished] == [(1, 900)] * 2
    await charger.stop(number, clock.text(-600), 3000)
    assert [(one.connector, one.energy_wh) for one in finished[2:]] == [(None, None)]


@pytest.mark.parametrize("number", ["-1", "0"])
@pytest.mark.parametrize("status_first", [False, True])
async def test_the_end_of_the_running_transaction_has_no_id(
    charger: Charger,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
    number: str,
    status_first: bool,
) -> None:
    """The session ends, even if the charger has already reported that the car is gone."""
    await charger.status("Charging", clock.text())
    await charger.start(clock.text(), energy_wh=1000)
    clock.step(HOUR_S)
    if status_first:
        await charger.status("Available", clock.text())
    await charger.stop(number, clock.text(), 8000)
    assert connector(system).transaction is None
    assert connector(system).session_energy_wh == 7000
    assert [one.energy_wh for one in finished] == [7000]


@pytest.mark.parametrize(
    ("number", "ago_s"), [("5", 0), ("-1", 2 * HOUR_S), ("0", 2 * HOUR_S)]
)
async def test_another_end_ends_no_running_transaction(
    charger: Charger,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
    number: str,
    ago_s: int,
) -> None:
    """Neither an end of a real id that is not known, nor one from before it began."""
    await charger.status("Charging", clock.text())
    running = await charger.start(clock.text(), energy_wh=5000)
    clock.step(HOUR_S)
    await charger.stop(number, clock.text(-ago_s), 5000)
    transaction = connector(system).transaction
    assert transaction is not None
    assert transaction.id == running
    assert [one.connector for one in finished] == [None]


async def test_which_of_two_has_ended_is_not_guessed(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """Of two transactions neither ends; when one has ended, it is the other's end."""
    charger = await _ready(connect, system, connectors=2)
    names = []
    for number in (1, 2):
        await charger.status("Charging", clock.text(), number)
        names.append(await charger.start(clock.text(), connector=number))
    clock.step(HOUR_S)
    await charger.stop("-1", clock.text(-1), 5000)
    assert [one.connector for one in finished] == [None]
    await charger.stop(names[0], clock.text(), 2000)
    clock.step(60)
    await charger.stop("-1", clock.text(), 3000)
    assert [(one.connector, one.energy_wh) for one in finished[1:]] == [
        (1, 1000),
        (2, 2000),
    ]


# Meter values of connector 0


async def _measured(
    charger: Charger,
    clock: SteppedClock,
    where: int,
    energy_wh: float,
    current_a: float = 10,
) -> None:
    clock.step(60)
    payload: Payload = {
        "connectorId": where,
        "meterValue": [
            {
                "timestamp": clock.text(),
                "sampledValue": [
                    {"value": str(energy_wh)},
                    {
                        "value": str(current_a),
                        "measurand": "Current.Import",
                        "phase": "L1",
                        "unit": "A",
                    },
                ],
            }
        ],
    }
    await charger.station.call("MeterValues", payload)


async def test_the_only_meter_is_connector_0(
    charger: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """A charger with one connector that measures nothing there measures its car as connector 0."""
    await charger.status("Charging", clock.text())
    await charger.start(clock.text(), energy_wh=1000)
    for number in range(1, 4):
        await _measured(charger, clock, 0, 1000 + 100 * number)
    state = connector(system)
    assert state.meter.current_a[0] == 10
    assert state.session_energy_wh == 300


@pytest.mark.parametrize(
    ("connectors", "current_a", "session_wh"), [(1, 10, 900), (2, None, 0)]
)
async def test_connector_0_beside_another_meter(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    connectors: int,
    current_a: float | None,
    session_wh: float,
) -> None:
    """The meter of a station whose connector measures itself, or that has two, is not the car's."""
    charger = await _ready(connect, system, connectors=connectors)
    await charger.status("Charging", clock.text())
    await charger.start(clock.text(), energy_wh=1000)
    for number in range(1, 10):
        await _measured(charger, clock, 0, 700_000, 25)
        if connectors == 1:
            await _measured(charger, clock, 1, 1000 + 100 * number)
    state = connector(system)
    assert state.meter.current_a[0] == current_a
    assert state.session_energy_wh == session_wh


async def test_connector_0_while_nothing_charges(
    charger: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """It may be the meter of the house, as no connector can be expected to measure anything."""
    await charger.status("Available", clock.text())
    for _ in range(5):
        await _measured(charger, clock, 0, 700_000)
    assert connector(system).meter.energy_wh is None


async def test_a_connector_that_measures_after_all(
    charger: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """From then on connector 0 is another meter again."""
    await charger.status("Charging", clock.text())
    await charger.start(clock.text(), energy_wh=1000)
    for _ in range(4):
        await _measured(charger, clock, 0, 1000, 10)
    await _measured(charger, clock, 1, 1100, 8)
    await _measured(charger, clock, 0, 1000, 10)
    assert connector(system).meter.current_a[0] == 8


async def test_connector_0_on_another_connection(
    connect: Connect, charger: Charger, system: CentralSystem, clock: SteppedClock
) -> None:
    """That it is the car's meter is remembered."""
    await charger.status("Charging", clock.text())
    await charger.start(clock.text(), energy_wh=1000)
    for _ in range(3):
        await _measured(charger, clock, 0, 1000, 10)
    await charger.station.close()
    again = await Charger.connect(connect, "1.6")
    await _measured(again, clock, 0, 1200, 12)
    assert connector(system).meter.current_a[0] == 12
