"""Statistics of the recorder as series, in watts and amperes whatever was recorded."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.sources.history import async_statistics
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

T0 = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def imported(hass: HomeAssistant) -> None:
    """Wait until the recorder has finished its earlier tasks."""
    done: asyncio.Future[None] = hass.loop.create_future()
    get_instance(hass).queue_task(SynchronizeTask(done))
    await done


async def import_means(
    hass: HomeAssistant,
    statistic_id: str,
    unit: str,
    unit_class: str,
    values: list[float],
    highest: list[float] | None = None,
    start: datetime = T0,
) -> None:
    """Put hourly means into the recorder."""
    async_import_statistics(
        hass,
        StatisticMetaData(
            mean_type=StatisticMeanType.ARITHMETIC,
            has_sum=False,
            name=None,
            source="recorder",
            statistic_id=statistic_id,
            unit_class=unit_class,
            unit_of_measurement=unit,
        ),
        [
            StatisticData(
                start=start + i * HOUR,
                mean=value,
                min=value,
                max=highest[i] if highest else value,
            )
            for i, value in enumerate(values)
        ],
    )
    await imported(hass)


async def import_sums(
    hass: HomeAssistant, statistic_id: str, sums: list[float], start: datetime = T0
) -> None:
    """Put an energy meter in kWh into the recorder."""
    async_import_statistics(
        hass,
        StatisticMetaData(
            mean_type=StatisticMeanType.NONE,
            has_sum=True,
            name=None,
            source="recorder",
            statistic_id=statistic_id,
            unit_class="energy",
            unit_of_measurement="kWh",
        ),
        [
            StatisticData(start=start + i * HOUR, state=value, sum=value)
            for i, value in enumerate(sums)
        ],
    )
    await imported(hass)


async def test_power_current_and_energy(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """A sensor in kW, one in mA, an energy meter in kWh, one that is not there."""
    await import_means(hass, "sensor.grid", "kW", "power", [1.5, -0.5], [4.0, 0.2])
    await import_means(hass, "sensor.l1", "mA", "electric_current", [6500.0])
    await import_sums(hass, "sensor.meter", [100.0, 100.5, 102.0])
    wanted = ["sensor.grid", "sensor.l1", "sensor.meter", "sensor.none"]
    found = await async_statistics(hass, wanted, T0, T0 + 24 * HOUR)
    assert set(found) == {"sensor.grid", "sensor.l1", "sensor.meter"}
    grid = found["sensor.grid"]
    assert [slot.value for slot in grid.mean] == [1500, -500]
    assert [slot.value for slot in grid.highest] == [4000, 200]
    assert (grid.mean[1].start, grid.mean[1].end) == (T0 + HOUR, T0 + 2 * HOUR)
    assert [slot.value for slot in found["sensor.l1"].mean] == [6.5]
    # 0.5 kWh in an hour are 500 W; of the first hour nothing is known before it.
    assert [slot.value for slot in found["sensor.meter"].mean][-2:] == pytest.approx(
        [500, 1500]
    )
    assert found["sensor.meter"].highest == ()


async def test_an_exchanged_meter(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """A sum that goes down is no production."""
    await import_sums(hass, "sensor.meter", [500.0, 3.0, 4.0])
    found = await async_statistics(hass, ["sensor.meter"], T0, T0 + 24 * HOUR)
    assert [slot.start for slot in found["sensor.meter"].mean][-1] == T0 + 2 * HOUR
    assert all(slot.value >= 0 for slot in found["sensor.meter"].mean)


async def test_nothing_asked(hass: HomeAssistant) -> None:
    """Without statistics the recorder is not even looked for."""
    assert await async_statistics(hass, [], T0, T0 + HOUR) == {}
