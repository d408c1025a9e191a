"""Prices and forecasts as attributes for charts.

The lists have the shape of Nord Pool's and Solcast's attributes, which chart cards (and
Sunfuse itself) can read.
"""

from collections.abc import Iterable
from typing import Any

from .forecasts.power_forecast import Forecast
from .tariffs.price_slots import PriceSlot


def price_attribute(slots: Iterable[PriceSlot]) -> list[dict[str, Any]]:
    """Return prices as rows of start, end, value (to import), export, estimated."""
    return [
        {
            "start": slot.start.isoformat(),
            "end": slot.end.isoformat(),
            "value": round(slot.import_price, 5),
            "export": round(slot.export_price, 5),
            "estimated": slot.estimated,
            **({} if slot.carbon_g is None else {"carbon_g": round(slot.carbon_g)}),
        }
        for slot in slots
    ]


def solar_wh_hours(forecast: Forecast) -> dict[str, float | int]:
    """Return the energy of each hour by its start, as Home Assistant's Energy dashboard expects it."""
    hours: dict[str, float | int] = {}
    for slot in forecast:
        start = slot.start.replace(minute=0).isoformat()
        hours[start] = round(hours.get(start, 0.0) + slot.energy_wh, 1)
    return hours


def forecast_attribute(forecast: Forecast) -> list[dict[str, Any]]:
    """Return a forecast as rows of start, end and power in watts with its quantiles."""
    return [
        {
            "start": slot.start.isoformat(),
            "end": slot.end.isoformat(),
            "power": round(slot.p50_w),
            "p10": round(slot.p10_w),
            "p90": round(slot.p90_w),
        }
        for slot in forecast
    ]
