"""What the site's entities say, in any unit and sign."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.sources.config import PowerSource, SourcesConfig
from custom_components.sunfuse.sources.live import (
    LiveSource,
    ProblemKind,
    SiteReadings,
    SourceProblem,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util


def show(hass: HomeAssistant, name: str, value: object, unit: str | None) -> None:
    """Show a value on a sensor."""
    hass.states.async_set(
        f"sensor.{name}", str(value), {"unit_of_measurement": unit} if unit else {}
    )


def read(hass: HomeAssistant, config: SourcesConfig, phases: int = 3) -> SiteReadings:
    """Read a site of 230 V."""
    return LiveSource(hass, config, phases=phases, voltage_v=230).read()


PHASES = ("sensor.l1", "sensor.l2", "sensor.l3")


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
    assert readings.meter is None
    assert readings.solar is None
    assert set(readings.problems) == {SourceProblem(entity_id="sensor.p", kind=kind)}


async def test_without_its_phases_a_meter_tells_the_total(hass: HomeAssistant) -> None:
    """Half of the phases are as good as none."""
    show(hass, "p", 690, "W")
    show(hass, "l1", 1, "A")
    readings = read(
        hass,
        SourcesConfig(grid=PowerSource(entity="sensor.p"), grid_phases=PHASES),
    )
    assert readings.meter
    assert (readings.meter.current_a, readings.meter.power_w) == (None, 690)


async def test_one_direction_of_two_is_no_power(hass: HomeAssistant) -> None:
    """Import without export would be taken for no export."""
    show(hass, "i", 0, "W")
    pair = PowerSource(positive="sensor.i", negative="sensor.e")
    assert read(hass, SourcesConfig(grid=pair)).meter is None


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
    show(hass, "l3", 1, "A")
    meter = read(hass, source).meter
    assert meter
    assert meter.at == start + timedelta(seconds=40)


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
