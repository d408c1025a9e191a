"""The site report from the recorder of a Home Assistant."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.sources.forecasts.forecast_config import MeterStatistic
from custom_components.sunfuse.sources.report.report_reader import (
    CarMeter,
    PhaseMeter,
    ReportConfig,
    async_site_report,
)
from custom_components.sunfuse.sources.report.site_report import (
    Caution,
    GridConnection,
    NoHistoryError,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

from .test_history import T0, import_means

HOURS = 9 * 24
NOW = T0 + timedelta(hours=HOURS)


async def put(
    hass: HomeAssistant,
    statistic_id: str,
    value: float,
    *,
    unit: str = "A",
    highest: float | None = None,
    start: datetime = T0,
) -> None:
    """Put nine days of one value into the recorder."""
    unit_class = "electric_current" if unit == "A" else "power"
    await import_means(
        hass,
        statistic_id,
        unit,
        unit_class,
        [value] * HOURS,
        None if highest is None else [highest] * HOURS,
        start,
    )


async def test_three_current_sensors(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """6, 7 and 8 A with a highest of 20 A."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    for phase, amps in enumerate((6.0, 7.0, 8.0), start=1):
        await put(hass, f"sensor.l{phase}", amps, highest=20.0)
    meters = tuple(PhaseMeter(consumption=f"sensor.l{i}") for i in (1, 2, 3))
    config = ReportConfig(connection=GridConnection(fuse_a=25), phases=meters)
    report = await async_site_report(hass, config, NOW)
    assert [one.mean_a for one in report.phases] == pytest.approx([6, 7, 8])
    assert [one.peak_a for one in report.phases] == [20, 20, 20]
    assert report.days == pytest.approx(9)
    assert report.hours[0].charging_a == 15
    assert report.cautions == ()


@pytest.mark.parametrize(
    ("meter", "values", "amps", "export"),
    [
        # kW consumption and production apart, as DSMR has them: (0.46 - 2.3) kW / 230 V.
        (
            PhaseMeter(consumption="sensor.a", production="sensor.b", power=True),
            {"sensor.a": 0.46, "sensor.b": 2.3},
            0,
            8,
        ),
        # Signed, positive on export.
        (
            PhaseMeter(consumption="sensor.a", power=True, inverted=True),
            {"sensor.a": -1.15},
            5,
            0,
        ),
    ],
)
async def test_power_sensors(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    meter: PhaseMeter,
    values: dict[str, float],
    amps: float,
    export: float,
) -> None:
    """Watts become amperes, whatever the sign."""
    for statistic_id, value in values.items():
        await put(hass, statistic_id, value, unit="kW")
    config = ReportConfig(connection=GridConnection(fuse_a=25), phases=(meter,))
    report = await async_site_report(hass, config, NOW)
    figures = report.phases[0]
    assert figures.p95_a == pytest.approx(amps - export)
    assert figures.export_peak_a == pytest.approx(export)


@pytest.mark.parametrize(("shown_a", "p95_a"), [(5.0, 5), (-5.0, 5)])
async def test_an_inverted_current(
    recorder_mock: Recorder, hass: HomeAssistant, shown_a: float, p95_a: float
) -> None:
    """One that was never negative has no sign to turn: it counts as import, which promises too little."""
    await put(hass, "sensor.a", shown_a)
    meter = PhaseMeter(consumption="sensor.a", inverted=True)
    config = ReportConfig(connection=GridConnection(fuse_a=25), phases=(meter,))
    report = await async_site_report(hass, config, NOW)
    assert report.phases[0].p95_a == pytest.approx(p95_a)


