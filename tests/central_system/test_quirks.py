"""Each row of the quirks table does what it says, and the user has the last word."""

from dataclasses import replace
from pathlib import Path
import re

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    StationInfo,
)
from custom_components.sunfuse.central_system.station.quirks import (
    QUIRKS,
    Behaviour,
    Kind,
    Pause,
    Purpose,
    behaviour,
    in_force,
)

from .charging import CP1
from .client import RawStation
from .conftest import Connect, SteppedClock, Watched


@pytest.mark.parametrize(
    ("vendor", "model", "names"),
    [
        (
            "ABB",
            "TACW1143421G1770",
            {"abb_terra_ac_stack_level", "abb_terra_ac_measurands"},
        ),
        ("ABB", "Terra 54", set()),
        ("Wall Box Chargers", "CPB1-S-2-4", {"wallbox_settles_slowly"}),
        ("EFR", "SECC-01", {"efr_watts"}),
        ("Huawei", "SCharger", {"huawei_zero_outlives", "huawei_watts"}),
        (
            "Easee",
            "Home",
            {"easee_no_relative", "easee_samples_every_half_minute"},
        ),
        ("go-e", "Gemini", {"go_e_first_limit_after_pause", "go_e_amperes"}),
        ("fronius", "wattpilot_V2", {"wattpilot_is_a_go_e"}),
        ("Fronius", "Symo", set()),
        ("Alfen BV", "NG910-60023", {"alfen_measurands_by_phase"}),
        ("Autel", "MaxiCharger AC", {"autel_no_relative"}),
        ("ZJ Beny", "BCP-A2N-L", {"beny_one_transaction_per_plug"}),
        ("United Chargers", "Grizzl-E", {"grizzl_e_long_texts"}),
        ("Acme", "Wallet", set()),
    ],
)
def test_rows(vendor: str, model: str, names: set[str]) -> None:
    """The rows are about the makes and models that they name, and no others."""
    info = StationInfo(vendor=vendor, model=model)
    assert {quirk.name for quirk in in_force(info)} == names


def test_table() -> None:
    """Each row has a name of its own, a source in public, and changes something that exists."""
    assert len({quirk.name for quirk in QUIRKS}) == len(QUIRKS)
    for quirk in QUIRKS:
        assert re.match(r"https://\S+", quirk.source)
        assert replace(Behaviour(), **dict(quirk.changes)) != Behaviour()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("unit", "W", "W"),
        ("pause", "remote_stop", Pause.REMOTE_STOP),
        ("live_purpose", "tx_default", Purpose.TX_DEFAULT),
        ("lasting_kind", "absolute", Kind.ABSOLUTE),
        ("lasting_stack_level", "3", 3),
        ("settle_s", "7.5", 7.5),
        ("sample_s", "20", 20),
        ("live_purpose", "station_max", Purpose.STATION_MAX),
        ("switches_phases", "true", True),
        ("restarts", "false", False),
        ("do_not_ask", "A, B", ("A", "B")),
        ("wake", "true", True),
        ("whole_amperes", "false", False),
    ],
)
def test_override(name: str, text: str, value: object) -> None:
    """A user can set any field, over what the table says."""
    info = StationInfo(vendor="Huawei", model="SCharger")
    assert getattr(behaviour(info, ((name, text),)), name) == value


@pytest.mark.parametrize(
    ("name", "text"), [("unit", "kW"), ("nonsense", "1"), ("wake", "yes")]
)
def test_wrong_override(name: str, text: str) -> None:
    """A field that does not exist, or a value that it cannot have, is reported."""
    with pytest.raises(ValueError, match=r"quirk|unit|true or false"):
        behaviour(StationInfo(), ((name, text),))


async def _ready(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    status: str = "Charging",
    **quirks: str,
) -> RawStation:
    system.accept(replace(CP1, quirks=tuple(quirks.items())))
    station = await connect()
    await station.boot()
    await station.wait_received("TriggerMessage")
    await station.status(status, timestamp=clock.text())
    return station


def _limits(station: RawStation) -> list[float]:
    return [
        told["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0][
            "limit"
        ]
        for told in station.received("SetChargingProfile")
    ]


