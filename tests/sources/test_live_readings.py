"""What the site's entities say, in any unit and sign."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.engine.meters.living_sensors import living_since
from custom_components.sunfuse.sources.config import (
    CircuitSources,
    MeterConfig,
    PowerSource,
    SourcesConfig,
)
from custom_components.sunfuse.sources.live_readings import CircuitSource, LiveSource
from custom_components.sunfuse.sources.states import ProblemKind, SourceProblem
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .shown_states import PHASES, read, show


@pytest.mark.parametrize(
    ("source", "states", "expected_w"),
    [
        (PowerSource(entity="sensor.p"), {"p": ("-1200", "W")}, -1200),
        (PowerSource(entity="sensor.p"), {"p": ("1.2", "kW")}, 1200),
        (PowerSource(entity="sensor.p", inverted=True), {"p": ("1.2", "kW")}, -1200),
        (
            PowerSource(positive="sensor.i", negative="sensor.e"),
            {"i": ("0", "W"), "e": ("0.8", "kW")},
            -800,
        ),
        (
            PowerSource(positive="sensor.i", negative="sensor.e"),
            {"i": ("500", "W"), "e": ("0", "kW")},
            500,
        ),
        (PowerSource(positive="sensor.i"), {"i": ("500", "W")}, 500),
    ],
)
async def test_a_power_with_its_sign(
    hass: HomeAssistant,
    source: PowerSource,
    states: dict[str, tuple[str, str]],
    expected_w: float,
) -> None:
    """Positive is import, and for the battery discharge, whatever the sensor says."""
    for name, (value, unit) in states.items():
        show(hass, name, value, unit)
    readings = read(hass, SourcesConfig(grid=source, battery=(source,)))
    assert readings.meter
    assert readings.meter.power_w == pytest.approx(expected_w)
    assert readings.battery
    assert readings.battery.power_w == pytest.approx(expected_w)
    assert readings.problems == ()


async def test_currents_and_powers_of_phases(hass: HomeAssistant) -> None:
    """Amperes as they are, milliamperes converted, watts at the nominal voltage."""
    show(hass, "l1", "-3.5", "A")
    show(hass, "l2", "2500", "mA")
    show(hass, "l3", "1.15", "kW")
    readings = read(hass, SourcesConfig(grid_phases=PHASES))
    assert readings.meter
    assert readings.meter.current_a == pytest.approx((-3.5, 2.5, 5))
    assert readings.meter.power_w is None


async def test_suns_and_batteries_add_up(hass: HomeAssistant) -> None:
    """Two inverters, two batteries, one state of charge."""
    show(hass, "s1", "1000", "W")
    show(hass, "s2", "2", "kW")
    show(hass, "b1", "-500", "W")
    show(hass, "b2", "200", "W")
    show(hass, "soc", "55", "%")
    readings = read(
        hass,
        SourcesConfig(
            solar=("sensor.s1", "sensor.s2"),
            battery=(
                PowerSource(entity="sensor.b1"),
                PowerSource(entity="sensor.b2"),
            ),
            battery_soc="sensor.soc",
        ),
    )
    assert readings.meter is None
    assert readings.solar
    assert readings.solar.power_w == 3000
    assert readings.battery
    assert (readings.battery.power_w, readings.battery.soc) == (-300, 55)


@pytest.mark.parametrize(
    ("value", "unit", "kind"),
    [
        (None, None, ProblemKind.MISSING),
        ("unavailable", None, ProblemKind.UNAVAILABLE),
        ("unknown", "W", ProblemKind.UNAVAILABLE),
        ("on", "W", ProblemKind.NOT_A_NUMBER),
        ("nan", "W", ProblemKind.NOT_A_NUMBER),
        ("inf", "W", ProblemKind.NOT_A_NUMBER),
        # Of a template that divides by almost nothing: sums and squares of it are infinite.
        ("1e308", "W", ProblemKind.NOT_A_NUMBER),
        ("21", "°C", ProblemKind.WRONG_UNIT),
        ("21", None, ProblemKind.WRONG_UNIT),
        ("3", "kWh", ProblemKind.WRONG_UNIT),
    ],
)
async def test_what_cannot_be_read_is_not_guessed(
    hass: HomeAssistant, value: str | None, unit: str | None, kind: ProblemKind
) -> None:
    """No value rather than a wrong one, and its reason."""
    if value is not None:
        show(hass, "p", value, unit)
    show(hass, "l1", 1, "A")
    show(hass, "l2", 1, "A")
    sources = SourcesConfig(
        grid=PowerSource(entity="sensor.p"),
        grid_phases=("sensor.l1", "sensor.l2", "sensor.p"),
        solar=("sensor.p",),
    )
    readings = read(hass, sources)
    meter = readings.meter
    assert meter
    assert meter.current_a is None
    assert meter.power_w is None
    assert list(meter.known_a) == [1, 1, None]
    assert meter.silent == ("sensor.p",)
    assert readings.solar is None
    assert set(readings.problems) == {SourceProblem(entity_id="sensor.p", kind=kind)}


async def test_without_its_phases_a_meter_has_a_total(hass: HomeAssistant) -> None:
    """Half of the phases are as good as none."""
    show(hass, "p", 690, "W")
    show(hass, "l1", 1, "A")
    readings = read(
        hass,
        SourcesConfig(grid=PowerSource(entity="sensor.p"), grid_phases=PHASES),
    )
    meter = readings.meter
    assert meter
    assert meter.power_w == 690
    assert list(meter.known_a) == [1, None, None]
    assert meter.silent == ("sensor.l2", "sensor.l3")
    assert meter.current_a is None
    assert not readings.meter_heard


async def test_one_direction_of_two_is_no_power(hass: HomeAssistant) -> None:
    """Import without export would be taken for no export."""
    show(hass, "i", 0, "W")
    pair = PowerSource(positive="sensor.i", negative="sensor.e")
    meter = read(hass, SourcesConfig(grid=pair)).meter
    assert meter
    assert meter.power_w is None
    assert meter.silent == ("sensor.e",)


async def test_a_reading_is_as_old_as_its_oldest_part(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A phase that froze makes the reading old; one that reports the same value again keeps it fresh."""
    start: datetime = dt_util.utcnow()
    for name in ("l1", "l2", "l3"):
        show(hass, name, 1, "A")
    freezer.tick(timedelta(seconds=40))
    show(hass, "l1", 1, "A")
    show(hass, "l2", 2, "A")
    source = SourcesConfig(grid_phases=PHASES)
    meter = read(hass, source).meter
    assert meter
    assert meter.at == start
    # What the other phases show counts when this one is too old.
    living = living_since(meter, start + timedelta(seconds=1))
    assert living
    assert living.silent == ("sensor.l3",)
    assert list(living.known_a) == [1, 2, None]
    assert living.at == start + timedelta(seconds=40)
    assert living.unsigned
    show(hass, "l3", 1, "A")
    meter = read(hass, source).meter
    assert meter
    assert meter.at == start + timedelta(seconds=40)
    assert [one.sensor for one in meter.reports if one] == list(PHASES)
    assert living_since(meter, meter.at) is None


