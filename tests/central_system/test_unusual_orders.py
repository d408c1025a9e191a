"""What chargers report in an unusual order, or under ids that are no longer theirs."""

from dataclasses import replace
import logging
from random import Random

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    ConnectorState,
    FinishedTransaction,
)

from .charger import VERSIONS, Charger
from .charging import CP1
from .conftest import Connect, SteppedClock

HOUR_S = 3600


def _connector(system: CentralSystem) -> ConnectorState:
    return system.stations["CP1"].connector(1)


async def _ready(connect: Connect, system: CentralSystem, version: str) -> Charger:
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    await charger.set_up()
    return charger


@pytest.mark.parametrize("present_first", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
async def test_sessions_of_the_past_after_the_present(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    present_first: bool,
) -> None:
    """What a charger stored while offline counts once, also if it reports its register of now first."""
    finished: list[FinishedTransaction] = []
    system.subscribe_transactions(finished.append)
    charger = await _ready(connect, system, version)
    await charger.status("Available", clock.text())
    if present_first:
        await charger.meter(None, clock.text(), 5900)
    for number in range(5):
        ago_s, register_wh = (number - 6) * HOUR_S, 1000 * (number + 1)
        transaction = await charger.start(
            clock.text(ago_s), energy_wh=register_wh, name=f"tx{number}"
        )
        await charger.meter(transaction, clock.text(ago_s + 600), register_wh + 300)
        await charger.stop(transaction, clock.text(ago_s + 1800), register_wh + 900)
    assert [transaction.energy_wh for transaction in finished] == [900] * 5
    await charger.meter(None, clock.text(), 5900)
    state = _connector(system)
    assert state.meter.energy_wh == 5900
    assert state.session_energy_wh in (None, 0)  # none of these is the present one
    assert state.transaction is None


@pytest.mark.parametrize("version", VERSIONS[:2])
async def test_sessions_of_the_past_in_any_order(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """A charger of which nothing is known reports three sessions of a day offline, shuffled: each counts once."""
    for seed in range(12):
        finished: dict[str, float | None] = {}
        system.accept(replace(CP1, identity=f"CP{seed}"))
        end = system.subscribe_transactions(
            lambda one, finished=finished: finished.update({one.id: one.energy_wh})  # type: ignore[misc]
        )
        charger = await Charger.connect(connect, version, f"/CP{seed}")
        await charger.boot()
        await charger.status("Available", clock.text())
        reports = [
            (number, after_s, 1000 * (number + 1) + after_s // 2)
            for number in range(3)
            for after_s in (0, 600, 1200, 1800)
        ]
        shuffle = Random(seed)
        shuffle.shuffle(reports)
        if version == "1.6":  # only the answer to a start names the transaction
            reports.sort(key=lambda report: report[1] > 0)
        names: dict[int, str] = {}
        for number, after_s, energy_wh in reports:
            at = clock.text((number - 4) * HOUR_S + after_s)
            name = names.get(number, f"tx{number}")
            if after_s == 0:
                names[number] = await charger.start(at, energy_wh=energy_wh, name=name)
            elif after_s == 1800:
                await charger.stop(name, at, energy_wh)
            else:
                await charger.meter(name, at, energy_wh)
        await charger.meter(None, clock.text(), 5900)
        assert list(finished.values()) == [900] * 3, seed
        state = system.stations[f"CP{seed}"].connector(1)
        assert state.meter.energy_wh == 5900, seed
        assert state.transaction is None
        end()


@pytest.mark.parametrize("ended", [False, True])
async def test_an_unknown_id_of_a_session_that_is_over(
    connect: Connect, system: CentralSystem, clock: SteppedClock, ended: bool
) -> None:
    """Meter values that still name the last session start none: its end was reported, or no car is there."""
    charger = await _ready(connect, system, "1.6")
    if ended:
        await charger.stop("77", clock.text(), 5000)
    else:
        await charger.status("Available", clock.text())
    await charger.meter("77", clock.text(), 5000)
    assert _connector(system).transaction is None
    assert _connector(system).meter.energy_wh == 5000


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_an_id_that_begins_anew(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """A charger that numbers its transactions anew when it boots has another session each time; a repeated message makes none."""
    finished: list[FinishedTransaction] = []
    system.subscribe_transactions(finished.append)
    charger = await _ready(connect, system, version)
    for register_wh in (1000, 2000):
        await charger.status("Available", clock.text())
        at = clock.text()
        for _ in range(2):
            await charger.start(at, energy_wh=register_wh, name="1")
        assert _connector(system).session_energy_wh == 0
        clock.step(HOUR_S)
        for _ in range(2):
            await charger.stop("1", clock.text(), register_wh + 500)
        await charger.start(at, energy_wh=register_wh, name="1")
        assert _connector(system).transaction is None
        clock.step(60)
    assert [(one.id, one.energy_wh) for one in finished] == [("1", 500)] * 2


async def test_versions_that_are_not_known(
    connect: Connect, system: CentralSystem, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever keeps offering them writes one line a minute, which says what is wrong."""
    for _ in range(4):
        station = await connect(protocols=("ocpp1.5", "soap\u00e9"))
        await station.wait_for(lambda: False)
        assert station.websocket.close_code == 1002
    warnings = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert [r.getMessage() for r in warnings] == [
        r"CP1 speaks none of ocpp2.1, ocpp2.0.1, ocpp1.6, but 'ocpp1.5,soap\xe9'"
    ]


async def test_nothing_is_limited_between_stop_and_status(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """A charger that has ended its transaction and not yet told its status would refuse a limit of none."""
    charger = await _ready(connect, system, "1.6")
    await charger.status("Charging", clock.text())
    transaction = await charger.start(clock.text())
    await system.stations["CP1"].offer(1, 10)
    charger.station.requests.clear()
    await charger.stop(transaction, clock.text(), 1500)
    await system.stations["CP1"].offer(1, 8)
    assert not charger.limits()
    await charger.status("Charging", clock.text())
    await charger.start(clock.text(), energy_wh=1500)
    await system.stations["CP1"].offer(1, 8)
    assert len(charger.limits()) == 1