async def test_do_not_ask(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A key that makes a charger restart is neither read nor set."""
    station = await _ready(connect, system, clock, do_not_ask="MeterValuesSampledData")
    keys = [told["key"][0] for told in station.received("GetConfiguration")]
    keys += [told["key"] for told in station.received("ChangeConfiguration")]
    assert "MeterValueSampleInterval" in keys
    assert "MeterValuesSampledData" not in keys


def _settings(station: RawStation, key: str) -> list[str]:
    """Return the values that were set of a key, the first first."""
    told = station.received("ChangeConfiguration")
    return [request["value"] for request in told if request["key"] == key]


@pytest.mark.parametrize(
    ("vendor", "key", "value"),
    [
        ("Easee", "MeterValueSampleInterval", "30"),
        ("Acme", "MeterValueSampleInterval", "10"),
        (
            "Alfen BV",
            "MeterValuesSampledData",
            (
                "Current.Import.L1,Current.Import.L2,Current.Import.L3,"
                "Voltage.L1-N,Voltage.L2-N,Voltage.L3-N,"
                "Power.Active.Import,Energy.Active.Import.Register"
            ),
        ),
    ],
)
async def test_meter_values_of_a_make(
    system: CentralSystem, connect: Connect, vendor: str, key: str, value: str
) -> None:
    """What a make is known to take of meter values it is asked for first."""
    system.accept(CP1)
    station = await connect()
    await station.boot(chargePointVendor=vendor)
    await station.wait_received("TriggerMessage")
    assert _settings(station, key) == [value]


async def test_no_relative_profile(system: CentralSystem, connect: Connect) -> None:
    """A make that wants no Relative profile gets an Absolute one first."""
    system.accept(CP1)
    station = await connect()
    await station.boot(chargePointVendor="Autel")
    await station.wait_received("TriggerMessage")
    (told,) = station.received("SetChargingProfile")
    assert told["csChargingProfiles"]["chargingProfileKind"] == "Absolute"


async def test_amperes_whatever_it_says(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A make that takes amperes only gets amperes, even if it claims to know only power."""
    system.accept(CP1)
    station = await connect()
    entry = {"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True}
    watts = {"configurationKey": [{**entry, "value": "Power"}]}
    station.answers["GetConfiguration"] = watts
    await station.boot(chargePointVendor="fronius", chargePointModel="wattpilot_V2")
    await station.wait_received("TriggerMessage")
    (told,) = station.received("SetChargingProfile")
    schedule = told["csChargingProfiles"]["chargingSchedule"]
    assert schedule["chargingRateUnit"] == "A"


async def test_one_transaction_per_plug(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that starts no second transaction while a car is plugged in is never stopped to pause or to wake."""
    station = await _ready(connect, system, clock, restarts="false", wake="true")
    await _pause(station, system, clock, 300)
    station.answers["SetChargingProfile"] = {"status": "Rejected"}
    with pytest.raises(CommandError, match="refused"):
        await system.stations["CP1"].offer(1, 0)
    assert not station.received("RemoteStopTransaction")


async def test_settles_slowly(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that does not like to be asked after booting is left alone."""
    system.accept(replace(CP1, quirks=(("settle_s", "600"),)))
    station = await connect()
    await station.boot()
    await station.call("Heartbeat", {})
    assert not station.requests


async def test_pause_by_remote_stop(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that does not take 0 A is paused by stopping its transaction, and started again."""
    station = await _ready(connect, system, clock, pause="remote_stop")
    transaction_id = await station.start_transaction(clock.text())
    await system.stations["CP1"].offer(1, 10)
    station.requests.clear()
    await system.stations["CP1"].offer(1, 0)
    assert station.received("RemoteStopTransaction") == [
        {"transactionId": transaction_id}
    ]
    assert not station.received("SetChargingProfile")
    await station.call(
        "StopTransaction",
        {
            "transactionId": transaction_id,
            "meterStop": 1500,
            "timestamp": clock.text(),
        },
    )
    await station.status("Finishing")
    await system.stations["CP1"].offer(1, 0)
    assert not station.received("RemoteStartTransaction")
    await system.stations["CP1"].offer(1, 8)
    assert len(station.received("RemoteStartTransaction")) == 1


async def test_stopped_by_the_driver(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A session that somebody else ended is not started again."""
    station = await _ready(connect, system, clock)
    transaction_id = await station.start_transaction(clock.text())
    await station.call(
        "StopTransaction",
        {
            "transactionId": transaction_id,
            "meterStop": 1500,
            "timestamp": clock.text(),
        },
    )
    await station.status("Finishing")
    clock.step(60)
    await system.stations["CP1"].offer(1, 8)
    assert not station.received("RemoteStartTransaction")


async def test_repeat_after_pause(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that loses the first limit after a pause gets it twice."""
    station = await _ready(connect, system, clock, repeat_after_pause="true")
    await station.start_transaction(clock.text())
    station.requests.clear()
    for offered in (10, 0, 8, 9):
        await system.stations["CP1"].offer(1, offered)
    assert _limits(station) == [10, 0, 8, 8, 9]


async def test_whole_amperes_and_phases(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Whole amperes are rounded down, and the number of phases is sent to chargers that require it."""
    station = await _ready(
        connect, system, clock, whole_amperes="true", number_phases="true"
    )
    await station.start_transaction(clock.text())
    station.requests.clear()
    await system.stations["CP1"].offer(1, 9.9)
    assert _limits(station) == [9]
    profile = station.received("SetChargingProfile")[0]["csChargingProfiles"]
    period = profile["chargingSchedule"]["chargingSchedulePeriod"][0]
    assert period["numberPhases"] == 3


async def test_live_limit_as_default_profile(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that takes no transaction profile gets its limit as a default profile that lapses."""
    station = await _ready(connect, system, clock, live_purpose="tx_default")
    await station.start_transaction(clock.text())
    station.requests.clear()
    await system.stations["CP1"].offer(1, 9)
    profile = station.received("SetChargingProfile")[0]["csChargingProfiles"]
    assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
    assert profile["chargingSchedule"]["duration"] == 130
    assert "transactionId" not in profile


async def _pause(
    station: RawStation, system: CentralSystem, clock: SteppedClock, seconds: int
) -> int:
    """Charge, pause for long, and offer for so long again to a car that does not wake up."""
    transaction_id = await station.start_transaction(clock.text())
    await system.stations["CP1"].offer(1, 10)
    await system.stations["CP1"].offer(1, 0)
    await station.status("SuspendedEVSE")
    clock.step(3600)
    station.requests.clear()
    await system.stations["CP1"].offer(1, 12)
    await station.status("SuspendedEV")
    for _ in range(seconds // 5):
        clock.step(5)
        await system.stations["CP1"].offer(1, 12)
    return transaction_id


def _changes(station: RawStation) -> list[float]:
    """Return the limits that were sent, without those that only renewed them."""
    told = [
        request["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]
        for request in station.received("SetChargingProfile")
    ]
    limits = [period["limit"] for period in told]
    return [
        a for a, before in zip(limits, [None, *limits], strict=False) if a != before
    ]


@pytest.mark.parametrize("wake", ["true", "false"])
async def test_wake(
    system: CentralSystem, connect: Connect, clock: SteppedClock, wake: str
) -> None:
    """A car that sleeps on after a pause is offered 6 A for a moment, then gets a new transaction, once."""
    station = await _ready(connect, system, clock, wake=wake)
    transaction_id = await _pause(station, system, clock, 300)
    stops = station.received("RemoteStopTransaction")
    assert stops == ([{"transactionId": transaction_id}] if wake == "true" else [])
    assert _changes(station) == ([12, 6, 12] if wake == "true" else [12])


async def test_wake_by_a_nudge(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A car that wakes when its offer changes keeps its transaction."""
    station = await _ready(connect, system, clock, wake="true")
    await _pause(station, system, clock, 70)
    assert _changes(station) == [12, 6]
    await station.status("Charging")
    clock.step(20)
    for _ in range(60):
        clock.step(5)
        await system.stations["CP1"].offer(1, 12)
    assert _changes(station) == [12, 6, 12]
    assert not station.received("RemoteStopTransaction")


async def test_refused_zero_stops(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that takes no 0 A is paused by stopping its transaction, and goes on when there is an offer."""
    station = await _ready(connect, system, clock)
    transaction_id = await station.start_transaction(clock.text())
    station.answers["SetChargingProfile"] = {"status": "Rejected"}
    await system.stations["CP1"].offer(1, 0)
    stop = {"transactionId": transaction_id}
    assert station.received("RemoteStopTransaction") == [stop]
    await station.call(
        "StopTransaction", {**stop, "meterStop": 1500, "timestamp": clock.text()}
    )
    await station.status("Finishing")
    station.requests.clear()
    await system.stations["CP1"].offer(1, 8)
    assert len(station.received("RemoteStartTransaction")) == 1


async def test_overrides_are_checked_early(system: CentralSystem) -> None:
    """A wrong override is reported when the charger is accepted, not when it connects."""
    with pytest.raises(ValueError, match="no quirk"):
        system.accept(replace(CP1, quirks=(("nonsense", "1"),)))


async def test_state_names_the_rows(watched: Watched, connect: Connect) -> None:
    """The rows in force are shown."""
    watched.system.accept(CP1)
    station = await connect()
    await station.call(
        "BootNotification",
        {"chargePointVendor": "Easee", "chargePointModel": "Home"},
    )
    quirks = ("easee_no_relative", "easee_samples_every_half_minute")
    assert watched.system.stations["CP1"].state.quirks == quirks


def test_owners_can_read_what_is_known_of_their_make() -> None:
    """docs/chargers.md links to the source of every row."""
    page = Path(__file__).parents[2] / "docs" / "chargers.md"
    written = page.read_text(encoding="utf-8")
    assert [quirk.name for quirk in QUIRKS if f"({quirk.source})" not in written] == []


async def test_long_texts(watched: Watched, connect: Connect) -> None:
    """A make that is known to send longer texts than allowed is let in all the same; others are not."""
    watched.system.accept(CP1)
    station = await connect()
    answer = await station.call(
        "BootNotification",
        {
            "chargePointVendor": "United Chargers",
            "chargePointModel": "Grizzl-E Smart Connect 40A North",
            "firmwareVersion": "GWM-07.013-03_GCW-10.18-05.7",
        },
    )
    assert answer["status"] == "Accepted"
    assert watched.system.stations["CP1"].state.info.model.startswith("Grizzl-E")
