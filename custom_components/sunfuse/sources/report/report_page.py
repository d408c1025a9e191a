"""The site report as a page: one file without scripts, fonts or pictures from elsewhere.

Texts are passed by key, in the reader's language. The page fits a phone and a desk, is light
or dark like the reader's screen, and can be printed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from html import escape

from .report_carry import Carried, Charger
from .report_style import STYLE
from .site_report import Caution, PhaseFigures, SiteReport

# Rows of the table of chargers that are visible at first.
_ROWS = 6
# What makes the answer itself doubtful; the other cautions are additional information.
_GRAVE = {Caution.OVER_FUSE, Caution.SHORT_HISTORY, Caution.SLOW_METER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page needs besides the report.

    Attributes:
        site: the site's name.
        chargers: how many chargers it has now.
        fuse_a: its main fuse.
        charger: the charger that was asked about.
        sensors: what was read.
        without: sensors that could not be read, as they have no statistics.
        texts: by key, in `language`, whose numbers have the `decimal_sign`.
        theme: `light`, `dark`, or empty for the reader's own.

    """

    site: str
    chargers: int
    fuse_a: float
    charger: Charger
    sensors: tuple[str, ...]
    without: tuple[str, ...]
    texts: Mapping[str, str]
    tz: tzinfo
    language: str = "en"
    decimal_sign: str = "."
    theme: str = ""

    def say(self, key: str, **values: object) -> str:
        """Return a text with its values, safe for HTML."""
        filled = {name: str(value) for name, value in values.items()}
        return escape(self.texts[key].format(**filled))

    def number(self, number: float) -> str:
        """Return a number with one decimal, as the language writes it."""
        return f"{number:.1f}".replace(".", self.decimal_sign)

    def short(self, number: float) -> str:
        """Return a number without a decimal that is 0."""
        return self.number(number).removesuffix(f"{self.decimal_sign}0")


def report_page(report: SiteReport, page: Page) -> str:
    """Return the report as an HTML document."""
    return _document(
        page,
        _answer(report, page),
        _notes(report, page),
        _section(page, "chargers", _chargers(report, page)),
        _section(page, "day", _day(report, page)),
        _section(page, "phases", _phases(report.phases, page)),
        _section(page, "proposals", _proposals(report, page)),
        _section(page, "method", _method(report, page)),
    )


def empty_page(page: Page) -> str:
    """Return the page of a site without data yet."""
    sensors = _list([*page.sensors, *page.without])
    return _document(
        page,
        f'<div class="answer"><p>{page.say("no_history")}</p></div>',
        f"<p>{page.say('no_history_why')}</p>{sensors}",
    )


def _document(page: Page, *parts: str) -> str:
    title = f"{page.say('title')}: {escape(page.site)}"
    theme = f' data-theme="{escape(page.theme)}"' if page.theme else ""
    return (
        f'<!doctype html><html lang="{escape(page.language)}"{theme}><head>'
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>"
        f"<header><h1>{page.say('title')}</h1><p>{escape(page.site)}</p></header>"
        f"{''.join(parts)}</main></body></html>"
    )


# Of less than a day not even the hours are known: a number would be no answer.
LEAST_DAYS = 1.0


def _section(page: Page, key: str, content: str) -> str:
    return f"<section><h2>{page.say(f'{key}_title')}</h2>{content}</section>"


