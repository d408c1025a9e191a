"""Prices from the attributes of an entity, recognised by their shape.

There is no list of integrations: anything that holds times with numbers is read, in the order of trust:

- lists of rows with a time and a price (Nord Pool, ENTSO-E, EPEX Spot, Octopus, Amber,
  aWATTar, Zonneplan, Frank Energie, Energi Data Service, PSE, templates on EnergyZero);
- lists of pairs of price and time, mappings from time to price (OMIE);
- attributes whose names are times (Czech spot prices) or hours (PVPC);
- bare lists of a day's prices named today and tomorrow (Tibber's custom component);
- hours of a day without their date, in attributes named today and tomorrow (GE-Spot).

The unit is that in the field's name (`price_ct_per_kwh`), otherwise the row's or the entity's
unit. The state of the entity, whose unit is known, is the reference: if the attribute differs by a
power of ten (Zonneplan's millionths), the attribute's scale is corrected.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import islice, pairwise
import re
from typing import Any

from ..series import Series, Slot, layered
from ..time_rows import (
    END_KEYS,
    MOST_ROWS,
    START_KEYS,
    Row,
    around,
    first_key,
    parse_number,
    parse_time,
    parsed,
    plain_key,
    read_pairs,
    read_rows,
    time_key,
    to_series,
)
from .price_slots import IssueKey, PriceIssue
from .units import names_energy

# Written as `plain_key` returns them.
VALUE_KEYS = (
    *("valueincvat", "valueinclvat", "totalprice", "total", "allin"),
    *("pricetaxincluded", "pricewithtax"),
    *("perkwh", "priceperkwh", "priceeurperkwh", "pricectperkwh"),
    *("priceeurpermwh", "electricityprice", "price", "value", "marketprice"),
    *("rate", "tariff", "cost", "rcepln", "carbonintensity"),
    *("intensity", "co2", "forecast", "unitprice", "energy"),
)
_TIME_KEYS = (*START_KEYS, *END_KEYS)
# Rows of these attributes are not the price of electricity.
_OTHERS = re.compile(r"gas|cheapest|highest|lowest|level|rank|sustainab|dispatch|event")
# Rows of these attributes are feed-in prices, unless all rows of the entity are.
_EXPORT = re.compile(r"export|feed_?in|inject|sell|return")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::00)?")
# The hours of the day on which clocks go forward.
_LEAST = 23
_PVPC = re.compile(r"^price_(next_day_)?(\d\d)h(_d)?$")
_DAYS = {"today": 0, "tomorrow": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlots:
    """Slots as an attribute contains them, with the unit that the field and the row state."""

    name: str
    series: Series
    missing: int
    value_key: str = ""
    row_unit: str | None = None

    @property
    def export(self) -> bool:
        """Return whether the attribute's name is about feed-in."""
        return _EXPORT.search(self.name.lower()) is not None


def find_series(
    attributes: Mapping[str, Any], *, now: datetime, tz: tzinfo
) -> tuple[list[FoundSlots], list[PriceIssue]]:
    """Find everything with the shape of prices over time, the most trusted first."""
    issues: list[PriceIssue] = []
    items: list[tuple[Any, Any]] = list(attributes.items())
    attributes = dict(around(items, now))
    named = sorted(attributes.items(), key=lambda item: _trust(str(item[0])))
    found = []
    values: dict[str, Any] = {}
    for name, raw in named:
        if _OTHERS.search(str(name).lower()):
            continue
        values[str(name)], unreadable = parsed(raw)
        if unreadable:
            issues.append(PriceIssue(key=IssueKey.UNREADABLE, detail=str(name)))
        found += _read_attribute(str(name), values[str(name)], now, tz)
    found += _read_names(attributes, tz)
    found += _read_pvpc(attributes, now, tz)
    if not any(one.series for one in found):
        days, copied = _read_bare_days(attributes, now, tz)
        found += days
        issues += copied
    if not any(one.series or one.missing for one in found):
        issues += [
            PriceIssue(key=IssueKey.UNREADABLE, detail=name)
            for name, value in values.items()
            if _looks_like_prices(value)
        ]
    issues += [
        PriceIssue(key=IssueKey.MISSING_VALUES, detail=one.name)
        for one in found
        if one.missing
    ]
    return [one for one in found if one.series], issues


