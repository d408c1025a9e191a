"""How many chargers can my connection carry? By hand, for houses made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
import json
from pathlib import Path
import re
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.sunfuse.sources.report.report_carry import Charger, shared
from custom_components.sunfuse.sources.report.report_page import (
    Page,
    empty_page,
    report_page,
)
from custom_components.sunfuse.sources.report.report_style import STYLE
from custom_components.sunfuse.sources.report.site_report import (
    Caution,
    GridConnection,
    NoHistoryError,
    PhaseHistory,
    proposed_margin_a,
    site_report,
)
from custom_components.sunfuse.sources.series import Series, Slot

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
START = datetime(2026, 11, 1, 23, tzinfo=UTC)  # Monday 2 November, local midnight
STEP = timedelta(minutes=5)


def phase(days: float, *by_hour: float, highest: float | None = None) -> PhaseHistory:
    """Make a phase whose day is given by hours (one value: always that)."""
    count = int(days * 288)
    mean: Series = tuple(
        Slot(
            start=START + i * STEP,
            end=START + (i + 1) * STEP,
            value=by_hour[(i // 12) % len(by_hour)],
        )
        for i in range(count)
    )
    top = tuple(
        Slot(start=slot.start, end=slot.end, value=highest) for slot in mean
    ) if highest is not None else ()  # fmt: skip
    return PhaseHistory(mean_a=mean, highest_a=top)


NIGHT_AND_DAY = tuple(2.0 if hour < 7 or hour >= 22 else 12.0 for hour in range(24))


def test_a_common_house_by_hand() -> None:
    """25 A, margin 2, 2 A at night and 12 A by day on each phase, for ten days.

    At night 21 A are left: 9 h x 3 x 230 V x 16 A = 99.4 kWh for one charger,
    9 x 3 x 230 x 21 = 130.4 kWh for more. 130.4 / 8 = 16.3: sixteen cars get a day's
    driving, taking turns; three at once (21 // 6), and one at noon (11 // 6).
    """
    report = site_report(
        GridConnection(fuse_a=25.0), [phase(10, *NIGHT_AND_DAY)] * 3, AMSTERDAM
    )
    assert report.proposals.margin_a == 2
    assert report.days == pytest.approx(10)
    assert report.coverage == pytest.approx(1)
    assert report.cautions == ()
    assert report.carries == 16
    one, two, three, four = report.chargers[:4]
    assert one.night_kwh == pytest.approx(9 * 3 * 0.230 * 16)
    assert two.night_kwh == pytest.approx(9 * 3 * 0.230 * 21 / 2)
    assert [one.all_at_once, two.all_at_once] == pytest.approx([1, 9 / 24])
    assert [three.all_at_once, four.all_at_once] == pytest.approx([9 / 24, 0])
    assert four.any_at_all == 1
    assert list(report.hours[3].headroom_a) == [21, 21, 21]
    assert report.hours[3].charging_a == 16
    assert report.hours[12].charging_a == 11
    # Unwatched at the house's highest: 11 A for one; two cannot have 6 A each.
    assert report.proposals.fail_safe_a[:2] == (11, 0)
    assert report.phases[0].peak_a == 12
    assert report.phases[0].mean_a == pytest.approx((9 * 2 + 15 * 12) / 24)


def test_the_fullest_phase_binds_three_phase_chargers() -> None:
    """L2 at 20 of 25 A: 3 A are left, nothing can charge; alone, L1 and L3 can."""
    phases = [phase(8, 2.0), phase(8, 20.0), phase(8, 2.0)]
    report = site_report(GridConnection(fuse_a=25.0), phases, AMSTERDAM)
    assert report.carries == 0
    assert report.hours[0].charging_a == 0
    assert Caution.UNBALANCED in report.cautions
    single = GridConnection(fuse_a=25.0, charger=Charger(phases=1, max_a=32.0))
    report = site_report(single, phases, AMSTERDAM)
    # Two, one on each of the empty phases: 9 h x 230 V x 21 A each.
    assert report.chargers[1].night_kwh == pytest.approx(9 * 0.230 * 21)
    assert report.proposals.fail_safe_a[:3] == (21, 21, 0)


def test_chargers_take_turns_below_the_minimum() -> None:
    """13 A for three: two run; 5 A for one: none; 40 A for two of 16 A: 32."""
    charger = Charger()
    assert shared((12.0,) * 3, 25, 3, charger) == (2, 39)
    assert shared((20.0,) * 3, 25, 1, charger) == (0, 0)
    assert shared((0.0,) * 3, 40, 2, charger) == (2, 96)
    assert shared((30.0,) * 3, 25, 1, charger) == (0, 0)
    # Four single-phase ones on three phases: two share the emptiest.
    single = Charger(phases=1, max_a=16)
    assert shared((5.0, 10.0, 15.0), 25, 4, single) == (4, 20 + 15 + 10)


@settings(max_examples=50)
@given(
    st.lists(st.floats(-30, 60), min_size=1, max_size=3),
    st.floats(1, 80),
    st.integers(1, 50),
    st.sampled_from([1, 3]),
)
def test_no_phase_is_ever_overfull(
    load: list[float], limit: float, count: int, phases: int
) -> None:
    """What runs fits, each has its minimum, and none more than its maximum."""
    charger = Charger(phases=phases)
    running, amps = shared(load, limit, count, charger)
    assert 0 <= running <= count
    used = min(phases, len(load))
    assert 6 * running * used - 1e-9 <= amps <= 16 * running * used + 1e-9
    assert amps <= sum(max(0.0, limit - one) for one in load) + 1e-9


def test_peaks_of_moments_and_of_export() -> None:
    """The recorder's maxima count for the peak, not for the percentiles."""
    report = site_report(
        GridConnection(fuse_a=25), [phase(8, 5.0, -15.0, highest=31.0)], AMSTERDAM
    )
    figures = report.phases[0]
    assert (figures.peak_a, figures.export_peak_a) == (31, 15)
    assert figures.p95_a == 5
    assert Caution.OVER_FUSE in report.cautions
    assert report.proposals.fail_safe_a[0] == 0


@pytest.mark.parametrize(
    ("fuse", "interval", "margin"),
    [
        (25, None, 2),  # 5 % is 1.25
        (16, 1, 1),
        (63, 10, 5),  # 7.5 % is 4.7
        (25, 30, 4),  # 12.5 % is 3.1
        (25, 300, 5),  # never more than a fifth
        (10, None, 1),
    ],
)
def test_margins(fuse: float, interval: float | None, margin: float) -> None:
    """The slower the meter, the more; whole amperes."""
    connection = GridConnection(fuse_a=fuse, meter_interval_s=interval)
    assert proposed_margin_a(connection) == margin


def test_what_to_be_careful_about() -> None:
    """Three hourly days with holes of a site with one slow total meter."""
    mean = tuple(
        Slot(
            start=START + hour * timedelta(hours=1),
            end=START + (hour + 1) * timedelta(hours=1),
            value=3.0,
        )
        for hour in range(72)
        if hour % 4
    )
    connection = GridConnection(fuse_a=25, meter_interval_s=60, even_split=True)
    report = site_report(connection, [PhaseHistory(mean_a=mean)] * 3, AMSTERDAM)
    assert set(report.cautions) == {
        Caution.SHORT_HISTORY,
        Caution.GAPS,
        Caution.HOURLY_ONLY,
        Caution.EVEN_SPLIT_ASSUMED,
        Caution.SLOW_METER,
    }
    # No night is known well enough to speak of nights.
    assert report.chargers[0].night_kwh == 0


def test_nothing_known() -> None:
    """Neither without phases nor without a period that all of them know."""
    with pytest.raises(NoHistoryError):
        site_report(GridConnection(fuse_a=25), [], AMSTERDAM)
    with pytest.raises(NoHistoryError):
        site_report(
            GridConnection(fuse_a=25),
            [phase(8, 1.0), PhaseHistory(mean_a=())],
            AMSTERDAM,
        )


def test_fifty_is_enough() -> None:
    """A connection of 1000 A does not make an endless report."""
    report = site_report(GridConnection(fuse_a=1000), [phase(2, 0.0)] * 3, AMSTERDAM)
    assert report.carries == 50


def test_the_response_is_plain_json() -> None:
    """An action's response must be."""
    report = site_report(GridConnection(fuse_a=25), [phase(8, 5.0)] * 3, AMSTERDAM)
    data = json.loads(json.dumps(report.to_dict()))
    assert data["carries"] == report.carries
    assert data["start"] == "2026-11-01T23:00:00+00:00"
    assert data["hours"][0]["headroom_a"] == [18, 18, 18]


class Tags(HTMLParser):
    """Checks that what is opened is closed, and gathers the text."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Remember."""
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Nothing to close."""

    def handle_endtag(self, tag: str) -> None:
        """Hold against what is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Gather."""
        self.text += data + "\n"


ENGLISH: dict[str, str] = {
    key.removeprefix("report_"): text
    for key, text in json.loads(
        (
            Path(__file__).parents[2] / "custom_components/sunfuse/translations/en.json"
        ).read_text("utf-8")
    )["common"].items()
    if key.startswith("report_")
}
# What the panel around the page says.
PANEL = {"back", "days", "last_days", "open"}


def page_of(**changes: Any) -> Page:
    """Return the page of a site of 25 A without chargers."""
    page = Page(
        site="Home <1>",
        chargers=0,
        fuse_a=25,
        charger=Charger(),
        sensors=("sensor.grid_l1",),
        without=(),
        texts=ENGLISH,
        tz=AMSTERDAM,
    )
    return replace(page, **changes)


def read(document: str) -> Tags:
    """Read a page, which must be well-formed."""
    tags = Tags()
    tags.feed(document)
    assert tags.open == []
    return tags


def test_the_page() -> None:
    """Well-formed, with the answer; what users typed cannot break out of it."""
    report = site_report(
        GridConnection(fuse_a=25, even_split=True),
        [phase(3, *NIGHT_AND_DAY)] * 3,
        AMSTERDAM,
    )
    document = report_page(report, page_of(without=("sensor.<b>",)))
    text = read(document).text
    assert "Home &lt;1&gt;" in document
    assert "sensor.&lt;b&gt;" in document
    assert "16 chargers of 16 A on three phases" in text
    assert ENGLISH["caution_short_history"] in text
    assert "A first charger would give its car" in text
    assert "L3" in text
    none = site_report(GridConnection(fuse_a=25), [phase(8, 24.0)] * 3, AMSTERDAM)
    text = read(report_page(none, page_of(chargers=1, theme="dark"))).text
    assert "Not even one charger" in text
    assert "Number of chargers today: 1. With one more" in text
    many = read(report_page(none, page_of(chargers=60))).text
    assert "Number of chargers today: 60, more than" in many


def test_numbers_as_the_language_writes_them() -> None:
    """All of the text have a comma, and none of the styles, which no browser would understand."""
    report = site_report(
        GridConnection(fuse_a=25), [phase(3.25, *NIGHT_AND_DAY)] * 3, AMSTERDAM
    )
    document = report_page(report, page_of(decimal_sign=","))
    assert not re.search(r"\d\.\d", read(document).text.replace(STYLE, ""))
    assert re.search(r"\d,\d", read(document).text.replace(STYLE, ""))
    styles = " ".join(re.findall(r' style="([^"]*)"', document))
    assert re.search(r"\d\.\d%", styles)
    assert "," not in styles


def test_less_than_a_day_is_no_answer() -> None:
    """After some minutes no number is shown, not even a nought: it says that it needs a week."""
    report = site_report(
        GridConnection(fuse_a=25), [phase(3, *NIGHT_AND_DAY)] * 3, AMSTERDAM
    )
    text = read(report_page(replace(report, days=0.02), page_of())).text
    assert ENGLISH["too_early"] in text
    assert "chargers of 16 A" not in text
    assert "Not even one" not in text


def test_the_page_of_a_site_that_nothing_is_known_of() -> None:
    """It shows what is missing, and names the sensors."""
    text = read(empty_page(page_of(without=("sensor.grid_l2",)))).text
    assert ENGLISH["no_history"] in text
    assert "sensor.grid_l2" in text


def test_every_text_of_the_page_is_used() -> None:
    """A key that is missing is an error at run time; one too many is work for translators."""
    used: set[str] = set()

    class Noted(dict[str, str]):
        def __missing__(self, key: str) -> str:
            used.add(key)
            return ""

    report = site_report(
        GridConnection(fuse_a=25), [phase(3, *NIGHT_AND_DAY)] * 3, AMSTERDAM
    )
    poor = site_report(GridConnection(fuse_a=25), [phase(8, 24.0)] * 3, AMSTERDAM)
    for one, chargers in ((report, 0), (report, 1), (poor, 0), (poor, 60)):
        for carries in (one.carries, 1):
            told = replace(one, carries=carries, cautions=tuple(Caution))
            page = page_of(chargers=chargers, without=("x",), texts=Noted())
            report_page(told, page)
            empty_page(page)
    report_page(replace(report, days=0.02), page_of(texts=Noted()))
    for phases in (1, 2):
        asked = page_of(charger=Charger(phases=phases), texts=Noted())
        report_page(report, asked)
    assert used == ENGLISH.keys() - PANEL


def test_how_many_fit_without_sharing() -> None:
    """Beside a peak of 5 A under 25 - 2 A: one of 16 A on all phases, one on each phase."""
    phases = [phase(8, 5.0)] * 3
    assert (
        site_report(GridConnection(fuse_a=25), phases, AMSTERDAM).carries_unshared == 1
    )
    single = GridConnection(fuse_a=25, charger=Charger(phases=1))
    assert site_report(single, phases, AMSTERDAM).carries_unshared == 3


def test_what_the_sun_gave_is_load_when_it_is_dark() -> None:
    """The meter saw 2 A, and the sun gave 10 A on each phase: 12 A have to be carried."""
    sun = phase(8, 10.0).mean_a
    report = site_report(
        GridConnection(fuse_a=25), [phase(8, 2.0)] * 3, AMSTERDAM, given_a=sun
    )
    assert set(report.hours[12].headroom_a) == {23 - 12}
    assert report.phases[0].peak_a == 2
    # 11 A beside the highest load, for one charger; for two there are less than 6 A each.
    assert report.proposals.fail_safe_a[:2] == (11, 0)


def test_what_is_fed_in_is_no_room() -> None:
    """40 A of export leave no more than the limit, as a cloud takes them away."""
    report = site_report(GridConnection(fuse_a=25), [phase(8, -40.0)] * 3, AMSTERDAM)
    assert set(report.hours[0].headroom_a) == {23}
    assert Caution.SUN_IN_IT in report.cautions
    # 23 A on three phases from 22:00 to 7:00, shared by two: 9 h x 23 A x 690 V / 2.
    assert report.chargers[1].night_kwh == pytest.approx(9 * 23 * 0.69 / 2)
