"""What chargers measure, in one form."""

from datetime import datetime, timedelta
import json
import math

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.central_system.station.metering.meter import (
    Meter,
    Phases,
)
from custom_components.sunfuse.central_system.station.metering.sampled_values import (
    ENERGY,
    Reading,
    readable,
)

from .conftest import START

CURRENT = "Current.Import"
POWER = "Power.Active.Import"
VOLTAGE = "Voltage"
SECOND = timedelta(seconds=1)


def _meter(phases: int = 3) -> Meter:
    return Meter(phases=phases, voltage_v=230, max_a=16)


def _by_phase(measurand: str, *values: float, suffix: str = "") -> list[Reading]:
    return [
        Reading(measurand=measurand, phase=f"L{number}{suffix}", value=value)
        for number, value in enumerate(values, 1)
    ]


@pytest.mark.parametrize(
    ("phases", "readings", "expected"),
    [
        # As it should be.
        (3, _by_phase(CURRENT, 10, 11, 12), (10, 11, 12)),
        (3, _by_phase(CURRENT, 10, 11, 12, suffix="-N"), (10, 11, 12)),
        # The neutral is no phase.
        (
            3,
            [
                *_by_phase(CURRENT, 10, 0, 0),
                Reading(measurand=CURRENT, phase="N", value=10),
            ],
            (10, 0, 0),
        ),
        # On one phase what returns through the neutral is what went out; on three it says nothing.
        (1, [Reading(measurand=CURRENT, phase="N", value=15.6)], (15.6, None, None)),
        (3, [Reading(measurand=CURRENT, phase="N", value=15.6)], (None, None, None)),
        # One phase, and no word of it.
        (1, [Reading(measurand=CURRENT, value=10)], (10, None, None)),
        # No phase on three: the power gives how many it flows on. 6.9 kW = 3 * 230 V * 10 A.
        (
            3,
            [
                Reading(measurand=CURRENT, value=10),
                Reading(measurand=POWER, value=6.9, unit="kW"),
            ],
            (10, 10, 10),
        ),
        (
            3,
            [
                Reading(measurand=CURRENT, value=10),
                Reading(measurand=POWER, value=2300),
            ],
            (10, 0, 0),
        ),
        (3, [Reading(measurand=CURRENT, value=10)], (10, 10, 10)),
        # Only the first phase is reported: the power shows whether the others are in use, too (Enercab, evcc-io/evcc pull 16523).
        # 9.6 A * (233 + 233 + 231) V = 6.69 kW.
        (
            3,
            [
                Reading(measurand=CURRENT, phase="L1", value=9.6),
                *_by_phase(VOLTAGE, 233.1, 233.1, 230.6),
                Reading(measurand=POWER, value=6.69, unit="kW"),
            ],
            (9.6, 9.6, 9.6),
        ),
        (
            3,
            [
                Reading(measurand=CURRENT, phase="L1", value=15.6),
                Reading(measurand=POWER, value=3588),
            ],
            (15.6, 0, 0),
        ),
        (3, _by_phase(CURRENT, 10), (10, None, None)),
        # Power by phase gives the currents: 2300 W / 230 V, and 2200 W / 220 V where the voltage is known.
        (3, _by_phase(POWER, 2300, 1150, 0), (10, 5, 0)),
        (
            3,
            _by_phase(POWER, 2200, 1100, 0) + _by_phase(VOLTAGE, 220, 220, 220),
            (10, 5, 0),
        ),
        (1, [Reading(measurand=POWER, value=2300)], (10, None, None)),
        # A total on three phases leaves it open which one it flows on.
        (3, [Reading(measurand=POWER, value=2300)], (None, None, None)),
        # Beyond all reason.
        (3, _by_phase(CURRENT, 10, 1e9, 12), (10, None, 12)),
    ],
)
def test_currents(phases: int, readings: list[Reading], expected: Phases) -> None:
    """Currents by phase, reported or derived, but never invented."""
    current = _meter(phases).update(readings, START).current_a
    assert current == pytest.approx(expected)


def test_a_car_stops_of_which_one_phase_is_reported() -> None:
    """What was concluded of the other phases ends with it (Enercab)."""
    meter = _meter()
    for current_a, power_w in ((9.6, 6624), (0, 0)):
        readings = [
            Reading(measurand=CURRENT, phase="L1", value=current_a),
            Reading(measurand=POWER, value=power_w),
        ]
        assert meter.update(readings, START).current_a == (current_a,) * 3