def _trust(name: str) -> tuple[int, str]:
    """Order attributes: the market's days, then lists of everything, then forecasts.

    Energi Data Service puts an estimate of the coming week into `forecast`.
    """
    lower = name.lower()
    if "raw" in lower:
        return 0, lower
    if any(day in lower for day in _DAYS):
        return 1, lower
    return (3 if lower.startswith("forecast") else 2), lower


def _looks_like_prices(value: Any) -> bool:
    """Return whether a value has as many parts with a number as the shortest day has hours."""
    parts = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping | list | tuple):
        return False
    looked_at = islice(parts, MOST_ROWS)
    with_numbers = islice((part for part in looked_at if _has_number(part)), _LEAST)
    return sum(1 for _ in with_numbers) == _LEAST


def _has_number(part: Any) -> bool:
    inner = part.values() if isinstance(part, Mapping) else part
    if not isinstance(part, Mapping | list | tuple):
        inner = (part,)
    return any(parse_number(one) is not None for one in inner)


def _read_attribute(
    name: str, value: Any, now: datetime, tz: tzinfo
) -> list[FoundSlots]:
    """Read one attribute by its shape; nothing if the shape is unknown."""
    if isinstance(value, Mapping):
        items: list[tuple[object, object]] = list(value.items())
        value = _dated(name, dict(around(items, now)), now, tz)
        if any(parse_time(key) is not None for key in value):
            return [_found(name, read_pairs(value.items(), tz))]
        # {"data": [...]}, {home: [...]}, {area: [...]}: one step deeper.
        return [
            inner
            for key, part in value.items()
            if isinstance(part, list | tuple)
            for inner in _read_attribute(f"{name}.{key}", part, now, tz)
        ]
    if not isinstance(value, list | tuple) or not value:
        return []
    value = _dated(name, around(value, now), now, tz)
    rows = [row for row in value if isinstance(row, Mapping)]
    if rows:
        return _read_mappings(name, rows, now, tz)
    pairs = [
        pair for pair in value if isinstance(pair, list | tuple) and len(pair) == 2
    ]
    return [_found(name, read_pairs(_time_first(pairs), tz))] if pairs else []


def _dated(name: str, value: Any, now: datetime, tz: tzinfo) -> Any:
    """Give hours of a day (`{"time": "13:00"}`, `{"13:00": 0.1}`) the date from the attribute's name."""
    day = next((day for day in _DAYS if day in name.lower()), None)
    if day is None:
        return value
    date = now.astimezone(tz).date() + timedelta(days=_DAYS[day])

    def dated(clock: object) -> object:
        match = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
        if match is None:
            return clock
        return datetime.combine(date, time(int(match[1]), int(match[2])))

    if isinstance(value, Mapping):
        return {dated(key): part for key, part in value.items()}
    if not isinstance(value, list | tuple):
        return value
    return [
        {
            key: dated(part) if plain_key(str(key)) in _TIME_KEYS else part
            for key, part in row.items()
        }
        if isinstance(row, Mapping)
        else row
        for row in value
    ]


def _time_first(
    pairs: Sequence[Sequence[object]],
) -> Iterator[tuple[object, object]]:
    """Bring pairs to the order of time and value."""
    for one, other in pairs:
        yield (one, other) if parse_time(one) is not None else (other, one)


def _read_mappings(
    name: str, rows: Sequence[Mapping[str, Any]], now: datetime, tz: tzinfo
) -> list[FoundSlots]:
    """Read a list of rows with named times."""
    if (sample := next((row for row in rows if time_key(row)), None)) is None:
        return []
    if (key := value_key(rows)) is None:
        return []
    read = read_rows(rows, lambda row: _value(row.get(key)), tz)
    end = first_key(sample, END_KEYS)
    # An end of null: the tariff continues. Two days of it are enough.
    goes_on = end is not None and rows[-1].get(end, 0) is None
    series = to_series(read, open_end=now + timedelta(days=2) if goes_on else None)
    unit = sample.get("unit")
    return [
        FoundSlots(
            name=name,
            series=series,
            missing=sum(row.value is None for row in read),
            value_key=key,
            row_unit=unit if isinstance(unit, str) else None,
        )
    ]


