"""Capacity tariffs: the month's peak, what it is billed at, what may still be drawn."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
import json
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.sources.series import Slot
from custom_components.sunfuse.sources.tariffs.capacity_rules import (
    CATALOGUE,
    CapacityTariff,
    PriceRule,
    capacity_from_dict,
)
from custom_components.sunfuse.sources.tariffs.month_peaks import (
    PeakState,
    add_energy,
    advance,
    billed_w,
    corrected,
    cost,
    expected_w,
    free_w,
    from_history,
    interval_start,
    measure_w,
    step_of,
    with_past,
)
from custom_components.sunfuse.sources.tariffs.peak_allowance import allowance
from custom_components.sunfuse.sources.tariffs.stored_peaks import (
    state_from_dict,
    state_to_dict,
)
from custom_components.sunfuse.sources.tariffs.table import TableError

BRUSSELS = ZoneInfo("Europe/Brussels")
FLANDERS = CATALOGUE["flanders"]
NORWAY = CATALOGUE["norway"]
HOURS = replace(FLANDERS, interval_min=60, floor_w=0.0)
SWEDEN = CATALOGUE["sweden"]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def draw(
    state: PeakState, start: datetime, power_w: float, minutes: float, key: str
) -> PeakState:
    """Draw a power for some minutes."""
    return add_energy(
        state,
        CATALOGUE[key],
        start,
        start + minutes * MINUTE,
        power_w * minutes / 60,
        tz=BRUSSELS,
    )


def test_flanders_highest_quarter_of_the_month() -> None:
    """A kettle for five minutes is 667 W of a quarter; the car's quarter is the peak."""
    state = draw(PeakState(), NOON, 2000, 5, "flanders")
    state = draw(state, NOON + 15 * MINUTE, 7400, 15, "flanders")
    state = draw(state, NOON + 30 * MINUTE, 1000, 15, "flanders")
    assert measure_w(state, FLANDERS) == pytest.approx(7400)
    assert state.peaks[0].start == NOON + 15 * MINUTE


def test_peaks_are_aligned_to_the_clock() -> None:
    """15 minutes of 8 kW across a boundary are two quarters of 4 kW."""
    state = draw(PeakState(), NOON + 7.5 * MINUTE, 8000, 15, "flanders")
    state = advance(state, FLANDERS, NOON + 45 * MINUTE, tz=BRUSSELS)
    assert measure_w(state, FLANDERS) == pytest.approx(4000)


def test_flanders_bills_the_mean_of_twelve_months_with_a_floor() -> None:
    """Six months at 2.5 (below it), five at 5.5, this one at 8: (15 + 27.5 + 8) / 12."""
    months = [f"2025-{number}" for number in (12,)] + [
        f"2026-{number:02}" for number in range(1, 11)
    ]
    past = {month: 2500.0 if i < 6 else 5500.0 for i, month in enumerate(months)}
    past["2025-11"] = 99000.0  # thirteen months ago
    state = draw(PeakState(), NOON, 8000, 15, "flanders")
    state = with_past(state, past)
    assert billed_w(state, FLANDERS) == pytest.approx(50500 / 12)
    tariff = replace(FLANDERS, price_per_kw=4.0)
    assert cost(state, tariff) == pytest.approx(4 * 50.5 / 12)
    assert billed_w(PeakState(), FLANDERS) == 2500


def test_a_new_month_begins_at_local_midnight() -> None:
    """23:00 UTC on 30 November is December in Brussels; November becomes past."""
    end = datetime(2026, 11, 30, 23, tzinfo=UTC)
    state = draw(PeakState(), end - 15 * MINUTE, 6000, 15, "flanders")
    assert state.month == "2026-12"
    assert state.peaks == ()
    assert dict(state.past) == {"2026-11": pytest.approx(6000)}
    assert expected_w(state, FLANDERS) == pytest.approx(6000)