@pytest.mark.parametrize(
    ("phases", "readings", "expected"),
    [
        (3, [Reading(measurand=POWER, value=6.9, unit="kW")], 6900),
        (3, [Reading(measurand=POWER, value=69, unit="W", multiplier=2)], 6900),
        (3, _by_phase(POWER, 2300, 2300, 2300), 6900),
        # A phase is missing, and so is the total.
        (3, _by_phase(POWER, 2300, 2300), None),
        (1, _by_phase(POWER, 2300), 2300),
        (3, _by_phase(CURRENT, 10, 10, 10), 6900),
        (3, _by_phase(CURRENT, 10, 10), None),
        (
            3,
            _by_phase(CURRENT, 10, 10, 10) + _by_phase(VOLTAGE, 220, 220, 220),
            6600,
        ),
        (3, [Reading(measurand=POWER, value=1e12)], None),
    ],
)
def test_power(phases: int, readings: list[Reading], expected: float | None) -> None:
    """Power in watts: the total, the sum of all phases, or of voltage and current."""
    assert _meter(phases).update(readings, START).power_w == pytest.approx(expected)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        (_by_phase(VOLTAGE, 229, 230, 231, suffix="-N"), (229, 230, 231)),
        ([Reading(measurand=VOLTAGE, value=230)], (230, 230, 230)),
        # Between the phases of a symmetrical net: 398.37 V / sqrt(3) = 230 V.
        (
            [
                Reading(measurand=VOLTAGE, phase=phase, value=398.37)
                for phase in ("L1-L2", "L2-L3", "L3-L1")
            ],
            (230, 230, 230),
        ),
        (
            [Reading(measurand=VOLTAGE, phase="L1-L2", value=398)],
            (None, None, None),
        ),
    ],
)
def test_voltage(readings: list[Reading], expected: Phases) -> None:
    """Voltage to neutral, by phase."""
    voltage = _meter().update(readings, START).voltage_v
    assert voltage == pytest.approx(expected, abs=0.01)


def test_newest_of_each() -> None:
    """What is not reported stays as it was last reported; older values do not replace newer ones."""
    meter = _meter()
    meter.update(_by_phase(CURRENT, 10, 10, 10), START)
    sample = meter.update([Reading(measurand="SoC", value=55)], START + SECOND)
    assert (sample.current_a, sample.soc) == ((10, 10, 10), 55)
    sample = meter.update([Reading(measurand="SoC", value=140)], START + 2 * SECOND)
    assert sample.soc == 55
    sample = meter.update(_by_phase(CURRENT, 1, 1, 1), START)
    assert sample.current_a == (10, 10, 10)


def _energy(meter: Meter, minutes: float, energy_wh: float) -> float | None:
    at = START + timedelta(minutes=minutes)
    return meter.update([Reading(value=energy_wh)], at).energy_wh


def test_energy_only_rises() -> None:
    """Zeros, negative values and leaps are dropped and counted."""
    meter = _meter()
    told = [50_000, 50_100, 0, 50_200, -5, 50_300, 9e9, 50_400, 49_000, 50_500]
    seen = [_energy(meter, minute, value) for minute, value in enumerate(told)]
    assert seen == [
        50_000,
        50_100,
        50_100,
        50_200,
        50_200,
        50_300,
        50_300,
        50_400,
        50_400,
        50_500,
    ]
    assert meter.take_dropped() == 4
    assert meter.take_dropped() == 0


def test_register_that_starts_again() -> None:
    """A register that restarts with each session, or a new meter, goes on from what was counted."""
    meter = _meter()
    _energy(meter, 0, 50_000)
    for minute, value in enumerate((10, 100, 200, 300), 1):
        energy = _energy(meter, minute, value)
    assert energy == 50_290


def test_stored_readings_out_of_order() -> None:
    """Readings of the past that come late change nothing, and are no fault."""
    meter = _meter()
    _energy(meter, 60, 50_000)
    for minute, value in ((10, 49_100), (20, 49_200), (30, 49_300), (5, 49_050)):
        assert _energy(meter, minute, value) == 50_000
    assert meter.take_dropped() == 0
    assert _energy(meter, 61, 50_100) == 50_100


def test_energy_units() -> None:
    """Energy in kilowatt-hours, or by phase, is the same energy."""
    assert _meter().update([Reading(value=5, unit="kWh")], START).energy_wh == 5000
    sample = _meter().update(_by_phase(ENERGY, 1000, 2000, 3000), START)
    assert sample.energy_wh == 6000


def test_contactor_opens() -> None:
    """Nothing flows where the contactor is open."""
    meter = _meter()
    assert meter.stopped(START).at is None
    meter.update(_by_phase(CURRENT, 10, 10, 10), START)
    sample = meter.stopped(START + SECOND)
    assert (sample.current_a, sample.power_w) == ((0, 0, 0), 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        (" 2 ", 2),
        ("1e3", 1000),
        ("", None),
        ("12,5", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("deadbeefg", None),
    ],
)
def test_readable(text: str, value: float | None) -> None:
    """What is no finite number is no value."""
    assert readable(text) == value


