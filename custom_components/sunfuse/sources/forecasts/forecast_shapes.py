"""Solar forecasts from Home Assistant's contract and from attributes, by their shape.

- `wh_hours`: energy by time, as every integration with a solar forecast returns;
- Solcast's `detailedForecast` and `detailedHourly`: mean power in kW with quantiles;
- `wh_period`, `wh_period_15m` (Wh) and `watts` (W) by time, as of Open-Meteo Solar Forecast, the finest of them;
- lists of rows with a time and a power, as templates make them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from ..series import QUARTER, Series, Slot, by_quarter, floor
from ..time_rows import (
    Row,
    around,
    first_key,
    parse_number,
    parsed,
    plain_key,
    read_pairs,
    read_rows,
    time_key,
    to_series,
)
from .power_forecast import RawForecast

_HOUR = timedelta(hours=1)
# The finest first: hourly values hide the quarter hours of sunrise.
_LISTS = ("detailedforecast", "detailedhourly", "forecast", "forecasts", "pv_forecast")
_POWER = ("pvestimate", "power", "watts", "pvpower", "ppvforecast", "value")
# More than any roof of a home or a small business: a wrong unit.
_ABSURD_W = 5e6
_LONGEST = timedelta(days=1)


def read_wh_hours(answer: object, tz: tzinfo, now: datetime) -> RawForecast:
    """Read `{"wh_hours": {iso time: Wh}}`, each the energy of the period that it begins.

    Keys are hours, or half hours; at sunrise and sunset some are odd times, which belong
    to the period that contains them, as in Home Assistant's own Energy dashboard.
    """
    energies = answer.get("wh_hours") if isinstance(answer, Mapping) else None
    if not isinstance(energies, Mapping):
        return RawForecast()
    rows = read_pairs(around(list(energies.items()), now), tz)
    return RawForecast(likely=_from_energies(rows))


def _from_energies(rows: Sequence[Row]) -> Series:
    """Convert energies in Wh, each from its time on, to watts by quarter hour.

    No energy is lost: energies in the same period are added.
    """
    step = _step([row.start for row in rows])
    # Where clocks are half an hour from UTC, local hours begin in the middle of UTC's.
    phase = _usual(row.start - floor(row.start, step) for row in rows)
    phase -= phase % QUARTER
    sums: dict[datetime, float] = {}
    for row in rows:
        if row.value is not None:
            start = floor(row.start - phase, step) + phase
            sums[start] = sums.get(start, 0.0) + max(0.0, row.value)
    hours = step / _HOUR
    return _believable(
        [
            Slot(start=start, end=start + step, value=sums[start] / hours)
            for start in sorted(sums)
        ]
    )


def _step(starts: Sequence[datetime]) -> timedelta:
    """Return the most common distance of the times: an hour, a half or a quarter."""
    ordered = sorted(set(starts))
    steps = (
        after - before for before, after in zip(ordered, ordered[1:], strict=False)
    )
    usual = _usual(steps) or _HOUR
    return next(
        step
        for step in (_HOUR, _HOUR / 2, QUARTER)
        if usual >= step or (step == QUARTER)
    )


def _usual(times: Iterable[timedelta]) -> timedelta:
    """Return the most common value; zero if there is none."""
    usual = Counter(times).most_common(1)
    return usual[0][0] if usual else timedelta(0)


def _believable(slots: Sequence[Slot]) -> Series:
    """Leave out what no roof can produce, and a power that holds for longer than a day."""
    return by_quarter(
        tuple(
            slot
            for slot in slots
            if slot.value <= _ABSURD_W and slot.end - slot.start <= _LONGEST
        )
    )


def read_solar(
    attributes: Mapping[str, Any], *, unit: str | None, tz: tzinfo, now: datetime
) -> RawForecast:
    """Read an entity's solar forecast from its attributes; empty if it has none.

    `unit` applies to a list of rows whose name does not state one: W or kW.
    """
    return find_solar(attributes, unit=unit, tz=tz, now=now)[1]


def find_solar(
    attributes: Mapping[str, Any], *, unit: str | None, tz: tzinfo, now: datetime
) -> tuple[str, RawForecast]:
    """Return the name of the attribute with a solar forecast, and the forecast."""
    lower = {str(name).lower(): parsed(raw)[0] for name, raw in attributes.items()}
    names = {str(name).lower(): str(name) for name in attributes}
    for name in _LISTS:
        items = around(_items(lower.get(name)), now)
        rows = [row for row in items if isinstance(row, Mapping)]
        forecast = _from_rows(rows, unit, tz)
        if forecast.likely:
            return names[name], forecast
    if (finest := _finest(lower, tz, now)) is not None:
        name, series = finest
        return names[name], RawForecast(likely=series)
    return names.get("wh_hours", ""), read_wh_hours(lower, tz, now)


def _finest(
    attributes: Mapping[str, Any], tz: tzinfo, now: datetime
) -> tuple[str, Series] | None:
    """Return the finest of the mappings from time to energy or power, and its name; of equals the energy."""
    found: list[tuple[timedelta, str, Series]] = []
    for name in ("wh_period_15m", "wh_period", "watts"):
        if not isinstance(mapping := attributes.get(name), Mapping):
            continue
        rows = read_pairs(around(list(mapping.items()), now), tz)
        series = (
            _believable(to_series(rows)) if name == "watts" else _from_energies(rows)
        )
        if series:
            found.append((_step([row.start for row in rows]), name, series))
    if not found:
        return None
    _, name, series = min(found, key=lambda one: one[0])
    return name, series


def _items(value: Any) -> Sequence[Any]:
    """Return a list's items; none if it is not a list."""
    return value if isinstance(value, list | tuple) else ()


def _from_rows(
    rows: Sequence[Mapping[str, Any]], unit: str | None, tz: tzinfo
) -> RawForecast:
    """Read rows with a power, with Solcast's quantiles if they have them."""
    sample = next((row for row in rows if time_key(row) is not None), None)
    if sample is None or (key := first_key(sample, _POWER)) is None:
        return RawForecast()
    # Solcast's estimates are kilowatts, also on an entity whose state is kWh.
    kilo = plain_key(key) == "pvestimate" or (unit or "").lower() == "kw"

    def series(name: str) -> Series:
        read = read_rows(rows, lambda row: parse_number(row.get(name)), tz)
        return _believable(
            [
                Slot(
                    start=slot.start,
                    end=slot.end,
                    value=max(0.0, slot.value) * (1000 if kilo else 1),
                )
                for slot in to_series(read)
            ]
        )

    return RawForecast(
        likely=series(key), low=series(f"{key}10"), high=series(f"{key}90")
    )