def test_allowed_power_by_hand() -> None:
    """Target 4 kW is 1000 Wh a quarter; 400 used in 9 minutes leave 600 in 6: 6 kW."""
    state = add_energy(PeakState(), FLANDERS, NOON, NOON + 9 * MINUTE, 400, tz=BRUSSELS)
    now = NOON + 9 * MINUTE
    result = allowance(state, FLANDERS, now, tz=BRUSSELS, target_w=4000)
    assert result.power_w == pytest.approx(6000)
    assert result.mean_w == pytest.approx(1600)
    assert result.interval_end == NOON + 15 * MINUTE
    used_up = add_energy(state, FLANDERS, now, NOON + 10 * MINUTE, 900, tz=BRUSSELS)
    late = allowance(used_up, FLANDERS, NOON + 10 * MINUTE, tz=BRUSSELS, target_w=4000)
    assert late.power_w == 0


def test_a_peak_that_was_reached_is_free() -> None:
    """After 7.4 kW the target of 4 kW does not hold any more; the floor always does."""
    assert free_w(PeakState(), FLANDERS, NOON, BRUSSELS) == 2500
    state = draw(PeakState(), NOON, 7400, 15, "flanders")
    result = allowance(state, FLANDERS, NOON + 15 * MINUTE, tz=BRUSSELS, target_w=4000)
    assert result.target_w == pytest.approx(7400)
    assert result.power_w == pytest.approx(7400)


def hours(powers: list[float], key: str) -> PeakState:
    """Draw one hour a day."""
    state = PeakState()
    for day, power in enumerate(powers):
        state = draw(state, NOON + day * 24 * HOUR, power, 60, key)
    return state


def test_three_highest_hours_on_different_days() -> None:
    """Two high hours of one day count once."""
    state = hours([5000, 3000, 4000, 1000], "sweden")
    assert measure_w(state, SWEDEN) == pytest.approx(4000)
    same_day = draw(PeakState(), NOON, 9000, 120, "sweden")
    assert len(same_day.peaks) == 1
    assert measure_w(same_day, SWEDEN) == pytest.approx(9000)


def test_what_is_free_with_three_days() -> None:
    """A new day is free up to the lowest that counts; a day that counts, up to its own."""
    state = hours([5000, 3000, 4000, 1000], "sweden")
    assert free_w(state, SWEDEN, NOON + 96 * HOUR, BRUSSELS) == pytest.approx(3000)
    assert free_w(state, SWEDEN, NOON + 3 * HOUR, BRUSSELS) == pytest.approx(5000)
    two = hours([5000, 3000], "sweden")
    assert free_w(two, SWEDEN, NOON + 96 * HOUR, BRUSSELS) == 0


def test_a_month_to_come_is_no_target() -> None:
    """Somebody typed 2029 for 2026."""
    state = with_past(hours([1000], "flanders"), {"2026-10": 4000, "2029-10": 9000})
    assert expected_w(state, FLANDERS) == 4000


def test_norwegian_steps() -> None:
    """Mean of 4, 6, 3 is 4.33 kW: step 2 to 5. A new day may fill it: 15 - 4 - 6 = 5."""
    state = hours([4000, 6000, 3000], "norway")
    assert step_of(measure_w(state, NORWAY), NORWAY) == 1
    assert free_w(state, NORWAY, NOON + 96 * HOUR, BRUSSELS) == pytest.approx(5000)
    # On the day of the 6 kW hour: 15 - 4 - 3 = 8.
    assert free_w(state, NORWAY, NOON + 27 * HOUR, BRUSSELS) == pytest.approx(8000)
    assert cost(state, NORWAY) is None
    prices = ["250", "375", "437,5", 500, 562.5, 625, 700]
    priced = capacity_from_dict({"key": "norway", "step_prices": prices})
    assert cost(state, priced) == 375.0
    assert cost(hours([99000], "norway"), priced) == 700.0
    for wrong in (prices[:-1], [*prices[:-1], "much"], [*prices[:-1], -1]):
        with pytest.raises(TableError, match="bad_step_prices"):
            capacity_from_dict({"key": "norway", "step_prices": wrong})
    # Where there are no steps, their prices say nothing.
    assert capacity_from_dict({"key": "flanders", "step_prices": prices}) == FLANDERS
    assert step_of(2000, NORWAY) == 0
    assert step_of(2000.1, NORWAY) == 1


