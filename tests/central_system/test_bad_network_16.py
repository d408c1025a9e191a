"""Restarts, delays, duplicates and wrong clocks: everything is counted once, at the right time."""

from datetime import UTC, datetime, timedelta
import json

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    ConnectorState,
    FinishedTransaction,
    StationConfig,
    Timing,
)
from custom_components.sunfuse.central_system.protocol.throttle import Throttle

from .charging import CP1
from .client import Payload, RawStation
from .conftest import START, Connect, SteppedClock, Watched


async def _ready(connect: Connect, system: CentralSystem) -> RawStation:
    system.accept(CP1)
    station = await connect()
    await station.boot()
    return station


def _connector(system: CentralSystem, number: int = 1) -> ConnectorState:
    return system.stations["CP1"].state.connectors[number - 1]


async def _meter(
    station: RawStation, at: str, energy_wh: float, transaction_id: int | None = None
) -> None:
    payload: Payload = {
        "connectorId": 1,
        "meterValue": [{"timestamp": at, "sampledValue": [{"value": str(energy_wh)}]}],
    }
    if transaction_id is not None:
        payload["transactionId"] = transaction_id
    await station.call("MeterValues", payload)


async def _stop(
    station: RawStation, transaction_id: int, at: str, meter: int, **extra: object
) -> None:
    await station.call(
        "StopTransaction",
        {
            "transactionId": transaction_id,
            "timestamp": at,
            "meterStop": meter,
            **extra,
        },
    )


