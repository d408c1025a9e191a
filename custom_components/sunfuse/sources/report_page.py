"""The site report as a page: one file without scripts or fonts from elsewhere.

The texts come in as a mapping, so that translations can replace them; a text that is
missing there is English.
"""

from collections.abc import Mapping
from html import escape

from .report import HourFigures, SiteReport

TEXTS = {
    "title": "Site report",
    "answer": "This connection carries {carries} chargers, each with a day's driving "
    "even in a poor night.",
    "answer_none": "This connection does not carry a charger with a day's driving in "
    "every night.",
    "period": "{days:.0f} days, {coverage:.0%} of them known, until {end}",
    "phases": "Phases",
    "phase": "Phase",
    "peak": "Peak (A)",
    "p95": "95th percentile (A)",
    "mean": "Mean (A)",
    "export_peak": "Highest export (A)",
    "day": "The day: 95th percentile of the load, and what is left for charging",
    "hour": "Hour",
    "load": "Load (A)",
    "headroom": "Left (A)",
    "chargers": "Chargers",
    "all_at_once": "All at once (% of the time)",
    "any_at_all": "At least one (% of the time)",
    "night_kwh": "Each, usual night (kWh)",
    "poor_night_kwh": "Each, poor night (kWh)",
    "fail_safe": "Fail-safe current (A)",
    "proposals": "Main fuse {limit:.0f} A, margin {margin:.0f} A",
    "short_history": "Less than a week is known; ask again later.",
    "gaps": "More than a tenth of the time is missing.",
    "hourly_only": "Only hourly means are known; peaks of minutes are higher.",
    "even_split_assumed": "Only the total is measured; the phases are assumed to be "
    "equal, and one of them may well carry more.",
    "unbalanced": "One phase carries half more than the mean of all.",
    "over_fuse": "More than the main fuse's current was drawn already.",
    "slow_meter": "The meter tells something new once a minute or less; that is too "
    "slow to protect a fuse.",
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem;color:#1c1c1c;background:#fff}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:right;padding:.2rem .6rem;border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child{text-align:left}"
    "svg{width:100%;height:auto}.note{color:#8a4b00}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#111}"
    "th,td{border-color:#333}.note{color:#ffb454}}"
)


def report_page(report: SiteReport, texts: Mapping[str, str] | None = None) -> str:
    """Return the report as an HTML document."""
    words = {**TEXTS, **(texts or {})}
    answer = "answer" if report.carries else "answer_none"
    end = report.end.date().isoformat()
    parts = [
        f"<h1>{escape(words['title'])}</h1>",
        f"<p><strong>{escape(words[answer].format(carries=report.carries))}</strong></p>",
        _paragraph(
            words["period"].format(days=report.days, coverage=report.coverage, end=end)
        ),
        *(f'<p class="note">{escape(words[one])}</p>' for one in report.cautions),
        _paragraph(
            words["proposals"].format(
                limit=report.proposals.limit_a, margin=report.proposals.margin_a
            )
        ),
        f"<h2>{escape(words['chargers'])}</h2>",
        _chargers(report, words),
        f"<h2>{escape(words['day'])}</h2>",
        _chart(report.hours, report.proposals.limit_a - report.proposals.margin_a),
        _day(report.hours, words),
        f"<h2>{escape(words['phases'])}</h2>",
        _phases(report, words),
    ]
    return (
        '<!doctype html><html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(words['title'])}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>"
    )


def _paragraph(text: str) -> str:
    """Return a paragraph."""
    return f"<p>{escape(text)}</p>"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a table."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _chargers(report: SiteReport, words: Mapping[str, str]) -> str:
    """Return what each number of chargers would mean."""
    names = ("chargers", "all_at_once", "any_at_all", "night_kwh", "poor_night_kwh")
    return _table(
        [words[name] for name in (*names, "fail_safe")],
        [
            [
                str(one.chargers),
                f"{100 * one.all_at_once:.0f}",
                f"{100 * one.any_at_all:.0f}",
                f"{one.night_kwh:.1f}",
                f"{one.poor_night_kwh:.1f}",
                f"{fail_safe:.0f}",
            ]
            for one, fail_safe in zip(
                report.chargers, report.proposals.fail_safe_a, strict=True
            )
        ],
    )


def _phases(report: SiteReport, words: Mapping[str, str]) -> str:
    """Return the figures of the phases."""
    names = ("phase", "peak", "p95", "mean", "export_peak")
    return _table(
        [words[name] for name in names],
        [
            [
                f"L{index}",
                f"{one.peak_a:.1f}",
                f"{one.p95_a:.1f}",
                f"{one.mean_a:.1f}",
                f"{one.export_peak_a:.1f}",
            ]
            for index, one in enumerate(report.phases, start=1)
        ],
    )


def _day(hours: tuple[HourFigures, ...], words: Mapping[str, str]) -> str:
    """Return the hours as a table."""
    return _table(
        [words[name] for name in ("hour", "load", "headroom")],
        [
            [
                f"{one.hour:02}:00",
                " / ".join(f"{amps:.1f}" for amps in one.p95_a),
                " / ".join(f"{amps:.1f}" for amps in one.headroom_a),
            ]
            for one in hours
        ],
    )


def _chart(hours: tuple[HourFigures, ...], limit_a: float) -> str:
    """Return the fullest phase of each hour as bars, below a line at the limit."""
    highest = max(limit_a, *(max(one.p95_a) for one in hours))
    bars = []
    for one in hours:
        amps = max(0.0, *one.p95_a)
        height = 180 * amps / highest
        bars.append(
            f'<rect x="{one.hour * 30 + 3}" y="{190 - height:.1f}" width="24" '
            f'height="{height:.1f}" fill="#3b82c4"><title>{one.hour}:00 {amps:.1f} A'
            "</title></rect>"
        )
    line = 190 - 180 * limit_a / highest
    return (
        '<svg viewBox="0 0 720 200" role="img">'
        + "".join(bars)
        + f'<line x1="0" x2="720" y1="{line:.1f}" y2="{line:.1f}" stroke="#c4443b" '
        'stroke-width="2"/></svg>'
    )