@given(st.lists(st.floats(100, 24000), min_size=1, max_size=6))
def test_what_is_free_never_costs_a_step(powers: list[float]) -> None:
    """Whatever was drawn, filling the next day's allowance stays in the step."""
    state = hours(powers, "norway")
    before = step_of(measure_w(state, NORWAY), NORWAY)
    now = NOON + 24 * len(powers) * HOUR
    free = free_w(state, NORWAY, now, BRUSSELS)
    after = draw(state, now, free - 1e-3, 60, "norway")
    assert step_of(measure_w(after, NORWAY), NORWAY) <= before


def test_above_the_last_step_there_is_no_limit() -> None:
    """Nothing costs more any more."""
    state = hours([30000, 30000, 30000], "norway")
    result = allowance(state, NORWAY, NOON + 96 * HOUR, tz=BRUSSELS)
    assert result.power_w is None


def test_the_first_days_of_a_month_fill_their_step() -> None:
    """With nothing drawn, an hour may have the lowest step and no more."""
    assert free_w(PeakState(), NORWAY, NOON, BRUSSELS) == pytest.approx(2000)


def test_night_hours_that_count_half() -> None:
    """8 kW at 23:00 counts as 4; so there is twice the room."""
    key = "sweden_half_at_night"
    night = datetime(2026, 11, 10, 22, tzinfo=UTC)
    state = draw(PeakState(), night, 8000, 60, key)
    assert measure_w(state, CATALOGUE[key]) == pytest.approx(4000)
    result = allowance(
        state, CATALOGUE[key], night + 2 * HOUR, tz=BRUSSELS, target_w=4000
    )
    assert result.power_w == pytest.approx(8000)


def test_demand_charge_with_season_and_hours() -> None:
    """Only weekdays from 16:00 to 21:00 count; outside there is no limit."""
    key, tariff = "us_15_min_evening", CATALOGUE["us_15_min_evening"]
    tz = ZoneInfo("America/Los_Angeles")
    monday = datetime(2026, 7, 6, 17, tzinfo=tz)
    saturday = datetime(2026, 7, 11, 17, tzinfo=tz)
    independence = datetime(2026, 7, 3, 17, tzinfo=tz)
    holidays = frozenset({independence.date()})
    state = PeakState()
    for start, power in ((independence, 12e3), (monday, 6e3), (saturday, 15e3)):
        state = add_energy(
            state, tariff, start, start + 15 * MINUTE, power / 4, tz=tz,
            holidays=holidays,
        )  # fmt: skip
    assert measure_w(state, tariff) == pytest.approx(6000), key
    free = allowance(state, tariff, saturday + 15 * MINUTE, tz=tz, target_w=1.0)
    assert free.power_w is None
    inside = allowance(state, tariff, monday + timedelta(days=7), tz=tz, target_w=1.0)
    assert inside.power_w == pytest.approx(6000)


@pytest.mark.parametrize(
    ("key", "local", "weight"),
    [
        # Salt River Project: 2-8 p.m. from May on, 5-9 a.m. and 5-9 p.m. from November on.
        ("us_30_min_peak_hours", "2026-05-01T14:00", 1.0),
        ("us_30_min_peak_hours", "2026-10-30T20:00", 0.0),
        ("us_30_min_peak_hours", "2026-11-02T05:00", 1.0),
        ("us_30_min_peak_hours", "2026-11-02T14:00", 0.0),
        ("us_30_min_peak_hours", "2026-11-02T20:59", 1.0),
        ("us_30_min_peak_hours", "2026-05-02T14:00", 0.0),  # Saturday
        # Arizona Public Service: 4-7 p.m.
        ("us_60_min_evening", "2026-11-02T16:00", 1.0),
        ("us_60_min_evening", "2026-11-02T19:00", 0.0),
        # Southern California Edison: 4-9 p.m., in winter too.
        ("us_15_min_evening", "2026-12-02T20:45", 1.0),
        ("us_15_min_evening", "2026-12-25T17:00", 0.0),  # a holiday
        # Sollentuna: 7-19.
        ("sweden_workdays", "2026-11-25T07:00", 1.0),
        ("sweden_workdays", "2026-11-25T19:00", 0.0),
    ],
)
def test_hours_that_count(key: str, local: str, weight: float) -> None:
    """As the companies' own pages say."""
    holidays = frozenset({date(2026, 12, 25)})
    table = CATALOGUE[key].weight
    assert table.at(datetime.fromisoformat(local), holidays) == weight