async def test_offline_transaction_is_counted_once(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """A whole transaction that was made offline arrives later, and twice."""
    station = await _ready(connect, system)
    await station.status("Available", timestamp=clock.text())
    ids = [await station.start_transaction(clock.text(-7200)) for _ in range(2)]
    assert ids[0] == ids[1]
    assert _connector(system).transaction is None  # it is long over
    for _ in range(2):
        await _stop(station, ids[0], clock.text(-3600), 9000, reason="EVDisconnected")
    assert finished == [
        FinishedTransaction(
            identity="CP1",
            id=str(ids[0]),
            connector=1,
            started_at=START - timedelta(hours=2),
            stopped_at=START - timedelta(hours=1),
            meter_start_wh=1000,
            meter_stop_wh=9000,
            energy_wh=8000,
            id_token="TAG",
            reason="EVDisconnected",
        )
    ]


async def test_unknown_stop_is_not_guessed(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """The end of an unknown transaction ends no other, and is counted once with what it contains."""
    station = await _ready(connect, system)
    await station.status("Charging")
    running = await station.start_transaction(clock.text())
    stranger = running - 1 or 5
    data = [
        {
            "timestamp": clock.text(-3600),
            "sampledValue": [
                {"value": "2.5", "unit": "kWh", "context": "Transaction.Begin"}
            ],
        }
    ]
    for _ in range(2):
        await _stop(station, stranger, clock.text(-60), 4000, transactionData=data)
    transaction = _connector(system).transaction
    assert transaction is not None
    assert transaction.id == str(running)
    assert [
        (t.id, t.connector, t.started_at, t.meter_start_wh, t.energy_wh)
        for t in finished
    ] == [(str(stranger), None, START - timedelta(hours=1), 2500, 1500)]


async def test_home_assistant_restarts(
    connect: Connect, system: CentralSystem, clock: SteppedClock, timing: Timing
) -> None:
    """The transaction goes on, its energy is continuous, and the charger is not asked again."""
    station = await _ready(connect, system)
    await station.wait_received("TriggerMessage")
    await station.status("Charging", timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text())
    await _meter(station, clock.text(), 2000, transaction_id)
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    await station.close()

    other = CentralSystem(now=clock, timing=timing)
    finished: list[FinishedTransaction] = []
    other.subscribe_transactions(finished.append)
    other.accept(CP1, memory)
    await other.start("127.0.0.1", 0)
    assert _connector(other).meter.energy_wh == 2000
    clock.step(600)
    again = await RawStation.connect(station.session, other.port)
    # It did not restart, so it does not boot.
    await _meter(again, clock.text(), 2500, transaction_id)
    state = _connector(other)
    assert state.transaction is not None
    assert state.transaction.id == str(transaction_id)
    assert state.session_energy_wh == 1500
    await again.wait_received("TriggerMessage")
    assert not again.received("GetConfiguration")
    assert not again.received("SetChargingProfile")  # no wear of its flash
    assert other.stations["CP1"].state.info.vendor == "Acme"
    await _stop(again, transaction_id, clock.text(), 2600)
    assert [(t.started_at, t.energy_wh) for t in finished] == [(START, 1600)]
    await again.close()
    await other.stop()


async def test_home_assistant_forgot(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A transaction that is running when we hear of it the first time is taken as it is."""
    station = await _ready(connect, system)
    await station.status("Charging", timestamp=clock.text())
    await _meter(station, clock.text(), 5000, 4711)
    transaction = _connector(system).transaction
    assert transaction is not None
    assert transaction.id == "4711"
    clock.step(60)
    await _meter(station, clock.text(), 5100, 4711)
    assert _connector(system).session_energy_wh == 100
    await system.stations["CP1"].offer(1, 8)
    live = station.received("SetChargingProfile")[-1]["csChargingProfiles"]
    assert live["transactionId"] == 4711


async def test_late_meter_values_do_not_revive(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Meter values that come after the end of their transaction start nothing."""
    station = await _ready(connect, system)
    await station.status("Charging", timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text())
    await _stop(station, transaction_id, clock.text(), 1500)
    await _meter(station, clock.text(), 1500, transaction_id)
    assert _connector(system).transaction is None


async def test_charger_restarts(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that restarts in the middle of a transaction goes on with it."""
    station = await _ready(connect, system)
    await station.status("Charging", timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text())
    await station.close()
    clock.step(60)
    again = await connect()
    await again.boot()
    await again.status("Charging", timestamp=clock.text())
    await _meter(again, clock.text(), 1200, transaction_id)
    state = _connector(system)
    assert state.transaction is not None
    assert (state.transaction.id, state.session_energy_wh) == (str(transaction_id), 200)


async def test_transaction_ids_do_not_collide(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Transactions of the same second, and of two systems, have ids of their own."""
    station = await _ready(connect, system)
    ids = [
        await station.start_transaction(clock.text(), meter=number)
        for number in range(50)
    ]
    assert len(set(ids)) == 50
    assert max(ids) - min(ids) > 50  # not counted
    assert all(0 < number < 2**31 for number in ids)


async def test_stored_meter_values_are_not_live(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Meter values of an hour ago say nothing of what is drawn now, but their energy counts."""
    station = await _ready(connect, system)
    await station.status("Charging", timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text(-7200))
    for minutes in range(60, 50, -1):
        await station.call(
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": transaction_id,
                "meterValue": [
                    {
                        "timestamp": clock.text(-60 * minutes),
                        "sampledValue": [
                            {"value": str(3000 - 10 * minutes)},
                            {
                                "value": "16",
                                "measurand": "Current.Import",
                                "phase": "L1",
                            },
                        ],
                    }
                ],
            },
        )
    meter = _connector(system).meter
    assert meter.current_a == (None, None, None)
    assert meter.energy_wh == 3000 - 510


async def test_slow_clock_is_learnt(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A clock that is always behind by as much is wrong, and its times are corrected."""
    station = await _ready(connect, system)
    for _ in range(3):
        await station.status("Charging", timestamp=clock.text(-900))
        clock.step(10)
    transaction_id = await station.start_transaction(clock.text(-900))
    transaction = _connector(system).transaction
    assert transaction is not None
    assert transaction.id == str(transaction_id)
    assert abs(transaction.started_at - clock()) < timedelta(seconds=2)
    await system.stations["CP1"].offer(1, 9)
    profile = station.received("SetChargingProfile")[-1]["csChargingProfiles"]
    start = datetime.fromisoformat(profile["chargingSchedule"]["startSchedule"])
    age = clock() - timedelta(seconds=900) - start
    assert timedelta(seconds=5) <= age <= timedelta(seconds=15)


async def test_a_start_is_dated_anew_only_by_another_clock(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Messages take now longer, now shorter: that moves no start that was reported before the clock was known."""
    station = await _ready(connect, system)
    transaction_id = await station.start_transaction(clock.text(-900))
    await station.status("Charging", timestamp=clock.text(-900))
    dated = []
    for turn in range(8):
        clock.step(10)
        late_s = (0.3, 0.1, 0.9, 0.2)[turn % 4]
        text = clock.text(-900 - late_s)
        await _meter(station, text, 1000 + turn, transaction_id)
        transaction = _connector(system).transaction
        assert transaction is not None
        dated.append(transaction.started_at)
    assert len(set(dated[2:])) == 1
    assert abs(dated[-1] - START) < timedelta(seconds=5)


async def test_command_reaches_nobody_else(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """What is meant for one charger never reaches another."""
    watched.system.accept(CP1)
    watched.system.accept(StationConfig(identity="CP2"))
    first, second = await connect("/CP1"), await connect("/CP2")
    await first.boot()
    await second.boot()
    await (await watched.system.stations["CP2"].in_service()).reset(hard=False)
    assert second.received("Reset")
    assert not first.received("Reset")
    assert "CP3" not in watched.system.stations


async def test_a_charger_out_of_service_stays_so(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Connecting does not put a charger back into service that the user took out of it."""
    station = await _ready(connect, system)
    await station.status("Unavailable")
    await station.wait_received("TriggerMessage")
    await system.stations["CP1"].offer(1, 10)
    assert not station.received("ChangeAvailability")
    assert not station.received("UpdateFirmware")


async def test_wild_times(system: CentralSystem, connect: Connect) -> None:
    """Times at the ends of the calendar break nothing."""
    station = await _ready(connect, system)
    for text in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        await station.status("Preparing", timestamp=text)
        transaction_id = await station.start_transaction(text)
        await _stop(station, transaction_id, text, 1500)
    assert datetime.now(UTC)
    await station.call("Heartbeat", {})


async def test_diagnostics_hold_no_secrets(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Diagnostics hold what was said, without card numbers and passwords."""
    station = await _ready(connect, system)
    await station.call("Authorize", {"idTag": "CARD4711"})
    await station.call("DataTransfer", {"vendorId": "x", "data": "hello"})
    await station.websocket.send_str("rubbish")
    await station.call("Heartbeat", {})
    diagnostics = system.stations["CP1"].diagnostics()
    text = json.dumps(diagnostics)
    assert "CARD4711" not in text
    assert "hello" in text
    assert diagnostics["counters"]["malformed"] == 1
    assert diagnostics["counters"]["unknown_vendor_messages"] == 1
    for _ in range(300):
        await station.call("Heartbeat", {})
    assert len(system.stations["CP1"].diagnostics()["messages"]) == 200


async def test_silent_return(clock: SteppedClock) -> None:
    """A charger that comes back without a word is taken as booted long ago, and asked who it is."""
    system = CentralSystem(now=clock, timing=Timing(settle_s=0, return_s=0.05))
    system.accept(CP1)
    await system.start("127.0.0.1", 0)
    async with ClientSession() as session:
        station = await RawStation.connect(session, system.port)
        told = await station.wait_received("TriggerMessage")
        assert told["requestedMessage"] == "BootNotification"
        await station.wait_received("SetChargingProfile")
        await station.close()
    await system.stop()


async def test_connection_lost_while_setting_up(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that hangs up while it is asked is asked again when it comes back."""
    watched.system.accept(CP1)
    for key in ("GetConfiguration", "SetChargingProfile", "ChangeConfiguration"):
        station = await connect()
        station.answers[key] = None
        await station.boot()
        await station.wait_received(key)
        await station.close()
        await watched.until(lambda: not watched.system.stations["CP1"].state.connected)
        clock.step(120)
    station = await connect()
    await station.boot()
    await station.wait_received("TriggerMessage")
    assert watched.system.stations["CP1"].state.fail_safe_set


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_charger_that_reboots_when_it_is_asked(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A charger that boots over and over just after it was asked is left alone, longer each time."""
    system.accept(CP1)
    station = await connect(protocols=(f"ocpp{version}",))
    boot = station.boot if version == "1.6" else station.boot2
    ask = "GetConfiguration" if version == "1.6" else "GetVariables"
    station.answers[ask] = None  # it dies of the question
    for boots in range(1, 4):
        await boot()
        await station.wait_received(ask, boots)
        clock.step(10)
    assert system.stations["CP1"].presence.boot_loops.extra_s == 0
    await boot()
    await station.call("Heartbeat", {})
    assert system.stations["CP1"].presence.boot_loops.extra_s == 15
    assert len(station.received(ask)) == 3  # not asked yet


def test_many_are_forgotten() -> None:
    """What is remembered of who comes how often is bounded; the newest are remembered."""
    now = 0.0
    throttle = Throttle(1, 2, lambda: now)
    assert [throttle["a"].take() for _ in range(4)] == [0, 0, 1, 2]
    now = 10
    assert throttle["a"].take() == 0
    throttle["a"].take()
    for number in range(600):
        throttle[str(number)].take()
    assert throttle["a"].take() == 0  # forgotten meanwhile


@pytest.mark.parametrize("stranger", [0, -1, 2**31, 2**63 - 1])
async def test_transaction_that_is_none(
    system: CentralSystem, connect: Connect, clock: SteppedClock, stranger: int
) -> None:
    """Meter values outside of a transaction may bear an id all the same; it is nobody's."""
    station = await _ready(connect, system)
    await station.status("Available", timestamp=clock.text())
    await _meter(station, clock.text(), 5000, stranger)
    state = _connector(system)
    assert (state.transaction, state.meter.energy_wh) == (None, 5000)


@pytest.mark.parametrize("by_s", [-3600, 3600])
async def test_our_clock_is_set(
    system: CentralSystem, connect: Connect, clock: SteppedClock, by_s: float
) -> None:
    """What is remembered moves with it: the limit still lapses in time and is renewed, and energy counts."""
    station = await _ready(connect, system)
    await station.status("Charging", timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text())
    await _meter(station, clock.text(), 1100, transaction_id)
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 10)
    before = _connector(system)
    by = timedelta(seconds=by_s)
    clock.step(by_s)
    system.clock_was_set(by)
    after = _connector(system)
    assert before.offer_until is not None
    assert after.offer_until == before.offer_until + by
    assert before.transaction is not None and after.transaction is not None
    assert after.transaction.started_at == before.transaction.started_at + by
    station.requests.clear()
    await cp1.offer(1, 10)
    assert not station.received("SetChargingProfile")
    clock.step(41)
    await cp1.offer(1, 10)
    assert len(station.received("SetChargingProfile")) == 1
    # It has heard our time by now; that its clock was set back shows by the second message.
    for energy_wh in (1190, 1200):
        clock.step(10)
        await _meter(station, clock.text(), energy_wh, transaction_id)
    assert _connector(system).session_energy_wh == 200
    assert _connector(system).meter.at == clock.time


@pytest.mark.parametrize("year", [2031, 2500, 9999])
async def test_one_wild_time(
    system: CentralSystem, connect: Connect, clock: SteppedClock, year: int
) -> None:
    """A reduction reaches a charger that sent one time of another century, by its true clock."""
    station = await _ready(connect, system)
    await station.wait_received("TriggerMessage")
    await station.status("Charging", timestamp=f"{year}-12-31T23:59:59Z")
    await station.start_transaction(clock.text())
    station.requests.clear()
    await system.stations["CP1"].offer(1, 8)
    profile = station.received("SetChargingProfile")[-1]["csChargingProfiles"]
    assert profile["chargingSchedule"]["startSchedule"].startswith("2026-06-01T11:59")


@pytest.mark.parametrize("ahead_s", [3600, 17 * 3600])
async def test_one_time_of_another_zone(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
    ahead_s: float,
) -> None:
    """A session never ends before it started, though a charger sent one time of another zone in between."""
    station = await _ready(connect, system)
    await station.status("Charging", timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text())
    clock.step(600)
    await station.status("Finishing", timestamp=clock.text(ahead_s))
    await _stop(station, transaction_id, clock.text(), 1500)
    (over,) = finished
    assert over.started_at is not None
    assert over.started_at <= over.stopped_at <= clock()


async def test_stored_variables_that_are_nonsense(
    connect: Connect, clock: SteppedClock, timing: Timing
) -> None:
    """A charger whose stored variables contain what nobody wrote is limited all the same."""
    system = CentralSystem(now=clock, timing=timing)
    variables = {
        "LivePurpose": "of_tomorrow",
        "Refuses.SetChargingProfile": "x",
        "Refuses.GetCompositeSchedule": "2026-06-01T12:00:00",
        "ChargeProfileMaxStackLevel": "many",
    }
    system.accept(CP1, {"variables": variables})
    await system.start("127.0.0.1", 0)
    async with ClientSession() as session:
        station = await RawStation.connect(session, system.port)
        await station.boot()
        await station.start_transaction(clock.text())
        await station.status("Charging", timestamp=clock.text())
        await system.stations["CP1"].offer(1, 8)
        assert station.received("SetChargingProfile")
        await station.close()
    await system.stop()


async def test_stored_times_of_the_future(
    system: CentralSystem, connect: Connect, clock: SteppedClock, timing: Timing
) -> None:
    """What a clock wrote that was ahead is of now at the latest."""
    station = await _ready(connect, system)
    await station.start_transaction(clock.text())
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    clock.step(-7200)
    other = CentralSystem(now=clock, timing=timing)
    other.accept(CP1, memory)
    assert [
        r.transaction.started_at for r in other.stations["CP1"].sessions.transactions
    ] == [clock.time]


@pytest.mark.parametrize("had_session", [False, True])
async def test_a_car_still_waits_after_our_restart(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    timing: Timing,
    had_session: bool,
) -> None:
    """EN+ goes on to report Finishing (evcc issue 15752): a car that nothing was started for waits, one that charged has finished."""
    station = await _ready(connect, system)
    for status in ("Available", "Preparing"):
        await station.status(status)
    if had_session:
        transaction_id = await station.start_transaction(clock.text())
        stop = {"transactionId": transaction_id, "meterStop": 1000}
        await station.call("StopTransaction", stop | {"timestamp": clock.text()})
    await station.status("Finishing")
    for _restart in range(2):
        memory = json.loads(json.dumps(system.stations["CP1"].memory()))
        await station.close()
        system = CentralSystem(now=clock, timing=timing)
        system.accept(CP1, memory)
        await system.start("127.0.0.1", 0)
        station = await RawStation.connect(station.session, system.port)
        for _report in range(2):
            await station.status("Finishing")
        clock.step(60)
        await system.stations["CP1"].offer(1, 12)
        started = station.received("RemoteStartTransaction")
        assert len(started) == (not had_session)
        await station.close()
        await system.stop()


@pytest.mark.parametrize("seen", [False, True])
async def test_a_car_that_charged_during_our_restart_has_finished(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    timing: Timing,
    seen: bool,
) -> None:
    """Its charger reports the session before any status; no other one is started, whether we saw that it charged or not."""
    station = await _ready(connect, system)
    for status in ("Available", "Preparing"):
        await station.status(status)
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    await station.close()
    system = CentralSystem(now=clock, timing=timing)
    system.accept(CP1, memory)
    await system.start("127.0.0.1", 0)
    station = await RawStation.connect(station.session, system.port)
    transaction_id = await station.start_transaction(clock.text())
    if seen:
        await station.status("Charging")
    clock.step(600)
    await _stop(station, transaction_id, clock.text(), 3000)
    await station.status("Finishing")
    clock.step(60)
    await system.stations["CP1"].offer(1, 12)
    assert system.stations["CP1"].state.connectors[0].status == "finishing"
    assert not station.received("RemoteStartTransaction")
    await station.close()
    await system.stop()


@pytest.mark.parametrize("register_wh", [2**63 - 1, -(2**63)])
async def test_a_start_whose_register_is_not_known_over_our_restart(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    timing: Timing,
    register_wh: int,
) -> None:
    """A number that no register shows stands for none: the session goes on, and no one sees it as a reading."""
    station = await _ready(connect, system)
    transaction_id = await station.start_transaction(clock.text(), meter=register_wh)
    await station.status("Charging")
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    await station.close()
    system = CentralSystem(now=clock, timing=timing)
    system.accept(CP1, memory)
    await system.start("127.0.0.1", 0)
    station = await RawStation.connect(station.session, system.port)
    await station.status("Charging")
    running = _connector(system).transaction
    await station.close()
    await system.stop()
    assert running is not None
    assert running.id == str(transaction_id)
    assert running.meter_start_wh is None
