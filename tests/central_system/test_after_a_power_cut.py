"""A charger comes back and reports the end of a session: after a power cut its car goes on, after a stop it does not."""

import pytest

from custom_components.sunfuse.central_system import CentralSystem
from custom_components.sunfuse.engine.model import ConnectorStatus

from .charger import VERSIONS, Charger
from .charging import CP1, connector
from .conftest import Connect, SteppedClock


async def _cut(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    *,
    reason: str,
    seconds: int,
    status_first: bool,
    status: str | None = "Preparing",
) -> Charger:
    """Let a car charge, and its charger come back after some seconds with the end of the transaction; return the charger."""
    system.accept(CP1)
    before = await Charger.connect(connect, version)
    await before.boot()
    await before.set_up()
    await before.status("Preparing", clock.text())
    transaction = await before.start(clock.text(), energy_wh=1000)
    await before.status("Charging", clock.text())
    clock.step(600)
    await before.meter(transaction, clock.text(), 2000)
    ended = clock.text()
    await before.station.close()
    clock.step(seconds)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    if status_first and status:
        await charger.status(status, clock.text())
    if charger.old:
        await charger.stop(transaction, ended, 2000, reason)
    else:
        await charger.station.event(
            "Ended",
            ended,
            before.sequence,
            transaction=transaction,
            reason="AbnormalCondition",
            energy_wh=2000,
            stopped=reason,
            offline=True,
        )
    if not status_first and status:
        await charger.status(status, clock.text())
    return charger


@pytest.mark.parametrize("reason", ["PowerLoss", "Reboot"])
@pytest.mark.parametrize("status_first", [True, False])
@pytest.mark.parametrize("seconds", [20, 1800])
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_car_goes_on_after_a_power_cut(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    seconds: int,
    status_first: bool,
    reason: str,
) -> None:
    """It is started again, in whatever order the charger reports that it is there and that its session ended."""
    charger = await _cut(
        connect,
        system,
        clock,
        version,
        reason=reason,
        seconds=seconds,
        status_first=status_first,
    )
    assert connector(system).transaction is None
    assert connector(system).session_energy_wh == 1000
    clock.step(60)
    await system.stations["CP1"].offer(1, 10.0)
    start = "RemoteStartTransaction" if charger.old else "RequestStartTransaction"
    await charger.station.wait_received(start)


@pytest.mark.parametrize("status", ["Preparing", None])
@pytest.mark.parametrize("seconds", [20, 1800])
@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_a_session_that_was_ended_while_away_stays_ended(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    seconds: int,
    status: str | None,
) -> None:
    """Its driver stopped it: that the car occupies the connector, if that is said at all, says no more than that."""
    await _cut(
        connect,
        system,
        clock,
        version,
        reason="Local",
        seconds=seconds,
        status_first=True,
        status=status,
    )
    assert connector(system).transaction is None
    assert connector(system).status is ConnectorStatus.FINISHING


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_a_car_that_came_while_the_charger_was_away(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """The connector is reported to be occupied after the end of a session of long ago: it may be another car."""
    await _cut(
        connect,
        system,
        clock,
        version,
        reason="Local",
        seconds=1800,
        status_first=False,
    )
    assert connector(system).status is ConnectorStatus.PREPARING


@pytest.mark.parametrize("status", ["Available", "Faulted", "Unavailable"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_what_the_charger_reports_after_a_power_cut_counts(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    status: str,
) -> None:
    """No car waits where the charger reports that it is free or out of order."""
    await _cut(
        connect,
        system,
        clock,
        version,
        reason="PowerLoss",
        seconds=20,
        status_first=True,
        status=status,
    )
    assert connector(system).status is ConnectorStatus(status.lower())