READINGS = st.lists(
    st.builds(
        Reading,
        value=st.floats(allow_nan=False, allow_infinity=False),
        measurand=st.sampled_from(
            [ENERGY, CURRENT, POWER, VOLTAGE, "SoC", "Current.Offered", "Frequency"]
        ),
        phase=st.sampled_from(
            [
                None,
                "L1",
                "L2",
                "L3",
                "L1-N",
                "L2-N",
                "L3-N",
                "L1-L2",
                "L2-L3",
                "L3-L1",
                "N",
            ]
        ),
        unit=st.sampled_from([None, "W", "kW", "Wh", "kWh", "A", "V", "Percent", "x"]),
        multiplier=st.integers(-400, 400),
    ),
    max_size=12,
)


@given(
    phases=st.sampled_from([1, 2, 3]),
    told=st.lists(st.tuples(READINGS, st.integers(-100, 10_000)), max_size=8),
)
def test_any_readings(phases: int, told: list[tuple[list[Reading], int]]) -> None:
    """Whatever is reported: values stay finite and plausible, and the lifetime energy never falls."""
    meter = _meter(phases)
    energy = 0.0
    for readings, seconds in told:
        sample = meter.update(readings, START + timedelta(seconds=seconds))
        values = [*sample.current_a, *sample.voltage_v, sample.power_w, sample.soc]
        assert all(math.isfinite(value) for value in values if value is not None)
        assert all(abs(a) <= 2000 for a in sample.current_a if a is not None)
        if sample.energy_wh is not None:
            assert sample.energy_wh >= energy
            energy = sample.energy_wh


@pytest.mark.parametrize("by_days", [-1, 200])
def test_kilowatt_hours_without_a_unit_while_our_clock_is_set(by_days: int) -> None:
    """They are recognised by the watt-hours at the start, whatever our clock showed then."""
    meter, by = _meter(), timedelta(days=by_days)
    meter.session_starts("tx", 3_415_470, START)
    meter.clock_was_set(by)
    for minutes, register_kwh in ((1, 3415.6), (5, 3415.8)):
        at = START + by + timedelta(minutes=minutes)
        sample = meter.update([Reading(value=register_kwh)], at)
    assert sample.energy_wh == pytest.approx(3_415_800)
    assert meter.session_wh == pytest.approx(330)


def _unnamed(
    meter: Meter, started_at: datetime, shown: dict[int, float]
) -> list[float | None]:
    """Report values without a unit, each some seconds after the start; return what the session took by then."""
    taken_wh = []
    for seconds, value in shown.items():
        meter.update([Reading(value=value)], started_at + timedelta(seconds=seconds))
        taken_wh.append(meter.session_wh)
    return taken_wh


@pytest.mark.parametrize("interval_s", [60, 300])
def test_kilowatt_hours_without_a_unit_some_time_after_the_start(
    interval_s: int,
) -> None:
    """40.11 is 40 110 Wh, of which 110 flowed since the start at 40 000: few sessions count 40.11 Wh so early."""
    meter = _meter()
    meter.session_starts("tx", 40_000, START)
    shown = {interval_s: 40.11, 2 * interval_s: 40.23, 3 * interval_s: 40.35}
    assert _unnamed(meter, START, shown) == pytest.approx([110, 230, 350])
    assert meter.sample.energy_wh == pytest.approx(40_350)


def test_kilowatt_hours_without_a_unit_are_known_by_the_end() -> None:
    """A start of 0 does not show the unit. The end does, for the sessions after it, also if their start is 0, and over a restart."""
    meter = _meter()
    meter.session_starts("tx1", 0, START)
    _unnamed(meter, START, {60: 44.54, 120: 44.66})
    meter.session_stops("tx1", 44_700, START, START + timedelta(seconds=150))
    restarted, at = _meter(), START + timedelta(hours=1)
    restarted.restore_energy(json.loads(json.dumps(meter.energy_memory())), at)
    restarted.session_starts("tx2", 0, at)
    _unnamed(restarted, at, {60: 44.82, 120: 44.94})
    assert restarted.sample.energy_wh == pytest.approx(
        (meter.sample.energy_wh or 0) + 240
    )


def test_watt_hours_of_the_session_without_a_unit() -> None:
    """They may show the digits of the lifetime by chance: that is known by then, or by the next value."""
    meter = _meter()
    meter.session_starts("tx1", 39_800, START)
    assert _unnamed(meter, START, {60: 100, 120: 200})[-1] == 200
    meter.session_stops("tx1", 40_000, START, START + timedelta(seconds=120))
    at = START + timedelta(hours=1)
    meter.session_starts("tx2", 40_000, at)
    assert _unnamed(meter, at, {60: 41, 120: 100})[-1] == 100

    other = _meter()
    other.session_starts("tx", 40_000, START)
    shown = {60: 41.0, 600: 600.0, 1200: 1_200.0, 1800: 1_800.0}
    assert _unnamed(other, START, shown)[-1] == 1_800
