"""Long-term and short-term statistics of the recorder as series.

The recorder's database is read in its own executor, never on the event loop.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from homeassistant.components.recorder.statistics import (
    async_list_statistic_ids,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from .series import Series, Slot
from .time_rows import parse_number

type _Period = Literal["5minute", "hour"]

# More than any connection of a home or a small business, in any of these: a wrong unit, or an error of a meter.
_ABSURD = 5e6
# Statistics are converted to these units.
_UNITS = {"power": "W", "energy": "Wh", "electric_current": "A"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A statistic over time: means in W or A (energy meters give W), and maxima."""

    mean: Series = ()
    highest: Series = ()


async def async_kinds(
    hass: HomeAssistant, statistic_ids: Iterable[str]
) -> dict[str, str]:
    """Return which of these sensors have statistics, and the kind of each.

    The kinds are `power`, `energy` and `electric_current`. Other kinds are of no use here
    and left out, as is a sensor without a `state_class`. Without a recorder the answer is
    empty.
    """
    wanted = set(statistic_ids)
    if not wanted or "recorder" not in hass.config.components:
        return {}
    return {
        row["statistic_id"]: row["unit_class"]
        for row in await async_list_statistic_ids(hass, wanted)
        if row["unit_class"] in _UNITS
    }


async def async_statistics(
    hass: HomeAssistant,
    statistic_ids: Iterable[str],
    start: datetime,
    end: datetime,
    period: _Period = "hour",
) -> dict[str, Statistic]:
    """Read statistics of power, current or energy sensors.

    Of a power or current sensor its means and maxima, of an energy meter (kWh counting up)
    the mean power of each period. Sensors without statistics are missing in the answer;
    without a recorder, all are.
    """
    wanted = set(statistic_ids)
    if not wanted or "recorder" not in hass.config.components:
        return {}
    rows: dict[str, list[Any]] = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        start,
        end,
        wanted,
        period,
        _UNITS,
        {"mean", "max", "change"},
    )
    return {
        statistic_id: Statistic(
            mean=_series(some, "mean", "change"), highest=_series(some, "max")
        )
        for statistic_id, some in rows.items()
    }


def _series(rows: Iterable[Mapping[str, Any]], *names: str) -> Series:
    """Turn the recorder's rows into slots, by the first of the names that a row has.

    A meter that was replaced counts down once; negative values are left out then.
    """
    slots = []
    for row in rows:
        start = datetime.fromtimestamp(row["start"], UTC)
        end = datetime.fromtimestamp(row["end"], UTC)
        name = next((name for name in names if row.get(name) is not None), None)
        value = parse_number(row.get(name)) if name is not None else None
        if value is None:
            continue
        if name == "change":
            if value < 0:
                continue
            value *= 3600 / (end - start).total_seconds()
        if abs(value) > _ABSURD:
            continue
        slots.append(Slot(start=start, end=end, value=value))
    return tuple(slots)
