"""A comparison as plain data: for the response of an action, for JSON, and for a chart."""

from typing import Any

from .comparison import Comparison, Money, WeeksResult

_WH = 1000.0


def answer(comparison: Comparison, currency: str) -> dict[str, Any]:
    """Return both sides, their difference, what it saves, and the mean day of each for a chart."""
    today, there = _side(comparison.today), _side(comparison.what_if)
    return {
        "currency": currency,
        "weeks": comparison.today.weeks,
        "today": today,
        "what_if": there,
        "difference": {
            key: round(other - value, 2)
            for key, value in today.items()
            if value is not None and (other := there[key]) is not None
        },
        **_money(comparison.money),
        "if": {
            doubt.value: _money(money) for doubt, money in comparison.doubts.items()
        },
        "if_weeks": comparison.doubts_weeks,
        "measured": {
            "cost": round(comparison.paid, 2),
            "charged_kwh": round(comparison.charged_wh / _WH, 1),
        },
        "chart": {
            "step_minutes": 15,
            "today": _day(comparison.today),
            "what_if": _day(comparison.what_if),
        },
    }


def _side(result: WeeksResult) -> dict[str, float | None]:
    share = result.sun_share
    return {
        "cost_per_year": round(result.year_cost, 2),
        "energy_cost": round(result.energy_cost, 2),
        "peak_cost_per_month": round(result.peak_cost, 2),
        "peak_kw": round(result.peak_w / _WH, 2),
        "import_kwh": round(result.import_wh / _WH, 1),
        "export_kwh": round(result.export_wh / _WH, 1),
        "charged_kwh": round(result.cars_wh / _WH, 1),
        "solar_share": None if share is None else round(100 * share, 1),
        "departures": result.stays,
        "missed": result.missed,
        "missing_kwh": round(result.missing_wh / _WH, 1),
        "overload_minutes": round(result.overload_min),
    }


def _money(money: Money) -> dict[str, float | None]:
    years = money.payback_years
    return {
        "saving_per_year": round(money.saving, 2),
        "payback_years": None if years is None else round(years, 1),
    }


def _day(result: WeeksResult) -> dict[str, list[int]]:
    return {
        "grid_w": [round(power_w) for power_w in result.grid_w],
        "cars_w": [round(power_w) for power_w in result.cars_w],
    }
