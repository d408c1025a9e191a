"""How often a source reports: learned from what arrives, whatever arrives."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
import json

from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.sources.freshness import WINDOW, Freshness, watch
from homeassistant.core import HomeAssistant

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
METER = "sensor.meter"


def reported(*intervals_s: float, again: bool = False) -> Freshness:
    """Return what is known after these intervals."""
    freshness, at = Freshness(), START
    freshness.reported(METER, at)
    for interval_s in intervals_s:
        at += timedelta(seconds=interval_s)
        freshness.reported(METER, at, again=again)
    return freshness


def test_median_and_jitter() -> None:
    """Ninety readings at 10 s, ten at 30 s: usually 10, one in twenty above 30 or at it."""
    interval = reported(*[10.0] * 90, *[30.0] * 10).of(METER)
    assert interval
    assert (interval.usual_s, interval.high_s, interval.longest_s) == (10, 30, 30)
    assert interval.count == 100


def test_too_few_say_nothing() -> None:
    """Nine intervals are no habit."""
    assert reported(*[5.0] * 9).of(METER) is None
    assert reported(*[5.0] * 10).of(METER) is not None
    assert Freshness().of(METER) is None


def test_a_poll_that_was_made_faster_is_seen_soon() -> None:
    """A week of 30 s is forgotten after four minutes of 1 s; memory stays bounded."""
    interval = reported(*[30.0] * 20_000, *[1.0] * WINDOW).of(METER)
    assert interval
    assert (interval.usual_s, interval.longest_s) == (1, 1)
    assert interval.count == WINDOW


def test_bursts_outages_and_clocks() -> None:
    """Attributes written apart, a night away and a clock set back are no intervals."""
    interval = reported(*[10.0, 0.01] * 12, 30_000.0, *[10.0] * 3, -500.0, 10.0).of(
        METER
    )
    assert interval
    # What follows within a burst counts from the first.
    assert interval.usual_s == interval.longest_s == pytest.approx(10.01)


@pytest.mark.parametrize(
    ("confirmed_s", "again", "usual_s"),
    [
        # Nobody knows what it carried for 90 s.
        ((), False, 90),
        # A total shows every 10 s that it carries the same.
        (range(10, 90, 10), False, 10),
        # An oven was in the total after 30 s, and in the phase after 90.
        ((10, 20, 30), False, 60),
        # The total of this report, a moment earlier, is not one of before.
        ((89.9,), False, 90),
        ((80, 86, 87, 88, 89, 89.9), False, 10),
        # It repeats what it shows, so it tells only this often whether that changed.
        (range(10, 90, 10), True, 90),
    ],
)
def test_a_total_shows_that_a_phase_is_not_slow(
    confirmed_s: Sequence[float], again: bool, usual_s: float
) -> None:
    """A phase reports every 90 s; its total showed at these times that it carried what it last reported."""
    freshness = Freshness()
    for turn in range(WINDOW + 10):
        at = START + timedelta(seconds=90 * turn)
        freshness.reported(METER, at, again=again)
        for second in confirmed_s:
            # The site is read more often than its total reports.
            for _ in range(2):
                freshness.confirmed([METER], at + timedelta(seconds=second))
    interval = freshness.of(METER)
    assert interval
    assert interval.usual_s == pytest.approx(usual_s)


def test_a_clock_that_is_set_forgets_what_was_confirmed() -> None:
    """A confirmation by another clock says nothing about an interval of this one."""
    freshness = reported(*[60.0] * 20)
    last = START + timedelta(seconds=1200)
    freshness.confirmed([METER], last + timedelta(seconds=30))
    freshness.clock_was_set()
    freshness.reported(METER, last)
    freshness.reported(METER, last + timedelta(seconds=60))
    interval = freshness.of(METER)
    assert interval
    assert interval.usual_s == 60


def test_unavailable_is_not_slow() -> None:
    """Ten minutes away between two readings are not an interval of ten minutes."""
    freshness = reported(*[1.0] * 20)
    freshness.silent(METER)
    freshness.silent("sensor.unheard_of")
    freshness.reported(METER, START + timedelta(minutes=10))
    freshness.reported(METER, START + timedelta(minutes=10, seconds=1))
    interval = freshness.of(METER)
    assert interval
    assert interval.longest_s == 1


@pytest.mark.parametrize(
    ("intervals_s", "again", "silence_s"),
    [
        ([1.0] * 20, True, 30),  # half a minute at least
        ([5.0] * 20, True, 50),  # ten times the usual
        ([5.0] * 19 + [40.0], True, 120),  # thrice the longest
        ([1.0] * 20, False, None),  # only changes are reported: silence is normal
        ([1.0] * 5, True, None),
    ],
)
def test_unusual_silence(
    intervals_s: list[float], again: bool, silence_s: float | None
) -> None:
    """Only of a sensor that speaks regularly, silence says something."""
    assert reported(*intervals_s, again=again).silence_s([METER]) == silence_s


def test_a_sensor_that_no_longer_repeats_its_value_is_known_as_such() -> None:
    """It was read every 5 s, and is replaced by one that waits minutes for a change; a short outage is no such wait."""
    intervals_s = [300.0, 5.0]
    before = [(5.0, True)] * 20
    outage = [*before, (300.0, False), *[(5.0, False)] * 20]
    replaced = [*before, *((s, False) for s in intervals_s * 6)]
    for rows, repeats in ((before, True), (outage, True), (replaced, False)):
        freshness, at = Freshness(), START
        freshness.reported(METER, at)
        for interval_s, again in rows:
            at += timedelta(seconds=interval_s)
            freshness.reported(METER, at, again=again)
        assert freshness.repeats([METER]) is repeats


@pytest.mark.parametrize(
    ("forced", "attribute", "repeats"),
    [
        (True, False, True),
        # What says more about the same value says nothing of it.
        (False, True, False),
    ],
)
async def test_a_value_that_is_forced_is_repeated(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    forced: bool,
    attribute: bool,
    repeats: bool,
) -> None:
    """An MQTT sensor with `force_update` changes each time to what it was."""
    freshness = Freshness()
    stop = watch(hass, [METER], freshness)
    for turn in range(12):
        freezer.tick(5)
        said = {"turn": turn} if attribute else {}
        hass.states.async_set(METER, "3.1", said, force_update=forced)
    assert freshness.repeats([METER]) is repeats
    interval = freshness.of(METER)
    assert interval
    assert (interval.usual_s, interval.regular) == (5, repeats)
    stop()


def test_a_meter_is_as_slow_as_its_slowest_part() -> None:
    """Of two sensors the slower one counts; of those that are not known none does."""
    freshness = reported(*[2.0] * 20, again=True)
    for index in range(20):
        freshness.reported(
            "sensor.slow", START + index * timedelta(seconds=9), again=True
        )
    slowest = freshness.slowest([METER, "sensor.slow", "sensor.unheard_of"])
    assert slowest
    assert slowest[0] == "sensor.slow"
    assert freshness.silence_s([METER, "sensor.slow"]) == 90
    assert freshness.silence_s([METER, "sensor.unheard_of"]) is None
    assert freshness.silence_s([]) is None
    assert freshness.slowest([]) is None


@given(st.lists(st.floats(0.2, 3600), min_size=10, max_size=400))
def test_what_was_seen_outlives_a_restart(intervals_s: list[float]) -> None:
    """To a tenth of a second, through JSON."""
    before = reported(*intervals_s)
    stored = json.loads(json.dumps(before.to_dict()))
    after = Freshness()
    after.restore(stored, [METER, "sensor.new"])
    was, now = before.of(METER), after.of(METER)
    assert was
    assert now
    assert now.usual_s == pytest.approx(was.usual_s, abs=0.11)
    assert now.longest_s == pytest.approx(was.longest_s, abs=0.11)
    assert was.usual_s <= was.high_s <= was.longest_s


@pytest.mark.parametrize(
    "kept",
    [None, 3, [], {"intervals_s": ["x", None, -4, 1e9]}, {"repeats": None}],
)
def test_a_store_that_was_broken(kept: object) -> None:
    """What cannot be read is as if it had never been."""
    freshness = Freshness()
    freshness.restore({METER: kept}, [METER])
    assert freshness.of(METER) is None
