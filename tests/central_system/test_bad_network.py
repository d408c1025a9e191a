"""Life on a bad network, and what breaks others, in all versions. docs/ocpp.md says which test is for which line."""

from dataclasses import replace
from datetime import datetime, timedelta
import json
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    ConnectorState,
    FinishedTransaction,
    StationConfig,
    Timing,
)
from custom_components.sunfuse.engine.model import ConnectorStatus

from .charger import VERSIONS, Charger
from .charging import CP1, configuration_of, variables_of
from .client import Payload, RawStation
from .conftest import START, Connect, SteppedClock, Watched

ACCEPTED = {"status": "Accepted"}

pytestmark = pytest.mark.parametrize("version", VERSIONS)


def _connector(system: CentralSystem, number: int = 1) -> ConnectorState:
    return system.stations["CP1"].connector(number)


async def _ready(
    connect: Connect, system: CentralSystem, version: str, config: StationConfig = CP1
) -> Charger:
    system.accept(config)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    await charger.set_up()
    return charger


async def test_we_restart(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    timing: Timing,
    version: str,
) -> None:
    """The charger stays up: its transaction goes on, its energy is continuous, and nothing is asked or set again."""
    charger = await _ready(connect, system, version)
    await charger.status("Charging", clock.text())
    transaction = await charger.start(clock.text())
    await charger.meter(transaction, clock.text(), 2000)
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    await charger.station.close()

    other = CentralSystem(now=clock, timing=timing)
    finished: list[FinishedTransaction] = []
    other.subscribe_transactions(finished.append)
    other.accept(CP1, memory)
    await other.start("127.0.0.1", 0)
    clock.step(600)
    again = Charger(
        await RawStation.connect(
            charger.station.session, other.port, protocols=(f"ocpp{version}",)
        ),
        version,
    )
    again.sequence = charger.sequence
    # It is known, so it is not discovered once more; it did not restart, so it does not boot.
    assert not other.pending
    await again.meter(transaction, clock.text(), 2500)
    state = _connector(other)
    assert state.transaction is not None
    assert (state.transaction.id, state.session_energy_wh) == (transaction, 1500)
    for _ in range(5):
        await again.station.call("Heartbeat", {})
    assert not again.station.received(again.learns)
    assert not again.limits()  # no wear of its flash
    assert len(other.stations["CP1"].state.connectors) == 1
    await again.stop(transaction, clock.text(), 2600)
    assert [(t.id, t.started_at, t.energy_wh) for t in finished] == [
        (transaction, START, 1600)
    ]
    await again.station.close()
    await other.stop()