async def test_only_a_total(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """6.9 kW over three phases are 10 A each, which is said to be assumed."""
    await put(hass, "sensor.grid", 6.9, unit="kW")
    config = ReportConfig(
        connection=GridConnection(fuse_a=25, even_split=True),
        phases=(PhaseMeter(consumption="sensor.grid", power=True),),
        shared_by=3,
    )
    report = await async_site_report(hass, config, NOW)
    assert [one.mean_a for one in report.phases] == pytest.approx([10, 10, 10])
    assert Caution.EVEN_SPLIT_ASSUMED in report.cautions


async def test_the_cars_are_not_the_house(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """14 A with 10 A of a car since the sixth day; its peaks are not the house's."""
    await put(hass, "sensor.l1", 14.0, highest=22.0)
    car: dict[str, Any] = {"start": T0 + timedelta(days=5)}
    await put(hass, "sensor.car", 10.0, **car)
    config = ReportConfig(
        connection=GridConnection(fuse_a=25),
        phases=(PhaseMeter(consumption="sensor.l1"),),
        cars=(
            CarMeter(currents=((0, "sensor.car"),)),
            CarMeter(currents=((0, "sensor.not_there"), (1, "sensor.nor_there"))),
        ),
    )
    report = await async_site_report(hass, config, NOW)
    assert report.phases[0].mean_a == pytest.approx((5 * 14 + 4 * 4) / 9)
    later = ReportConfig(
        connection=config.connection, phases=config.phases, cars=config.cars
    )
    recent = await async_site_report(hass, later, NOW, days=4)
    assert recent.phases[0].peak_a == pytest.approx(4)
    assert Caution.SHORT_HISTORY in recent.cautions


async def test_a_car_that_reports_only_its_power(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """6900 W on three phases of 230 V are 10 A on each."""
    for phase in (1, 2, 3):
        await put(hass, f"sensor.l{phase}", 14.0)
    await put(hass, "sensor.car", 6900.0, unit="W")
    currents = tuple((phase, f"sensor.silent_l{phase}") for phase in range(3))
    config = ReportConfig(
        connection=GridConnection(fuse_a=25),
        phases=tuple(PhaseMeter(consumption=f"sensor.l{i}") for i in (1, 2, 3)),
        cars=(CarMeter(currents=currents, power="sensor.car"),),
    )
    report = await async_site_report(hass, config, NOW)
    assert [one.mean_a for one in report.phases] == pytest.approx([4, 4, 4])


async def test_the_sun_and_the_battery(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """-5 A on the meter, 6900 W from the roof, 690 W from an inverted battery: the house took 6 A."""
    for phase in (1, 2, 3):
        await put(hass, f"sensor.l{phase}", -5.0)
    await put(hass, "sensor.roof", 6.9, unit="kW")
    await put(hass, "sensor.battery", -690.0, unit="W")
    config = ReportConfig(
        connection=GridConnection(fuse_a=25),
        phases=tuple(PhaseMeter(consumption=f"sensor.l{i}") for i in (1, 2, 3)),
        generation=(
            MeterStatistic(statistic_id="sensor.roof"),
            MeterStatistic(statistic_id="sensor.battery", inverted=True),
        ),
    )
    report = await async_site_report(hass, config, NOW)
    assert report.hours[0].mean_a == pytest.approx((6, 6, 6))
    assert report.phases[0].export_peak_a == 5
    assert report.cautions == ()


async def test_what_no_fuse_carries(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """One hour of a million amperes, and maxima of as much, are a meter's hiccup."""
    values = [6.0] * HOURS
    values[50] = 1e6
    await import_means(
        hass, "sensor.l1", "A", "electric_current", values, [5e4] * HOURS
    )
    config = ReportConfig(
        connection=GridConnection(fuse_a=25),
        phases=(PhaseMeter(consumption="sensor.l1"),),
    )
    report = await async_site_report(hass, config, NOW)
    assert report.phases[0].peak_a == report.phases[0].mean_a == pytest.approx(6)


async def test_a_recorder_that_knows_nothing(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """The action reports that."""
    config = ReportConfig(
        connection=GridConnection(fuse_a=25),
        phases=(PhaseMeter(consumption="sensor.x"),),
    )
    with pytest.raises(NoHistoryError):
        await async_site_report(hass, config, NOW)
