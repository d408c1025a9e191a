"""Forecasts through Home Assistant: its contract, entities, the recorder."""

from datetime import UTC, datetime, timedelta
import json
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_integration,
    mock_platform,
)

from custom_components.sunfuse.sources.forecasts.clear_sky import Place, clear_sky_mean
from custom_components.sunfuse.sources.forecasts.forecast_config import (
    ForecastConfig,
    MeterStatistic,
    config_from_dict,
)
from custom_components.sunfuse.sources.forecasts.forecast_reader import (
    ForecastReader,
    summed_power,
)
from custom_components.sunfuse.sources.history import Statistic
from custom_components.sunfuse.sources.series import Slot
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

from ..test_history import import_means, import_sums

NOW = datetime(2026, 6, 10, 9, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PLACE = Place(latitude=52.37, longitude=4.90)


@pytest.fixture(autouse=True)
async def _in_amsterdam(hass: HomeAssistant) -> None:
    """Home Assistant of a Dutch user."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config.latitude, hass.config.longitude = PLACE.latitude, PLACE.longitude


def forecasting(hass: HomeAssistant, answer: object) -> str:
    """Set up an integration with a solar forecast; return its config entry's id."""

    async def async_get_solar_forecast(_: HomeAssistant, __: str) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    mock_integration(hass, MockModule("sunny"))
    mock_platform(
        hass,
        "sunny.energy",
        SimpleNamespace(async_get_solar_forecast=async_get_solar_forecast),
    )
    entry = MockConfigEntry(domain="sunny")
    entry.add_to_hass(hass)
    entry_id: str = entry.entry_id
    return entry_id


def two_days(watts: float) -> dict[str, Any]:
    """Answer as Home Assistant's contract has it, 6 to 18 o'clock of two days."""
    return {
        "wh_hours": {
            (MIDNIGHT + day * DAY + hour * HOUR).isoformat(): watts
            for day in range(2)
            for hour in range(6, 18)
        }
    }


async def test_home_assistants_own_forecast(hass: HomeAssistant) -> None:
    """Two entries add up; load is a usual household's."""
    entry_id = forecasting(hass, two_days(1000))
    config = config_from_dict({"solar_entries": [entry_id, entry_id, "gone"]})
    forecasts = await ForecastReader(hass, config).async_refresh(NOW)
    assert forecasts.solar_source == "forecast"
    assert forecasts.solar[0].start == NOW - timedelta(minutes=5)
    assert forecasts.solar[0].p50_w == pytest.approx(2000)
    assert len(forecasts.load) == 192
    assert forecasts.load_days == 0


@pytest.mark.parametrize("answer", [None, AttributeError("runtime_data"), {}])
async def test_an_integration_that_is_not_ready(
    hass: HomeAssistant, answer: object
) -> None:
    """No forecast, and no exception."""
    config = ForecastConfig(solar_entries=(forecasting(hass, answer),))
    forecasts = await ForecastReader(hass, config).async_refresh(NOW)
    assert forecasts.solar == ()
    assert forecasts.solar_source == "none"


async def test_an_integration_without_forecast(hass: HomeAssistant) -> None:
    """And one that is no integration at all."""
    mock_integration(hass, MockModule("plain"))
    entries = [MockConfigEntry(domain=domain) for domain in ("plain", "unheard_of")]
    for entry in entries:
        entry.add_to_hass(hass)
    config = ForecastConfig(solar_entries=tuple(entry.entry_id for entry in entries))
    assert (await ForecastReader(hass, config).async_refresh(NOW)).solar == ()


def solcast_day(hass: HomeAssistant, entity: str, day: datetime, kilo: float) -> None:
    """Set an entity as Solcast's integration has them."""
    rows = [
        {
            "period_start": day + hour * HOUR,
            "pv_estimate": kilo,
            "pv_estimate10": kilo / 2,
            "pv_estimate90": kilo * 1.2,
        }
        for hour in range(24)
    ]
    hass.states.async_set(
        entity, "9", {"detailedForecast": rows, "unit_of_measurement": "kWh"}
    )


async def test_entities_of_solcast(hass: HomeAssistant) -> None:
    """Today and tomorrow follow each other; behind them the clear sky goes on."""
    solcast_day(hass, "sensor.today", MIDNIGHT, 3.0)
    solcast_day(hass, "sensor.tomorrow", MIDNIGHT + DAY, 2.0)
    group = ["sensor.today", "sensor.tomorrow", "sensor.not_there"]
    reader = ForecastReader(hass, config_from_dict({"roofs": [group], "peak_w": 5000}))
    assert reader.entities == group
    await reader.async_learn(NOW)
    forecasts = await reader.async_refresh(NOW)
    by_start = {slot.start: slot for slot in forecasts.solar}
    assert by_start[MIDNIGHT + 12 * HOUR].p50_w == 3000
    assert by_start[MIDNIGHT + 36 * HOUR].p10_w == 1000
    assert len(forecasts.solar) == 192
    behind = by_start[MIDNIGHT + 2 * DAY + 6 * HOUR]
    assert 0 < behind.p50_w < 2000


async def test_a_forecast_that_is_over(hass: HomeAssistant) -> None:
    """Entities that stopped updating days ago are no forecast of tomorrow."""
    solcast_day(hass, "sensor.today", MIDNIGHT - 3 * DAY, 3.0)
    reader = ForecastReader(hass, ForecastConfig(roofs=(("sensor.today",),)))
    assert (await reader.async_refresh(NOW)).solar_source == "none"


async def test_learning_from_the_recorder(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """A roof of 4 W per W/m2 and a house of 500 W, with a car and an inverted meter."""
    start = MIDNIGHT - 20 * DAY
    light = [
        clear_sky_mean(start + i * HOUR, start + (i + 1) * HOUR, PLACE)
        for i in range(20 * 24)
    ]
    solar = [4.0 * one for one in light]
    car = [2000.0 if i % 24 == 20 else 0.0 for i in range(20 * 24)]
    export = [s - 500.0 - c for s, c in zip(solar, car, strict=True)]
    meter = [sum(solar[: i + 1]) / 1000 for i in range(len(solar))]
    await import_sums(hass, "sensor.pv", meter, start)
    await import_means(hass, "sensor.export", "W", "power", export, start=start)
    await import_means(hass, "sensor.car", "W", "power", car, start=start)
    config = config_from_dict(
        {
            "grid": [{"statistic_id": "sensor.export", "inverted": True}],
            "solar": [{"statistic_id": "sensor.pv"}],
            "cars": [{"statistic_id": "sensor.car"}],
        }
    )
    reader = ForecastReader(hass, config)
    await reader.async_learn(NOW)
    forecasts = await reader.async_refresh(NOW)
    assert forecasts.solar_source == "history"
    assert forecasts.load_days == pytest.approx(20, abs=0.1)
    assert [slot.p50_w for slot in forecasts.load] == pytest.approx(
        [500] * 192, rel=0.1
    )
    noon = next(slot for slot in forecasts.solar if slot.start == MIDNIGHT + 12 * HOUR)
    sky = clear_sky_mean(noon.start, noon.end, PLACE)
    assert noon.p50_w == pytest.approx(4 * sky, rel=0.02)
    # At night the grid supplies the house; the car at eight in the evening is no peak of the house. No quarter hours yet.
    assert forecasts.day_peaks_w[60] == pytest.approx([500] * 20)
    assert forecasts.day_peaks_w[15] == ()


async def test_the_roof_corrects_the_forecast_over_a_restart(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """It foretold 1000 W and half came; the next day it is believed less."""
    entry_id = forecasting(hass, two_days(1000))
    config = config_from_dict(
        {"solar_entries": [entry_id], "solar": [{"statistic_id": "sensor.pv"}]}
    )
    reader = ForecastReader(hass, config)
    await reader.async_refresh(MIDNIGHT)
    stored = json.loads(json.dumps(reader.to_dict()))
    await import_means(hass, "sensor.pv", "W", "power", [500.0] * 24, start=MIDNIGHT)
    again = ForecastReader(hass, config)
    again.restore(stored)
    await again.async_learn(MIDNIGHT + 20 * HOUR)
    forecasts = await again.async_refresh(MIDNIGHT + 20 * HOUR)
    noon = next(s for s in forecasts.solar if s.start == MIDNIGHT + 36 * HOUR)
    # One day: (500 + 0.75 x 2000) / 3000 = 2/3, as by hand in test_solar.
    assert noon.p50_w == pytest.approx(1000 * 2 / 3)


@pytest.mark.parametrize(("shown_a", "power_w"), [(-4.0, 920.0), (4.0, 920.0)])
def test_currents_that_are_positive_on_export(shown_a: float, power_w: float) -> None:
    """Those that were never negative have no sign to turn."""
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    slot = Slot(start=start, end=start + timedelta(minutes=15), value=shown_a)
    meter = MeterStatistic(statistic_id="sensor.l1", inverted=True, factor=230.0)
    power = summed_power((meter,), {"sensor.l1": Statistic(mean=(slot,))})
    assert [one.value for one in power] == pytest.approx([power_w])
