"""A comparison as a page of its own: a table, and the mean day of both sites as a picture."""

from collections.abc import Sequence
from html import escape
from typing import Any

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 760, 320, 56, 34, 30, 10
_COLORS = {"today": "#90a4ae", "what_if": "#1565c0"}
_NAMES = {"today": "today", "what_if": "what if"}
# What the table shows: the key of the answer, its name, the number of decimals.
_ROWS = (
    ("cost_per_year", "cost a year, peaks included", 0),
    ("energy_cost", "energy in these weeks", 2),
    ("peak_cost_per_month", "peaks a month", 2),
    ("peak_kw", "highest quarter hour, kW", 1),
    ("import_kwh", "from the grid, kWh", 0),
    ("export_kwh", "to the grid, kWh", 0),
    ("charged_kwh", "charged, kWh", 0),
    ("solar_share", "solar share of charging, %", 0),
    ("departures", "departures", 0),
    ("missed", "of these missed", 0),
    ("missing_kwh", "not charged in time, kWh", 1),
    ("overload_minutes", "minutes above the main fuse", 0),
)
_DOUBTS = {
    "prices_up": "energy prices a quarter higher",
    "prices_down": "energy prices a quarter lower",
    "use_up": "house and cars use a quarter more",
    "use_down": "house and cars use a quarter less",
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 800px; margin: 2em auto; padding: 0 1em; color: #212121; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 1em 0; }
td, th { padding: .25em .5em; border-bottom: 1px solid #ddd; text-align: right; }
td:first-child, th:first-child { text-align: left; }
svg { max-width: 100%; height: auto; }
"""


def comparison_page(title: str, varied: Sequence[str], told: dict[str, Any]) -> str:
    """Return HTML; `told` is the answer of a comparison, `varied` says what is different."""
    currency = escape(str(told["currency"]))
    today, there = told["today"], told["what_if"]
    rows = "".join(
        f"<tr><td>{name}</td><td>{_number(today[key], digits)}</td>"
        f"<td>{_number(there[key], digits)}</td>"
        f"<td>{_number(told['difference'].get(key), digits, sign=True)}</td></tr>"
        for key, name, digits in _ROWS
    )
    doubts = "".join(
        f"<tr><td>{name}</td>{_money(told['if'][key])}</tr>"
        for key, name in _DOUBTS.items()
        if key in told["if"]
    )
    different = "".join(f"<li>{escape(one)}</li>" for one in varied)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: what if</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}: what if</h1><ul>{different}</ul>"
        f"<p>The same {told['weeks']} weeks of the past, replayed at both sites. Money in {currency}.</p>"
        f"<table><tr><th></th><th>today</th><th>what if</th><th>difference</th></tr>{rows}</table>"
        f"<h2>The mean day</h2>{mean_day(told)}"
        "<h2>What it saves</h2><table><tr><th></th><th>a year</th><th>pays back in years</th></tr>"
        f"<tr><td>as in these weeks</td>{_money(told)}</tr>{doubts}</table></body></html>\n"
    )


def mean_day(told: dict[str, Any]) -> str:
    """Return the grid power of the mean day of both sites, as SVG."""
    lines: dict[str, list[float]] = {
        side: told["chart"][side]["grid_w"] for side in _COLORS
    }
    every = [power_w / 1000 for line in lines.values() for power_w in line]
    low, high = min(0.0, *every), max(1.0, *every)
    span = (high - low) * 1.05

    def x(step: float) -> float:
        return _LEFT + step / 96 * (_WIDTH - _LEFT - _RIGHT)

    def y(power_kw: float) -> float:
        return _HEIGHT - _BOTTOM - (power_kw - low) / span * (_HEIGHT - _BOTTOM - _TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"',
        ' aria-label="Grid power of the mean day" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    step_kw = max(1, round((high - low) / 6))
    for power_kw in range(int(low // step_kw) * step_kw, int(high) + 1, step_kw):
        if power_kw < low:
            continue
        parts.append(
            f'<path d="M{_LEFT} {y(power_kw):.1f}H{_WIDTH - _RIGHT}" stroke="{"#999" if power_kw == 0 else "#ddd"}"/>'
            f'<text x="{_LEFT - 6}" y="{y(power_kw) + 4:.1f}" text-anchor="end">{power_kw} kW</text>'
        )
    parts += [
        f'<text x="{x(4 * hour):.1f}" y="{_HEIGHT - 10}" text-anchor="middle">{hour:02}:00</text>'
        for hour in range(0, 25, 4)
    ]
    for place, (side, line) in enumerate(lines.items()):
        points = " ".join(
            f"{x(step + end):.1f},{y(power_w / 1000):.1f}"
            for step, power_w in enumerate(line)
            for end in (0, 1)
        )
        left = _LEFT + 130 * place
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{_COLORS[side]}" stroke-width="2"/>'
            f'<rect x="{left}" y="10" width="14" height="12" fill="{_COLORS[side]}"/>'
            f'<text x="{left + 20}" y="20">{_NAMES[side]}</text>'
        )
    return "".join([*parts, "</svg>"])


def _number(value: float | None, digits: int, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    return f"{value:{'+' if sign else ''},.{digits}f}"


def _money(told: dict[str, Any]) -> str:
    saving, years = told["saving_per_year"], told["payback_years"]
    return f"<td>{_number(saving, 0)}</td><td>{_number(years, 1)}</td>"
