"""Known prices, and estimates where nothing is known yet.

Day-ahead prices arrive around 13:00 for the next day, sometimes late, sometimes not at
all, and sources fail. Prices are remembered. Beyond them the average is used: of the
last days at the same local time, working days and weekends separately, and without
that, the average of all that is remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from ...engine.codec import read_number, read_time
from ...engine.stored_items import Stored
from ..series import (
    QUARTER,
    Series,
    Slot,
    at_time,
    between,
    by_quarter,
    layered,
    mean,
    quarters,
)
from .components import Estimated

KEEP = timedelta(days=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMemory:
    """The quarter hours of the last two weeks and of the days ahead, and the currency.

    Carried over a restart by `memory_to_dict` and `memory_from_dict`.
    """

    currency: str | None = None
    series: Series = ()


def remember(
    memory: PriceMemory, series: Series, currency: str | None, now: datetime
) -> PriceMemory:
    """Add what a source reports now; it replaces what the source reported before."""
    known = memory.series
    if currency is not None and memory.currency not in {None, currency}:
        known = ()  # euros and kronor cannot be averaged
    # A tariff that ends in years does not need years of quarter hours.
    fresh = by_quarter(between(series, now - KEEP, now + KEEP))
    kept = tuple(
        slot for slot in layered(fresh, known) if now - KEEP < slot.end < now + KEEP
    )
    return PriceMemory(currency=currency or memory.currency, series=kept)


def ahead(
    memory: PriceMemory, start: datetime, end: datetime, tz: tzinfo
) -> tuple[Estimated, ...]:
    """Return every quarter hour of a period, known or estimated; nothing if none was ever known."""
    overall = mean(memory.series)
    if overall is None:
        return ()
    by_time: dict[tuple[bool, int], list[float]] = {}
    for slot in memory.series:
        by_time.setdefault(_kind(slot.start, tz), []).append(slot.value)
    slots = []
    for at in quarters(start, end):
        known = at_time(memory.series, at)
        if known is None:
            weekend, quarter = _kind(at, tz)
            same = by_time.get((weekend, quarter)) or by_time.get(
                (not weekend, quarter)
            )
            value = sum(same) / len(same) if same else overall
        else:
            value = known.value
        slot = Slot(start=at, end=at + QUARTER, value=value)
        slots.append(Estimated(slot=slot, estimated=known is None))
    return tuple(slots)


def _kind(at: datetime, tz: tzinfo) -> tuple[bool, int]:
    """Return whether an instant is on a weekend, and its quarter of the local day."""
    local = at.astimezone(tz)
    return local.weekday() >= 5, local.hour * 4 + local.minute // 15


def memory_to_dict(memory: PriceMemory) -> dict[str, Any]:
    """Return the memory as plain JSON for storage."""
    return {
        "currency": memory.currency,
        "slots": [[slot.start.isoformat(), slot.value] for slot in memory.series],
    }


def memory_from_dict(data: Mapping[str, Any] | Stored) -> PriceMemory:
    """Read the memory from storage; a row that cannot be read is noted and left out."""
    stored = Stored.of(data)
    return PriceMemory(
        currency=stored.read("currency", _currency, None),
        series=layered(stored.rows("slots", _slot_from_row)),
    )


def _currency(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"A currency expected, not {type(value)}")


def _slot_from_row(row: list[Any]) -> Slot:
    start = read_time(row[0]).astimezone(UTC)
    return Slot(start=start, end=start + QUARTER, value=read_number(row[1]))