def test_three_hours_of_one_day() -> None:
    """Where the company does not ask for different days, one evening can fill the month."""
    state = draw(PeakState(), NOON, 6000, 180, "sweden_workdays")
    assert [peak.power_w for peak in state.peaks] == pytest.approx([6000] * 3)


def test_hours_of_india_begin_at_half_past() -> None:
    """Aligned to the local clock, not to that of Greenwich."""
    start = interval_start(NOON, SWEDEN, ZoneInfo("Asia/Kolkata"))
    assert start == NOON - 30 * MINUTE


def test_the_user_corrects_the_peak() -> None:
    """The grid company says 5 kW; what was measured is gone, the interval goes on."""
    state = draw(PeakState(), NOON, 9000, 20, "flanders")
    fixed = corrected(state, FLANDERS, 5000, NOON + 20 * MINUTE, BRUSSELS)
    assert measure_w(fixed, FLANDERS) == 5000
    assert fixed.used_wh == state.used_wh > 0
    three = corrected(hours([9000], "sweden"), SWEDEN, 4000, NOON + HOUR, BRUSSELS)
    assert measure_w(three, SWEDEN) == 4000
    assert free_w(three, SWEDEN, NOON, BRUSSELS) == 4000
    none = corrected(state, FLANDERS, 0, NOON, BRUSSELS)
    assert none.peaks == ()


def test_a_restart_in_the_middle_of_a_quarter() -> None:
    """Through JSON and back, it goes on where it was."""
    state = draw(PeakState(), NOON - HOUR, 5000, 60, "flanders")
    state = draw(state, NOON, 4000, 7, "flanders")
    state = with_past(state, {"2026-10": 3100.0})
    back = state_from_dict(json.loads(json.dumps(state_to_dict(state))))
    assert back == state
    assert state_from_dict({}) == PeakState()
    assert state_from_dict({"peaks": [["x", 1]], "past": [["2026-01", None]]}) == (
        PeakState()
    )


def test_late_readings_change_nothing() -> None:
    """A stretch of no time, or of an interval that is over."""
    state = draw(PeakState(), NOON, 4000, 5, "flanders")
    assert add_energy(state, FLANDERS, NOON, NOON, 100, tz=BRUSSELS) == state
    assert draw(state, NOON - 15 * MINUTE, 9000, 15, "flanders") == state
    assert advance(state, FLANDERS, NOON - HOUR, tz=BRUSSELS) == state


def test_feeding_in_is_no_negative_peak() -> None:
    """Export does not make room."""
    assert draw(PeakState(), NOON, -4000, 15, "flanders").peaks == ()


@given(
    st.lists(
        st.tuples(st.floats(0.5, 40), st.floats(0, 20000)), min_size=1, max_size=40
    )
)
def test_no_energy_is_lost_at_boundaries(stretches: list[tuple[float, float]]) -> None:
    """All that was drawn is in the finished intervals and the running one."""
    tariff = replace(FLANDERS, top=1000, different_days=False, floor_w=0.0)
    state, at, total = PeakState(), NOON, 0.0
    for minutes, power in stretches:
        energy = power * minutes / 60
        state = add_energy(
            state, tariff, at, at + minutes * MINUTE, energy, tz=BRUSSELS
        )
        at += minutes * MINUTE
        total += energy
    finished = sum(peak.power_w / 4 for peak in state.peaks)
    assert finished + state.used_wh == pytest.approx(total, abs=1e-3)


@given(st.floats(0, 14), st.floats(0, 3000), st.floats(500, 20000))
def test_drawing_what_is_allowed_meets_the_target(
    minute: float, used: float, target: float
) -> None:
    """Never more than the target, unless it was passed already, and all of it but for what is saved at the end."""
    now = NOON + minute * MINUTE
    state = advance(PeakState(), FLANDERS, NOON, tz=BRUSSELS)
    state = replace(state, used_wh=used)
    result = allowance(state, FLANDERS, now, tz=BRUSSELS, target_w=target)
    assert result.power_w is not None
    assert result.target_w == max(target, 2500)
    left = (result.interval_end - now) / HOUR
    reached = used + result.power_w * left
    assert reached <= max(used, result.target_w / 4) + 1e-3
    if minute <= 10 or used >= result.target_w * minute / 60:
        assert reached == pytest.approx(max(used, result.target_w / 4), abs=1e-3)