async def test_charger_restarts(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """The charger goes on with its transaction after a restart; no other one is made up."""
    charger = await _ready(connect, system, version)
    await charger.status("Charging", clock.text())
    transaction = await charger.start(clock.text())
    await charger.station.close()
    clock.step(60)
    again = await Charger.connect(connect, version)
    again.sequence = charger.sequence
    await again.boot()
    await again.status("Charging", clock.text())
    await again.meter(transaction, clock.text(), 1200)
    state = _connector(system)
    assert state.transaction is not None
    assert (state.transaction.id, state.session_energy_wh) == (transaction, 200)
    await again.stop(transaction, clock.text(), 1300)
    assert [(t.id, t.energy_wh) for t in finished] == [(transaction, 300)]


async def test_restart_ends_the_transaction(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """A charger that ends its transaction when it loses power reports that later; it is counted once."""
    charger = await _ready(connect, system, version)
    await charger.status("Charging", clock.text())
    transaction = await charger.start(clock.text())
    await charger.station.close()
    clock.step(300)
    again = await Charger.connect(connect, version)
    again.sequence = charger.sequence
    await again.boot()
    await again.status("Available", clock.text())
    assert _connector(system).transaction is None
    for _ in range(2):
        await again.stop(transaction, clock.text(-280), 1100)
    assert [(t.stopped_at, t.energy_wh) for t in finished] == [
        (START + timedelta(seconds=20), 100)
    ]


async def test_old_clock(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """Transactions of a charger whose clock is an hour slow are counted at our times."""
    charger = await _ready(connect, system, version)
    for _ in range(3):
        await charger.status("Available", clock.text(-3600))
        clock.step(10)
    started = clock()
    await charger.status("Charging", clock.text(-3600))
    transaction = await charger.start(clock.text(-3600))
    clock.step(600)
    await charger.stop(transaction, clock.text(-3600), 1700)
    told = finished[0]
    assert told.started_at is not None
    assert abs(told.started_at - started) < timedelta(seconds=2)
    assert told.stopped_at - told.started_at == timedelta(seconds=600)


async def test_unsupported_keys_are_remembered(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """Settings are asked one at a time, after booting; what a charger does not know it is not asked again."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    assert not charger.station.requests
    await charger.boot(firmwareVersion="1")
    await charger.set_up()
    asked = charger.station.received(charger.learns)
    assert asked
    assert all(len(next(iter(request.values()))) == 1 for request in asked)
    await charger.station.close()
    clock.step(120)
    again = await Charger.connect(connect, version)
    await again.boot(firmwareVersion="1")
    await again.set_up()
    assert not again.station.received(again.learns)
    await again.station.close()
    clock.step(120)
    updated = await Charger.connect(connect, version)
    await updated.boot(firmwareVersion="2")
    await updated.set_up()
    assert updated.station.received(updated.learns)


def _taking(*taken: str) -> Any:
    """Refuse settings but these values."""

    def answer(request: Payload) -> Payload:
        if "value" in request:
            return {"status": "Accepted" if request["value"] in taken else "Rejected"}
        (data,) = request["setVariableData"]
        status = "Accepted" if data["attributeValue"] in taken else "Rejected"
        result = {key: data[key] for key in ("component", "variable")}
        return {"setVariableResult": [{"attributeStatus": status, **result}]}

    return answer


def _reported_settings(charger: Charger) -> list[str]:
    return [
        request.get("value") or request["setVariableData"][0]["attributeValue"]
        for request in charger.station.received(charger.sets)
    ]


async def test_meter_values_step_by_step(
    connect: Connect, system: CentralSystem, version: str
) -> None:
    """A charger that refuses what is asked for is asked for less, and less often."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    energy = "Energy.Active.Import.Register"
    least = f"Power.Active.Import,{energy}"
    if version != "1.6":
        known = {"TxUpdatedMeasurands": energy, "TxUpdatedInterval": "60"}
        charger.station.answers["GetVariables"] = variables_of(known)
    charger.station.answers[charger.sets] = _taking(least, "30")
    await charger.boot()
    await charger.set_up()
    told = _reported_settings(charger)
    all_of_them = (
        f"Current.Import,Current.Offered,Voltage,Power.Active.Import,{energy},SoC"
    )
    assert told[0] == all_of_them
    assert told[5:9] == [least, "10", "15", "30"]


@pytest.mark.parametrize(
    ("known", "told"), [("5", []), ("10", []), ("1", ["10"]), ("0", ["10"])]
)
async def test_interval_is_left_alone(
    connect: Connect,
    system: CentralSystem,
    version: str,
    known: str,
    told: list[str],
) -> None:
    """A charger that sends its meter values every five to ten seconds is left as it is."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    settings = {"TxUpdatedInterval": known, "MeterValueSampleInterval": known}
    answer = configuration_of if version == "1.6" else variables_of
    charger.station.answers[charger.learns] = answer(settings)
    await charger.boot()
    await charger.set_up()
    intervals = [value for value in _reported_settings(charger) if value.isdecimal()]
    assert intervals == told


async def test_meter_of_the_station(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """The station's own meter (connector or EVSE 0) is not a connector's."""
    charger = await _ready(connect, system, version)
    await charger.meter(None, clock.text(), 123456, 0)
    assert len(system.stations["CP1"].state.connectors) == 1
    assert _connector(system).meter.energy_wh is None


async def test_values_without_a_transaction(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """Meter values outside of a transaction count for the meter, and start nothing."""
    charger = await _ready(connect, system, version)
    await charger.status("Available", clock.text())
    await charger.meter(None, clock.text(), 123456)
    state = _connector(system)
    assert (state.meter.energy_wh, state.transaction) == (123456, None)


async def test_impossible_energy(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """A register that jumps, falls or shows zero makes no spike of the lifetime energy; it is counted."""
    charger = await _ready(connect, system, version)
    await charger.status("Charging", clock.text())
    transaction = await charger.start(clock.text(), energy_wh=5000)
    energies = []
    for register in (5100, 9_000_000, 0, 3, 5150):
        clock.step(10)
        await charger.meter(transaction, clock.text(), register)
        energies.append(_connector(system).meter.energy_wh)
    assert energies == [5100, 5100, 5100, 5100, 5150]
    assert _connector(system).session_energy_wh == 150
    assert system.stations["CP1"].counters["impossible_meter_values"] == 3


async def test_limit_of_one_connector(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """The limit of one connector is sent for that connector alone."""
    config = replace(CP1, connectors=2)
    charger = await _ready(connect, system, version, config)
    for number in (1, 2):
        await charger.status("Charging", clock.text(), number)
        await charger.start(clock.text(), connector=number, name=f"tx{number}")
    charger.station.requests.clear()
    await system.stations["CP1"].offer(2, 8)
    await system.stations["CP1"].offer(1, 10)
    told = charger.limits()
    assert [connector for connector, _ in told] == [2, 1]
    ids = [profile.get("chargingProfileId") or profile["id"] for _, profile in told]
    assert len(set(ids)) == 2
    purposes = {profile["chargingProfilePurpose"] for _, profile in told}
    assert purposes == {"TxProfile"}
    assert [_connector(system, number).offer_a for number in (1, 2)] == [10, 8]


async def test_out_of_service_stays_so(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """Connecting and offering do not put a charger back into service, and firmware is not tried out."""
    charger = await _ready(connect, system, version)
    await charger.status("Unavailable", clock.text())
    await system.stations["CP1"].offer(1, 10)
    await charger.station.call("Heartbeat", {})
    assert _connector(system).status is ConnectorStatus.UNAVAILABLE
    sent = {action for action, _ in charger.station.requests}
    forbidden = {
        "ChangeAvailability",
        "UpdateFirmware",
        "SignedUpdateFirmware",
        "Reset",
    }
    assert not sent & forbidden


async def test_command_reaches_nobody_else(
    connect: Connect, watched: Watched, clock: SteppedClock, version: str
) -> None:
    """A command is for its charger; for one that is not there it is for nobody."""
    system = watched.system
    for identity in ("CP1", "CP2"):
        system.accept(replace(CP1, identity=identity))
    first = await Charger.connect(connect, version)
    second = await Charger.connect(connect, version, "/CP2")
    for charger in (first, second):
        await charger.boot()
        await charger.set_up()
    await (await system.stations["CP2"].in_service()).reset(hard=False)
    assert second.station.received("Reset")
    assert not first.station.received("Reset")
    assert "CP3" not in system.stations


async def test_end_of_an_unknown_transaction(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """The end of a transaction that nobody knows ends none that runs, and belongs to no connector."""
    charger = await _ready(connect, system, version)
    await charger.status("Charging", clock.text())
    transaction = await charger.start(clock.text())
    await charger.stop("4711", clock.text(), 9000)
    clock.step(400)
    await charger.station.call("Heartbeat", {})
    running = _connector(system).transaction
    assert running is not None
    assert running.id == transaction
    assert [(t.id, t.connector) for t in finished] == [("4711", None)]


async def test_limits_spare_the_flash(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """In an hour of offers one lasting profile is written; the others lapse with their transaction."""
    charger = await _ready(connect, system, version)
    await charger.status("Charging", clock.text())
    await charger.start(clock.text())
    for number in range(720):
        clock.step(5)
        await system.stations["CP1"].offer(1, 8 + number // 100 % 3)
    purposes = [profile["chargingProfilePurpose"] for _, profile in charger.limits()]
    assert purposes.count("TxDefaultProfile") == 1
    # Renewed every forty seconds, and when it changes.
    assert 90 <= purposes.count("TxProfile") <= 100


def _limit_start(charger: Charger) -> datetime:
    """Return when the last limit starts, as the charger was told."""
    schedule = charger.limits()[-1][1]["chargingSchedule"]
    schedule = schedule if charger.old else schedule[0]
    return datetime.fromisoformat(schedule["startSchedule"])


@pytest.mark.parametrize("ahead_s", [10, 3600, 17 * 3600])
async def test_one_time_ahead(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    ahead_s: float,
) -> None:
    """One time that is ahead, and times that were stored, change nothing: a limit holds from now on, not from hours later."""
    charger = await _ready(connect, system, version)
    await charger.status("Charging", clock.text())
    transaction = await charger.start(clock.text())
    for at_s in (ahead_s, 0, ahead_s, ahead_s - 60):
        await charger.meter(transaction, clock.text(at_s), 2000)
        await system.stations["CP1"].offer(1, 8, again=True)
        assert _limit_start(charger) == clock() - timedelta(seconds=10)
        clock.step(10)


async def test_a_clock_that_is_ahead(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """A clock that is ahead is known after two messages, also of several meter values each; the limit is sent again for it."""
    charger = await _ready(connect, system, version)
    await charger.status("Charging", clock.text())
    transaction = await charger.start(clock.text())
    await system.stations["CP1"].offer(1, 8)
    for _ in range(2):
        clock.step(10)
        await charger.meters(
            transaction, [clock.text(3600 - age_s) for age_s in (8, 4, 0)], 2000
        )
    await system.stations["CP1"].offer(1, 8)
    assert _limit_start(charger) == clock() + timedelta(seconds=3590)
    assert _connector(system).meter.at == clock()