def value_key(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the key of the rows' value: a known name, otherwise the only number."""
    keys: dict[str, None] = {}
    for row in rows:
        keys.update(dict.fromkeys(key for key in row if isinstance(key, str)))
    held = [
        key for key in keys if any(_value(row.get(key)) is not None for row in rows)
    ]
    by_name = first_key(dict.fromkeys(held), VALUE_KEYS)
    if by_name is not None:
        return by_name
    # price_gbp_per_mwh, price_pence_per_kwh: each names its own unit.
    if (with_unit := next(filter(names_energy, held), None)) is not None:
        return with_unit
    # All of tomorrow's values may still be null: only the name counts then.
    if (named := first_key(keys, VALUE_KEYS)) is not None and not held:
        return named
    others = [key for key in held if plain_key(key) not in (*_TIME_KEYS, "duration")]
    return others[0] if len(others) == 1 else None


def _value(raw: Any) -> float | None:
    """Read a value, which may be one level deeper (`intensity: {forecast, actual}`, `price: {amount}`)."""
    if isinstance(raw, Mapping):
        inner = (raw[key] for key in ("forecast", "value", "amount") if key in raw)
        return parse_number(next(inner, None))
    return parse_number(raw)


def _found(name: str, rows: list[Row]) -> FoundSlots:
    """Pack rows without named fields."""
    missing = sum(row.value is None for row in rows)
    return FoundSlots(name=name, series=to_series(rows), missing=missing)


def _read_names(attributes: Mapping[str, Any], tz: tzinfo) -> list[FoundSlots]:
    """Read attributes whose names are times."""
    pairs = [
        (name, value)
        for name, value in attributes.items()
        if parse_time(name) is not None and parse_number(value) is not None
    ]
    return [_found("", read_pairs(pairs, tz))] if pairs else []


def _read_pvpc(
    attributes: Mapping[str, Any], now: datetime, tz: tzinfo
) -> list[FoundSlots]:
    """Read `price_00h` to `price_23h`, with `price_02h_d` for the hour that occurs twice.

    Spain's PVPC names hours of the local day, those of the next day `price_next_day_00h`.
    """
    today = now.astimezone(tz).date()
    rows = []
    for name, value in attributes.items():
        if not (match := _PVPC.match(str(name))):
            continue
        day = today + timedelta(days=1 if match[1] else 0)
        at = datetime.combine(day, time(int(match[2])), tz)
        at = at.replace(fold=1 if match[3] else 0)
        start = at.astimezone(UTC)
        end = start + timedelta(hours=1)
        rows.append(Row(start=start, end=end, value=parse_number(value)))
    return [_found("price_*h", rows)] if rows else []


def _read_bare_days(
    attributes: Mapping[str, Any], now: datetime, tz: tzinfo
) -> tuple[list[FoundSlots], list[PriceIssue]]:
    """Read a day's prices without times, spread evenly over the local day.

    A day of 23 or 25 hours has 92 or 100 quarters; a list of the usual length on such a
    day cannot be distinguished from a wrong one and starts at midnight.
    """
    days: dict[str, list[float | None]] = {}
    for name in attributes:
        day = next((day for day in _DAYS if str(name).lower().endswith(day)), None)
        raw, _ = parsed(attributes[name])
        if day is None or not isinstance(raw, list | tuple):
            continue
        if not _LEAST <= len(raw) <= MOST_ROWS:
            continue
        days.setdefault(day, [parse_number(value) for value in raw])
    # Between midnight and the next fetch, some leave today's prices in both.
    if days.get("today") is not None and days.get("today") == days.get("tomorrow"):
        del days["tomorrow"]
        issues = [PriceIssue(key=IssueKey.COPY_OF_TODAY, detail="tomorrow")]
    else:
        issues = []
    return [_bare_day(day, values, now, tz) for day, values in days.items()], issues


def _bare_day(
    day: str, values: Sequence[float | None], now: datetime, tz: tzinfo
) -> FoundSlots:
    """Spread a list of prices over a local day."""
    date = now.astimezone(tz).date() + timedelta(days=_DAYS[day])
    midnight, following = (
        datetime.combine(date + timedelta(days=plus), time(), tz).astimezone(UTC)
        for plus in (0, 1)
    )
    # 23 to 25 values are hours, 46 to 50 halves, 92 to 100 quarters.
    step = timedelta(hours=1) / max(1, round(len(values) / 24))
    starts = [midnight + step * index for index in range(len(values))]
    slots = [
        Slot(start=start, end=start + step, value=value)
        for start, value in zip(starts, values, strict=True)
        if value is not None and start < following
    ]
    missing = sum(value is None for value in values)
    return FoundSlots(name=day, series=layered(slots), missing=missing)


def gaps(series: Series) -> list[tuple[datetime, datetime]]:
    """Return the gaps inside a series."""
    return [
        (before.end, after.start)
        for before, after in pairwise(series)
        if after.start > before.end
    ]