def test_what_was_saved_is_not_spent_in_a_burst() -> None:
    """Nothing used in 14 of 15 minutes: 1000 Wh would be 60 kW for a minute. Spread over five they are 15.2 kW."""
    state = advance(PeakState(), FLANDERS, NOON, tz=BRUSSELS)
    late = allowance(state, FLANDERS, NOON + 14 * MINUTE, tz=BRUSSELS, target_w=4000)
    # 4 kW, and (1000 - 4000 / 60) Wh in five minutes.
    assert late.power_w == pytest.approx(4000 + (1000 - 4000 / 60) * 12)
    # Who kept to the target goes on with it.
    steady = replace(state, used_wh=4000 * 14 / 60)
    late = allowance(steady, FLANDERS, NOON + 14 * MINUTE, tz=BRUSSELS, target_w=4000)
    assert late.power_w == pytest.approx(4000)


def test_a_plan_may_take_all_but_what_the_house_is_left() -> None:
    """4 kWh of an hour, 1 kW of the house in each later quarter: 3.25 kWh in the first are 13 kW, and then the house's own."""
    quarters = tuple((NOON + 15 * number * MINUTE, 1_000.0) for number in (1, 2, 3, 4))
    start = advance(PeakState(), HOURS, NOON, tz=BRUSSELS)

    def allowed_w(minute: float, used_wh: float, **changes: Any) -> float | None:
        given: Any = {"target_w": 4_000.0, "reserved": quarters, "house_w": 300.0}
        state, now = replace(start, used_wh=used_wh), NOON + minute * MINUTE
        given |= changes
        return allowance(state, HOURS, now, tz=BRUSSELS, **given).power_w

    assert allowed_w(0, 0) == pytest.approx(13_000)
    assert allowed_w(5, 500) == pytest.approx((4_000 - 500 - 750) * 6)
    # In no less than five minutes: what is left over is for the next quarter.
    assert allowed_w(14, 2_000) == pytest.approx((4_000 - 2_000 - 750) * 12)
    assert allowed_w(15, 3_250) == pytest.approx(1_000)
    # The last quarter has no burst at its end: what was saved is spread over twenty minutes.
    assert allowed_w(45, 3_750) == pytest.approx(1_000)
    assert allowed_w(45, 1_000) == pytest.approx(4_000 + 2_000 * 3)
    assert allowed_w(55, 1_000) == pytest.approx(4_000 + (3_000 - 4_000 / 12) * 3)
    # Never less than an even share, and nothing where the plan is that of another hour.
    much = tuple((end, 9_000.0) for end, _ in quarters)
    assert allowed_w(0, 0, reserved=much) == pytest.approx(4_000)
    assert allowed_w(0, 0, reserved=quarters[:2]) == pytest.approx(4_000)
    assert allowed_w(30, 5_000) == 0
    # What the house takes now it may go on taking; while nobody knows what that is, there is an even share.
    assert allowed_w(0, 0, house_w=2_000.0) == pytest.approx(16_000 - 3 * 2_000)
    assert allowed_w(0, 0, house_w=None) == pytest.approx(4_000)


def test_a_house_that_takes_more_than_its_forecast_stays_below_the_target() -> None:
    """An oven runs from noon on: 3 kW instead of 1 leave 4 kWh - 3 x 3 / 4 for the first quarter, cars and all."""
    quarters = tuple((NOON + 15 * number * MINUTE, 1_000.0) for number in (1, 2, 3, 4))
    state = advance(PeakState(), HOURS, NOON, tz=BRUSSELS)
    for minute in range(60):
        allowed = allowance(
            state,
            HOURS,
            NOON + minute * MINUTE,
            tz=BRUSSELS,
            target_w=4_000.0,
            reserved=quarters,
            house_w=3_000.0,
        )
        assert allowed.power_w is not None
        drawn_w = max(3_000.0, allowed.power_w)
        state = replace(state, used_wh=state.used_wh + drawn_w / 60)
    assert state.used_wh == pytest.approx(4_000)