async def test_a_report_that_is_ahead_of_the_clock(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The clock was an hour fast when the meter last reported: that was by now at the latest, and it grows older."""
    source = LiveSource(
        hass,
        SourcesConfig(grid=PowerSource(entity="sensor.p")),
        phases=3,
        voltage_v=230,
    )

    def age_s() -> float:
        meter = source.read().meter
        assert meter
        return (dt_util.utcnow() - meter.at).total_seconds()

    start: datetime = dt_util.utcnow()
    freezer.move_to(start + timedelta(hours=1))
    show(hass, "p", 1200, "W")
    freezer.move_to(start)
    assert age_s() == 0
    freezer.tick(40)
    assert age_s() == 40
    # The clock comes to the time of that report, which is an hour old then.
    freezer.tick(3560)
    assert age_s() == 3600
    freezer.tick(10)
    assert age_s() == 3610
    # It reports once more; then the clock is set, which says nothing of before.
    show(hass, "p", 1300, "W")
    freezer.tick(-20)
    assert age_s() == 0
    source.clock_was_set(timedelta(seconds=-20))
    freezer.tick(5)
    assert age_s() == 5


async def test_a_phase_that_is_old_beside_one_that_is_silent(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """L1 reports, L2 has stopped to, and L3 says that it has no value."""
    start: datetime = dt_util.utcnow()
    show(hass, "l2", 4, "A")
    freezer.tick(600)
    show(hass, "l1", 16, "A")
    show(hass, "l3", "unavailable", "A")
    meter = read(hass, SourcesConfig(grid_phases=PHASES)).meter
    assert meter
    assert (meter.at, meter.silent) == (start, ("sensor.l3",))
    living = living_since(meter, start + timedelta(seconds=1))
    assert living
    assert list(living.known_a) == [16, None, None]
    assert living.silent == ("sensor.l3", "sensor.l2")


async def test_counters_of_energy(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A meter that only counts: 20 Wh of import in 20 s are 3.6 kW; nothing is exported."""
    pair = PowerSource(positive="sensor.i", negative="sensor.e")
    config = SourcesConfig(grid=pair, solar=("sensor.s",), grid_phases=("sensor.i",))
    source = LiveSource(hass, config, phases=1, voltage_v=230)
    for second in range(0, 81, 20):
        show(hass, "i", f"{100 + second / 1000:.3f}", "kWh")
        show(hass, "e", "50.000", "kWh")
        show(hass, "s", f"{second * 2}", "Wh")
        readings = source.read()
        freezer.tick(timedelta(seconds=20))
    assert readings.meter
    # Of the export less than 1 Wh in 80 s is known: 45 W.
    assert readings.meter.power_w == pytest.approx(3600 - 45)
    assert readings.meter.current_a == pytest.approx((3600 / 230,))
    assert readings.solar
    assert readings.solar.power_w == pytest.approx(7200)
    assert readings.problems == ()


async def test_a_counter_that_is_too_coarse(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """It is reported that a fuse cannot be protected by steps of a tenth of a kilowatt-hour."""
    config = SourcesConfig(grid=PowerSource(positive="sensor.i"))
    source = LiveSource(hass, config, phases=1, voltage_v=230)
    for poll in range(60):
        show(hass, "i", f"{100 + poll // 10 / 10:.1f}", "kWh")
        readings = source.read()
        freezer.tick(timedelta(seconds=10))
    assert readings.problems == (
        SourceProblem(entity_id="sensor.i", kind=ProblemKind.TOO_COARSE),
    )


async def test_the_sun_may_be_counted_coarsely(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """No fuse depends on it, so it is not reported."""
    pair = PowerSource(positive="sensor.i", negative="sensor.e")
    config = SourcesConfig(solar=("sensor.i",), battery=(pair,))
    source = LiveSource(hass, config, phases=1, voltage_v=230)
    for poll in range(60):
        for name in ("i", "e"):
            show(hass, name, f"{100 + poll // 10 / 10:.1f}", "kWh")
        readings = source.read()
        freezer.tick(timedelta(seconds=10))
    assert readings.problems == ()
    assert readings.solar
    # 0.1 kWh in 100 s.
    assert readings.solar.power_w == pytest.approx(3600)


@pytest.mark.parametrize(
    ("meter", "wired", "states", "current_a", "power_w"),
    [
        # A panel on L2 alone, with one power sensor: that is the current of L2.
        (
            MeterConfig(power=PowerSource(entity="sensor.p")),
            (1,),
            {"p": ("2.3", "kW")},
            (0, 10, 0),
            2300,
        ),
        # On two of three phases all of it may be on either.
        (
            MeterConfig(power=PowerSource(entity="sensor.p")),
            (0, 2),
            {"p": ("2300", "W")},
            (10, 0, 10),
            2300,
        ),
        (
            MeterConfig(phases=("sensor.l1", "sensor.l2")),
            (1, 2),
            {"l1": ("4", "A"), "l2": ("5", "A")},
            (0, 4, 5),
            None,
        ),
        (
            MeterConfig(power=PowerSource(entity="sensor.p")),
            (0, 1, 2),
            {"p": ("2300", "W")},
            None,
            2300,
        ),
    ],
)
async def test_the_meter_of_a_circuit(
    hass: HomeAssistant,
    meter: MeterConfig,
    wired: tuple[int, ...],
    states: dict[str, tuple[str, str]],
    current_a: tuple[float, ...] | None,
    power_w: float | None,
) -> None:
    """What is not fed from a phase takes nothing from it."""
    for name, (value, unit) in states.items():
        show(hass, name, value, unit)
    show(hass, "t", "104", "°F")
    sources = CircuitSources(meter=meter, temperature="sensor.t")
    source = LiveSource(
        hass,
        SourcesConfig(),
        phases=3,
        voltage_v=230,
        circuits={"garage": CircuitSource(sources=sources, wired=wired)},
    )
    readings = source.read()
    ((name, reading),) = readings.circuit_meters
    assert name == "garage"
    assert reading.current_a == (current_a and pytest.approx(current_a))
    assert reading.power_w == power_w
    ((_, temperature),) = readings.temperatures
    assert temperature.temperature_c == pytest.approx(40)
    assert set(source.entities) == {*meter.entities, "sensor.t"}
    assert CircuitSources.from_dict(sources.to_dict()) == sources


async def test_every_report_is_heard(hass: HomeAssistant) -> None:
    """Also the same value again; and nothing after the end."""
    heard: list[None] = []
    config = SourcesConfig(grid=PowerSource(entity="sensor.p"))
    stop = LiveSource(hass, config, phases=1, voltage_v=230).start(
        lambda: heard.append(None)
    )
    show(hass, "p", 1, "W")
    show(hass, "p", 1, "W")
    show(hass, "p", 2, "W")
    show(hass, "other", 2, "W")
    await hass.async_block_till_done()
    assert len(heard) == 3
    stop()
    show(hass, "p", 3, "W")
    await hass.async_block_till_done()
    assert len(heard) == 3


def test_sources_survive_storage_and_renames() -> None:
    """What is stored is what is read again, under the names of today."""
    config = SourcesConfig(
        grid=PowerSource(positive="sensor.i", negative="sensor.e"),
        grid_phases=PHASES,
        grid_phases_export=("sensor.r1", "sensor.r2", "sensor.r3"),
        grid_phase_powers=("sensor.w1", "sensor.w2", "sensor.w3"),
        solar=("sensor.s",),
        battery=(PowerSource(entity="sensor.b", inverted=True),),
        battery_soc="sensor.soc",
        battery_capacity_wh=10_000,
        price_import="sensor.price",
        solar_forecasts=("01FORECAST",),
    )
    assert SourcesConfig.from_dict(config.to_dict()) == config
    renamed = config.renamed(lambda name: {"sensor.l2": "sensor.x"}.get(name, name))
    assert renamed.grid_phases == ("sensor.l1", "sensor.x", "sensor.l3")
    assert renamed.grid == config.grid