def _answer(report: SiteReport, page: Page) -> str:
    """Return the question and its answer, at a glance."""
    if report.days < LEAST_DAYS:
        return (
            f'<div class="answer"><p class="question">{page.say("question")}</p>'
            f"<p>{page.say('too_early')}</p></div>"
        )
    carries, charger = report.carries, page.charger
    last = report.chargers[-1]
    more = "+" if last.enough else ""
    key = "answer" if carries > 1 else "answer_one" if carries else "answer_none"
    what = page.say(
        key,
        carries=carries,
        energy=page.short(charger.day_kwh),
        current=page.short(charger.max_a),
        phases=page.say(f"phases_{charger.phases}"),
    )
    unshared = page.say("unshared", number=report.carries_unshared)
    period = page.say(
        "period",
        days=f"{report.days:.0f}",
        start=report.start.astimezone(page.tz).date().isoformat(),
        end=report.end.astimezone(page.tz).date().isoformat(),
        coverage=f"{100 * report.coverage:.0f}",
    )
    return (
        f'<div class="answer"><p class="question">{page.say("question")}</p>'
        f'<p class="number">{carries}{more}</p><p>{what}</p>'
        f'<p class="small">{unshared}</p><p class="small">{period}</p></div>'
    )


def _notes(report: SiteReport, page: Page) -> str:
    """Return the reasons to read the report with care."""
    notes = [
        f'<li class="{"grave" if one in _GRAVE else "note"}">'
        f"{page.say(f'caution_{one.value}')}</li>"
        for one in report.cautions
    ]
    if page.without:
        names = ", ".join(page.without)
        notes.append(f'<li class="note">{page.say("without", sensors=names)}</li>')
    return f'<ul class="notes">{"".join(notes)}</ul>' if notes else ""


def _chargers(report: SiteReport, page: Page) -> str:
    """Return what each number of chargers would mean, the next one first."""
    coming = page.chargers + 1
    found = next((one for one in report.chargers if one.chargers == coming), None)
    text = ""
    if found is not None:
        key = "next" if page.chargers else "first"
        text = page.say(
            key,
            number=coming,
            now=page.chargers,
            night=page.short(found.night_kwh),
            poor=page.short(found.poor_night_kwh),
            share=_percent(found.all_at_once),
        )
    elif page.chargers:
        text = page.say("next_unknown", now=page.chargers)
    rows = [
        (
            "now" if one.chargers == page.chargers else "",
            [
                str(one.chargers),
                _verdict(one, page),
                page.number(one.night_kwh),
                page.number(one.poor_night_kwh),
                _percent(one.all_at_once),
                f"{fail_safe:.0f} A" if fail_safe else page.say("none_at_all"),
            ],
        )
        for one, fail_safe in zip(
            report.chargers, report.proposals.fail_safe_a, strict=True
        )
    ]
    names = ("number", "enough", "night", "poor_night", "all_at_once", "fail_safe")
    heads = [page.say(f"head_{name}") for name in names]
    shown = max(_ROWS, coming)
    more = ""
    if rows[shown:]:
        more = (
            f"<details><summary>{page.say('more')}</summary>"
            f"{_table(heads, rows[shown:])}</details>"
        )
    return (
        f"<p>{text}</p>{_table(heads, rows[:shown])}{more}"
        f'<p class="small">{page.say("chargers_note", energy=page.short(page.charger.day_kwh))}</p>'
    )


def _verdict(one: Carried, page: Page) -> str:
    key = "yes" if one.enough else "no"
    return f'<span class="{key}">{page.say(key)}</span>'


