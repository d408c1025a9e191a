"""Where a site's forecasts come from, and what its load is learned from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterStatistic:
    """A statistic of a power or energy sensor, and its sign.

    `inverted` if the sensor's sign differs from that of Home Assistant's Energy dashboard
    (grid positive on import, battery positive on discharge). `factor` converts what is
    recorded to watts: the voltage for a current, negative where export has a sensor of its own.
    """

    statistic_id: str
    inverted: bool = False
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastConfig:
    """Sources of forecasts and of what is learned; all of them are optional.

    Attributes:
        solar_entries: config entries with a solar forecast, as the Energy dashboard lists.
        roofs: groups of entities with forecast attributes; those of a group (Solcast's
            today, tomorrow, ...) follow each other, groups add up.
        peak_w: the panels' nominal power, for the first day without forecast and history.
        grid, solar, battery, cars: statistics, which add up within each.

    """

    solar_entries: tuple[str, ...] = ()
    roofs: tuple[tuple[str, ...], ...] = ()
    peak_w: float | None = None
    grid: tuple[MeterStatistic, ...] = ()
    solar: tuple[MeterStatistic, ...] = ()
    battery: tuple[MeterStatistic, ...] = ()
    cars: tuple[MeterStatistic, ...] = ()


def config_from_dict(data: Mapping[str, Any]) -> ForecastConfig:
    """Build the configuration from what the form stores."""

    def meters(name: str) -> tuple[MeterStatistic, ...]:
        return tuple(MeterStatistic(**meter) for meter in data.get(name, ()))

    return ForecastConfig(
        solar_entries=tuple(data.get("solar_entries", ())),
        roofs=tuple(tuple(group) for group in data.get("roofs", ())),
        peak_w=data.get("peak_w"),
        grid=meters("grid"),
        solar=meters("solar"),
        battery=meters("battery"),
        cars=meters("cars"),
    )
