"""Prices of the hours of a day in Amsterdam, as integrations show them, and how they are read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.sunfuse.sources.tariffs.price_slots import PriceReading
from custom_components.sunfuse.sources.tariffs.reading import read_prices

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# A Wednesday in winter time, 12:05 local.
NOW = datetime(2026, 11, 25, 11, 5, tzinfo=UTC)


def read(
    attributes: dict[str, Any],
    unit: str | None = "EUR/kWh",
    state: object = None,
    now: datetime = NOW,
    currency: str = "EUR",
    tz: ZoneInfo = AMSTERDAM,
) -> PriceReading:
    """Read as a user in the Netherlands would have it."""
    return read_prices(
        attributes, state=state, unit=unit, currency=currency, now=now, tz=tz
    )


def local_day(day: date, minutes: int = 60) -> list[datetime]:
    """Return the starts of a local day's slots, in local time with offset."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM)
    following = midnight + timedelta(days=1)
    at, starts = midnight.astimezone(UTC), []
    while at < following.astimezone(UTC):
        starts.append(at.astimezone(AMSTERDAM))
        at += timedelta(minutes=minutes)
    return starts


def hour_later(at: str) -> datetime:
    """Return an hour after a time in text."""
    return datetime.fromisoformat(at) + timedelta(hours=1)


def nord_pool_rows(day: date, minutes: int = 60) -> list[dict[str, Any]]:
    """Rows as Nord Pool from HACS has them; the price counts up from 0.10."""
    return [
        {
            "start": at.isoformat(),
            "end": (at.astimezone(UTC) + timedelta(minutes=minutes))
            .astimezone(AMSTERDAM)
            .isoformat(),
            "value": round(0.10 + index / 1000, 5),
        }
        for index, at in enumerate(local_day(day, minutes))
    ]


TODAY = date(2026, 11, 25)
HOURS = [at.isoformat() for at in local_day(TODAY)]
UTC_HOURS = [at.astimezone(UTC) for at in local_day(TODAY)]
