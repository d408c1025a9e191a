"""The present prices of a source: checked before it is accepted, and shown before it is stored."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...sources.tariffs.price_reader import (
    SourceKind,
    TariffConfig,
    TariffReader,
    source_from_dict,
)
from ...sources.tariffs.price_shapes import find_series
from ...sources.tariffs.price_slots import IssueKey, PriceIssue, Prices, PriceSlot
from ...sources.tariffs.table import Table
from ..checks import Errors
from ..reader import written
from .tables import Labels

# The issues that leave nothing to use; others are shown with the prices.
SOURCE_ERRORS = frozenset(
    {
        IssueKey.NOTHING_FOUND,
        IssueKey.UNREADABLE,
        IssueKey.SCALE_UNKNOWN,
        IssueKey.UNIT_UNKNOWN,
        IssueKey.UNIT_UNREADABLE,
        IssueKey.OUTDATED,
        IssueKey.SOURCE_FAILED,
    }
)


async def async_check_source(
    hass: HomeAssistant,
    field: str,
    source: Mapping[str, Any],
    errors: Errors,
    placeholders: dict[str, str],
) -> None:
    """Show at the field why nothing can be read from a source of prices."""
    config = TariffConfig(source=source_from_dict(source))
    prices = await TariffReader(hass, config).async_refresh(dt_util.utcnow())
    if prices.known_until is not None:
        return
    found = [issue for issue in prices.issues if issue.key in SOURCE_ERRORS]
    issue = found[0] if found else PriceIssue(key=IssueKey.NOTHING_FOUND)
    errors[field] = issue.key.value
    placeholders["detail"] = issue.detail or "?"


def preview(
    hass: HomeAssistant,
    config: TariffConfig,
    prices: Prices,
    labels: Labels,
    sentences: Mapping[str, str],
) -> dict[str, str]:
    """Return the prices of today and tomorrow in words, where they were found, and problems."""
    tz = ZoneInfo(hass.config.time_zone)
    today = dt_util.utcnow().astimezone(tz).date()
    issues = labels["price_issue"]
    return {
        "currency": prices.slots[0].currency if prices.slots else hass.config.currency,
        "today": _day(prices.slots, today, tz, sentences),
        "tomorrow": _day(prices.slots, today + timedelta(days=1), tz, sentences),
        "found": ", ".join(_recognised(hass, config)) or "–",
        "added": labels["price_added"]["some" if _adds(config) else "nothing"],
        "export": _export_now(prices, sentences) or labels["price_export"]["nothing"],
        "issues": "; ".join(
            f"{issues[issue.key]} ({issue.detail})"
            if issue.detail
            else issues[issue.key]
            for issue in prices.issues
        )
        or "✓",
    }


def _adds(config: TariffConfig) -> bool:
    """Return whether anything is added to the prices that are read."""
    parts = config.components
    return bool(
        parts.surcharge or parts.taxes or parts.vat_percent or parts.grid_fee != Table()
    )


def _export_now(prices: Prices, sentences: Mapping[str, str]) -> str:
    """Return what an exported kilowatt-hour earns now; nothing is an empty text."""
    now = dt_util.utcnow()
    earns = next(
        (slot.export_price for slot in prices.slots if slot.start <= now < slot.end),
        0.0,
    )
    return written(earns, 3, sentences) if earns else ""


def _day(
    slots: Iterable[PriceSlot], day: date, tz: ZoneInfo, sentences: Mapping[str, str]
) -> str:
    """Return a day's prices by the hour, equal ones together; `~` marks estimates."""
    hours: dict[datetime, list[PriceSlot]] = {}
    for slot in slots:
        local = slot.start.astimezone(tz)
        if local.date() == day:
            hours.setdefault(slot.start.replace(minute=0), []).append(slot)
    parts: list[str] = []
    before = ""
    for start, some in hours.items():
        mean = sum(slot.import_price for slot in some) / len(some)
        estimated = any(slot.estimated for slot in some)
        text = f"{'~' if estimated else ''}{written(mean, 3, sentences)}"
        if text != before:
            parts.append(f"{start.astimezone(tz):%H:%M} {text}")
        before = text
    return " · ".join(parts) or "?"


def _recognised(hass: HomeAssistant, config: TariffConfig) -> list[str]:
    """Return in which attributes prices were found, and how many."""
    if config.source.kind is not SourceKind.ENTITY:
        return []
    now, tz = dt_util.utcnow(), ZoneInfo(hass.config.time_zone)
    found = []
    for entity in config.source.entities:
        if (state := hass.states.get(entity)) is None:
            continue
        series, _ = find_series(state.attributes, now=now, tz=tz)
        found += [f"{one.name or entity} ({len(one.series)})" for one in series]
        if not series:
            found.append(entity)
    return found