def test_a_car_has_what_is_planned_until_the_end_of_its_quarter_hour() -> None:
    """2.4 kWh of an hour, 0.3 used in 45 minutes: 8.4 kW in the last quarter, planned before the hour began.

    Spread over five minutes, what was allowed fell below 4.1 kW a minute and a half before the end, and the car stopped.
    """
    hour_before = [(NOON - 15 * MINUTE * number, 400.0) for number in (1, 0)]
    reserved = [(NOON + 15 * number * MINUTE, 400.0) for number in (1, 2, 3, 4)]
    planned = [(end, 400.0) for end, _ in reserved[:3]] + [(NOON + HOUR, 8_400.0)]
    state = advance(PeakState(), HOURS, NOON, tz=BRUSSELS)
    state = replace(state, used_wh=300)
    for second in range(45 * 60, 3600, 10):
        result = allowance(
            state,
            HOURS,
            NOON + second * MINUTE / 60,
            tz=BRUSSELS,
            target_w=2_400,
            reserved=[*hour_before, *reserved],
            planned=[*hour_before, *planned],
            house_w=400.0,
        )
        assert result.power_w == pytest.approx(8_400)
        state = replace(state, used_wh=state.used_wh + 8_400 * 10 / 3600)
    assert state.used_wh == pytest.approx(2_400)


def test_what_is_saved_beyond_what_is_planned_is_no_burst() -> None:
    """A minute before the end 300 Wh are left, which would be 18 kW: 2.4 and what that leaves in 20 minutes, or the 5 kW planned."""
    state = advance(PeakState(), HOURS, NOON, tz=BRUSSELS)
    state = replace(state, used_wh=2_100)
    for planned_w, allowed_w in ((2_000, 3_180), (5_000, 5_000), (20_000, 18_000)):
        result = allowance(
            state,
            HOURS,
            NOON + 59 * MINUTE,
            tz=BRUSSELS,
            target_w=2_400,
            reserved=[(NOON + HOUR, 400.0)],
            planned=[(NOON + HOUR, planned_w)],
            house_w=400.0,
        )
        assert result.power_w == pytest.approx(allowed_w)


def test_two_cars_share_a_quarter_hour_as_planned_if_one_is_ready_before_its_end() -> (
    None
):
    """One needs 600 Wh at 4 kW, so nine minutes; the other 3.6 kW all the time: 7.6 kW, and then 3.6 kW.

    An even share, 6 kW, left the second car 2 kW until the first was ready, and then more than it can take.
    """
    state = advance(PeakState(), FLANDERS, NOON, tz=BRUSSELS)
    quarter = NOON + 15 * MINUTE
    planned = [(NOON + 9 * MINUTE, 7_600.0), (quarter, 3_600.0)]
    for second in range(0, 15 * 60, 10):
        result = allowance(
            state,
            FLANDERS,
            NOON + second * MINUTE / 60,
            tz=BRUSSELS,
            target_w=6_000.0,
            reserved=[(quarter, 0.0)],
            planned=planned,
            house_w=0.0,
        )
        wanted_w = 7_600.0 if second < 9 * 60 else 3_600.0
        assert result.power_w == pytest.approx(wanted_w)
        state = replace(state, used_wh=state.used_wh + wanted_w * 10 / 3600)
    assert state.used_wh == pytest.approx(1_500)