def _day(report: SiteReport, page: Page) -> str:
    """Return the day as bars: the draw of the house, and the headroom below the limit."""
    limit = report.proposals.limit_a - report.proposals.margin_a
    loads = {one.hour: max(0.0, *one.p95_a) for one in report.hours}
    top = max(page.fuse_a, *loads.values()) * 1.08
    bars = []
    for hour in range(24):
        load = loads.get(hour)
        if load is None:
            bars.append(f"<div><b>{hour}</b></div>")
        else:
            room = max(0.0, limit - load)
            kind = "room" if room >= page.charger.min_a else "little"
            title = page.say(
                "bar",
                hour=f"{hour:02}:00",
                load=page.short(load),
                room=page.short(room),
            )
            inner = (
                f'<i class="{kind}" style="height:{100 * room / top:.1f}%"></i>'
                f'<i class="load" style="height:{100 * load / top:.1f}%"></i>'
            )
            bars.append(f'<div title="{title}">{inner}<b>{hour}</b></div>')
    lines = "".join(
        f'<i class="{name}" style="bottom:{100 * amps / top:.1f}%"></i>'
        for name, amps in (("fuse", page.fuse_a), ("limit", limit))
    )
    legend = "".join(
        f'<li class="{name}">{page.say(f"legend_{name}", fuse=page.short(page.fuse_a), limit=page.short(limit))}</li>'
        for name in ("load", "room", "little", "limit", "fuse")
    )
    rows = [
        (
            "",
            [
                f"{one.hour:02}:00",
                " / ".join(page.number(amps) for amps in one.mean_a),
                " / ".join(page.number(amps) for amps in one.p95_a),
                " / ".join(page.number(amps) for amps in one.headroom_a),
                f"{one.charging_a:.0f}",
            ],
        )
        for one in report.hours
    ]
    heads = ("hour", "mean", "p95", "headroom", "charging")
    return (
        f"<p>{page.say('day_note')}</p>"
        f'<div class="chart" role="img" aria-label="{page.say("day_title")}">'
        f'<div class="bars">{"".join(bars)}</div><div class="lines">{lines}</div></div>'
        f'<ul class="legend">{legend}</ul>'
        f"<details><summary>{page.say('table')}</summary>"
        f"{_table([page.say(f'head_{name}') for name in heads], rows)}</details>"
    )


def _phases(phases: tuple[PhaseFigures, ...], page: Page) -> str:
    """Return the figures of the phases, with their share of the fuse."""
    rows = [
        (
            "over" if one.peak_a > page.fuse_a else "",
            [
                f"L{index}",
                page.number(one.mean_a),
                page.number(one.p95_a),
                page.number(one.peak_a),
                _gauge(one, page.fuse_a),
                page.number(one.export_peak_a),
            ],
        )
        for index, one in enumerate(phases, start=1)
    ]
    heads = ("phase", "mean", "p95", "peak", "of_fuse", "export_peak")
    return _table([page.say(f"head_{name}") for name in heads], rows)


def _gauge(one: PhaseFigures, fuse_a: float) -> str:
    """Return a bar of the fuse: 95th percentile in it, the peak as a line."""
    p95, peak = (
        min(100.0, 100 * max(0.0, amps) / fuse_a) for amps in (one.p95_a, one.peak_a)
    )
    return (
        f'<span class="gauge"><i style="width:{p95:.0f}%"></i>'
        f'<u style="left:{peak:.0f}%"></u></span>{100 * one.peak_a / fuse_a:.0f} %'
    )


def _proposals(report: SiteReport, page: Page) -> str:
    """Return the proposed settings; the fail-safe currents are with the numbers of chargers."""
    proposals = report.proposals
    cards = (
        ("main_fuse", f"{page.short(proposals.limit_a)} A"),
        ("margin", f"{page.short(proposals.margin_a)} A"),
    )
    shown = "".join(
        f"<div><dt>{page.say(key)}</dt><dd>{value}</dd></div>" for key, value in cards
    )
    return (
        f'<dl class="cards">{shown}</dl>'
        f'<p class="small">{page.say("fail_safe_note")}</p>'
    )


def _method(report: SiteReport, page: Page) -> str:
    """Return how the figures were calculated."""
    text = page.say(
        "method",
        charger_min=page.short(page.charger.min_a),
        energy=page.short(page.charger.day_kwh),
        km=f"{page.charger.day_kwh * 100 / 18:.0f}",
    )
    return f'<p class="small">{text}</p><p class="small">{page.say("sensors")}</p>{_list(page.sensors)}'


def _list(names: Iterable[str]) -> str:
    items = "".join(f"<li><code>{escape(name)}</code></li>" for name in names)
    return f'<ul class="small">{items}</ul>'


def _table(heads: list[str], rows: list[tuple[str, list[str]]]) -> str:
    """Return a table of cells that are safe for HTML, each row with its class."""
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = "".join(
        f'<tr class="{kind}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        for kind, cells in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