def test_the_house_has_its_part_after_a_car_that_is_ready_within_a_quarter_hour() -> (
    None
):
    """A car of 4.14 kW is planned for 522 s, and 0.4 kW of the house. By its cautious forecast it may take 1 kW later.

    The car took 600 Wh at once, and then nobody could make room for the house: the mean was 3.05 kW instead of 2.8.
    """
    state = advance(PeakState(), FLANDERS, NOON, tz=BRUSSELS)
    ready, quarter = NOON + timedelta(seconds=522), NOON + 15 * MINUTE
    for second in range(0, 15 * 60, 10):
        house_w = 400.0 if second < 530 else 1_000.0
        result = allowance(
            state,
            FLANDERS,
            NOON + timedelta(seconds=second),
            tz=BRUSSELS,
            target_w=2_800.0,
            reserved=[(quarter, 1_000.0)],
            planned=[(ready, 4_540.0), (quarter, 400.0)],
            house_w=house_w,
        )
        assert result.power_w is not None
        car_w = 4_140.0 if result.power_w >= 4_140 + house_w else 0.0
        used_wh = state.used_wh + (car_w + house_w) * 10 / 3600
        state = replace(state, used_wh=used_wh)
    assert state.used_wh * 4 <= 2_800.0


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=12, max_size=12),
    st.floats(500, 20_000),
    st.floats(0, 3_000),
)
def test_whoever_leaves_the_house_its_part_stays_below_the_target(
    parts: list[tuple[float, float]], target: float, house_w: float
) -> None:
    """Each five minutes cars take any part of what is allowed beside the house, which takes any part of what is reserved."""
    house_w = min(house_w, target)
    quarters = tuple((NOON + 15 * number * MINUTE, house_w) for number in (1, 2, 3, 4))
    state = advance(PeakState(), HOURS, NOON, tz=BRUSSELS)
    for number, (of_house, of_cars) in enumerate(parts):
        now = NOON + 5 * number * MINUTE
        own_w = house_w * of_house
        result = allowance(
            state,
            HOURS,
            now,
            tz=BRUSSELS,
            target_w=target,
            reserved=quarters,
            house_w=own_w,
        )
        assert result.power_w is not None
        drawn_w = own_w + of_cars * max(0.0, result.power_w - own_w)
        end = now + 5 * MINUTE
        state = replace(state, used_wh=state.used_wh + drawn_w * ((end - now) / HOUR))
    assert state.used_wh <= target + 1e-6


@pytest.mark.parametrize("tariff", CATALOGUE.values(), ids=lambda tariff: tariff.key)
def test_every_rule_names_its_source(tariff: CapacityTariff) -> None:
    """A rule without a source is a rumour."""
    rule = tariff
    assert rule.source
    assert rule.interval_min in {15, 30, 60}
    assert (rule.rule is PriceRule.STEPS) == bool(rule.step_limits_w)


def test_the_recorder_knows_the_month_before_sunfuse_came() -> None:
    """Five-minute means of October and November; a hole is no peak."""
    october = datetime(2026, 10, 20, 18, tzinfo=UTC)
    parts = [(october, 5200.0)] * 3 + [(NOON, 3000.0)] * 2 + [(NOON, 9000.0)]
    history = tuple(
        Slot(
            start=day + i % 3 * 5 * MINUTE,
            end=day + (i % 3 + 1) * 5 * MINUTE,
            value=power,
        )
        for i, (day, power) in enumerate(parts)
    )
    state = from_history(FLANDERS, history, tz=BRUSSELS)
    assert dict(state.past) == {"2026-10": pytest.approx(5200)}
    assert measure_w(state, FLANDERS) == pytest.approx(5000)
    assert from_history(FLANDERS, (), tz=BRUSSELS) == PeakState()


def test_a_rule_as_the_user_changes_it() -> None:
    """The catalogue's, with the grid company's price; or with steps of its own."""
    assert capacity_from_dict({"key": "flanders"}) is not None
    priced = capacity_from_dict({"key": "flanders", "price_per_kw": "4.2", "top": None})
    assert priced == replace(FLANDERS, price_per_kw=4.2)
    own = capacity_from_dict(
        {
            "key": "us_30_min",
            "interval_min": 15,
            "top": 2,
            "weight": {"value": 0, "periods": [{"value": 1, "start": "08:00"}]},
            "step_limits_w": [5000, 10000],
        }
    )
    assert (own.interval_min, own.top, own.rule) == (15, 2, PriceRule.STEPS)
    assert own.weight.at(NOON.astimezone(BRUSSELS)) == 1


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({}, "bad_key"),
        ({"key": "flanders", "top": 0}, "bad_top"),
        ({"key": "flanders", "floor_w": "much"}, "bad_floor_w"),
        ({"key": "flanders", "interval_min": 20}, "bad_interval_min"),
        ({"key": "flanders", "weight": {"value": 2}}, "bad_weight"),
        ({"key": "flanders", "step_limits_w": [2000, 1000]}, "bad_step_limits_w"),
        ({"key": "flanders", "step_limits_w": []}, "bad_step_limits_w"),
    ],
)
def test_a_wrong_rule_is_named(data: dict[str, Any], key: str) -> None:
    """So that the UI shows the error at its field."""
    with pytest.raises(TableError, match=key):
        capacity_from_dict(data)
