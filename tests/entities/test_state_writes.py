"""What is written when: little where nothing much changes, and everything that matters."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
import random
from typing import Any

import pytest

from custom_components.sunfuse.engine.model import Reason, ReasonKey
from custom_components.sunfuse.sensors.connector import connector_sensors
from custom_components.sunfuse.sensors.reason_pace import REASON_PACE, shown_reasons
from custom_components.sunfuse.sensors.session_figures import GROWS
from custom_components.sunfuse.state_writes import (
    LIMITED_BY_PACE,
    PACES,
    STATE_PACE,
    Pace,
    Shown,
    WriteThrottle,
    readable,
    within,
    within_with_attributes,
)
from homeassistant.components.logbook.helpers import async_filter_entities
from homeassistant.const import (
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfPower,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..site_fixtures import Home, limits, obeys

DAY_S = 24 * 3600


def _written(pace: Pace | None, values: list[Any], every_s: float) -> list[Any]:
    """Return what is written of values that come at this interval."""
    calm = WriteThrottle(pace)
    return [
        value
        for index, value in enumerate(values)
        if calm.due(Shown(available=True, value=value), index * every_s)
    ]


def _reasons_written(reasons: list[Reason], every_s: float) -> list[Reason]:
    """Return what is written of reasons that come at this interval."""
    written = _written(REASON_PACE, [(reason,) for reason in reasons], every_s)
    return [reason for (reason,) in written]


def test_every_change_without_a_pace() -> None:
    """What stays is written once, what changes each time."""
    assert _written(None, ["a", "a", "b", "b", "a"], 1) == ["a", "b", "a"]


def test_what_changes_much_is_written_at_once() -> None:
    """A current that jumps is seen at once, and the last step of one that settles within half a minute."""
    values = [0.0, 16.0, *([15.8] * 10)]
    assert _written(within(0.5), values, 10) == [0.0, 16.0, 15.8]


def test_what_hovers_is_written_seldom() -> None:
    """A meter's last digit makes some hundred rows of a day's 8,640 reports."""
    digit = random.Random(1)
    values = [16 + digit.randint(-3, 3) / 10 for _ in range(DAY_S // 10)]
    assert len(_written(within(0.8), values, 10)) < 400


def test_how_often_a_meter_reports_is_written_seldom() -> None:
    """Its figures are of the last reports, and some of them differ after each: as many rows a day as reports before."""
    noise = random.Random(1)
    pace, calm_rows = within_with_attributes(1, 1), 0
    calm = WriteThrottle(pace)
    for second in range(DAY_S // 10):
        usual_s = round(1 + noise.random() / 5, 1)
        source = {
            "interval_s": usual_s,
            "jitter_s": usual_s - 1,
            "readings": min(10 + second, 240),
        }
        shown = Shown(
            available=True, value=usual_s, attributes={"sources": {"sensor.a": source}}
        )
        calm_rows += calm.due(shown, second)
    assert calm_rows < 80
    assert not pace.close(
        Shown(available=True, value=1, attributes={"sources": {"sensor.a": {}}}),
        Shown(available=True, value=1, attributes={"sources": {"sensor.b": {}}}),
    )


def test_a_large_power_has_two_digits() -> None:
    """What fifty cars take differs by a hundred watts with each reading; nobody reads that of 36 kW."""
    noise = random.Random(1)
    values = [36_000 + noise.randint(-300, 300) for _ in range(DAY_S // 10)]
    assert len(_written(PACES[UnitOfPower.WATT], values, 10)) < 400
    assert len(_written(PACES[UnitOfPower.WATT], [36_000, 37_000, 300], 10)) == 3


@pytest.mark.parametrize(
    ("unit", "mean", "by", "every_s"),
    [
        (UnitOfElectricCurrent.AMPERE, 14.0, 0.1, 10),
        (UnitOfElectricCurrent.AMPERE, 14.0, 0.1, 60),  # unchanged between reports
        (UnitOfElectricCurrent.AMPERE, 14.0, 0.5, 10),
        (UnitOfElectricCurrent.AMPERE, 14.0, 0.5, 30),
        (UnitOfElectricCurrent.AMPERE, 14.0, 2.0, 10),
        (UnitOfElectricPotential.VOLT, 230.0, 2.0, 10),
        (UnitOfPower.WATT, 9660.0, 97.0, 10),
        (UnitOfPower.WATT, 9660.0, 1400.0, 10),
        (UnitOfPower.WATT, 0.0, 3000.0, 5),  # a house with sun and clouds
    ],
)
def test_what_wavers_all_day(unit: str, mean: float, by: float, every_s: float) -> None:
    """However much, and however often it is reported: 600 rows a day at most. When it has settled, that is shown."""
    noise = random.Random(1)
    day = [
        readable(noise.uniform(mean - by, mean + by), unit)
        for _ in range(int(DAY_S / every_s))
    ]
    settled = mean + 0.8 * by
    written = _written(PACES[unit], [*day, *([settled] * int(330 / every_s))], every_s)
    assert len(written) < 600
    assert written[-1] == settled


@pytest.mark.parametrize(
    ("unit", "large", "mean", "by"),
    [
        (UnitOfElectricCurrent.AMPERE, 32.0, 20.0, 2.0),
        (UnitOfPower.WATT, 7000.0, 5000.0, 400.0),
    ],
)
def test_what_wavers_elsewhere_after_large_swings(
    unit: str, large: float, mean: float, by: float
) -> None:
    """Clouds have used up what is written at once: the last peak is not shown for a quarter of an hour."""
    noise = random.Random(1)
    clouds = [noise.choice((0.0, large)) + noise.random() for _ in range(60)]
    after = [noise.uniform(mean - by, mean + by) for _ in range(720)]
    calm = WriteThrottle(PACES[unit])
    shown = unlike_s = 0.0
    for step, value in enumerate([*clouds, *after]):
        if calm.due(Shown(available=True, value=value), 5.0 * step):
            shown = value
        unlike_s = 0.0 if abs(shown - value) <= 2 * by else unlike_s + 5
        assert step < len(clouds) or unlike_s <= 300


def test_a_car_that_stops_after_a_day_of_wavering() -> None:
    """It is seen at once, and so is that it starts again."""
    noise = random.Random(1)
    day = [round(noise.uniform(12, 16), 1) for _ in range(DAY_S // 10)]
    pace = PACES[UnitOfElectricCurrent.AMPERE]
    assert _written(pace, [*day, 0.0, 13.8, 0.0], 10)[-3:] == [0.0, 13.8, 0.0]


def _offered_day(offer_a: Callable[[int], float]) -> tuple[int, int]:
    """Return how often a day's offers, by the second, are written, and for how many seconds at most one is shown that differs by more than an ampere."""
    (sensor,) = (one for one in connector_sensors(3) if one.key == "offered_current")
    calm = WriteThrottle(sensor.pace or PACES[UnitOfElectricCurrent.AMPERE])
    rows, shown_a, unlike_s, longest_s = 0, 0.0, 0, 0
    for second in range(DAY_S):
        value = offer_a(second)
        if calm.due(Shown(available=True, value=value), second):
            rows, shown_a = rows + 1, value
        unlike_s = unlike_s + 1 if abs(shown_a - value) > 1 else 0
        longest_s = max(longest_s, unlike_s)
    return rows, longest_s


def test_an_offer_that_rises_after_many_others() -> None:
    """Twenty others in five minutes before: 6.0 A were shown for a minute beside "full power, 32 A"."""

    def rises(second: int) -> float:
        if second >= 300:
            return 32.0
        return 10.0 if second // 15 % 2 else 6.0

    rows, longest_s = _offered_day(rises)
    assert rows <= 21
    assert longest_s == 0


def test_an_offer_beside_a_house_that_wavers_by_amperes() -> None:
    """Each few seconds another one: none is shown for longer than ten seconds that is amperes away from the one that counts."""
    noise = random.Random(1)
    offers = [round(noise.uniform(6, 16), 1) for _ in range(DAY_S // 7 + 1)]
    rows, longest_s = _offered_day(lambda second: offers[second // 7])
    assert rows <= DAY_S // 10
    assert longest_s <= 10


def test_an_offer_that_wavers_a_little() -> None:
    """It makes some hundred rows, as any current."""
    noise = random.Random(1)
    offers = [round(noise.uniform(15.1, 15.9), 1) for _ in range(DAY_S // 7 + 1)]
    rows, _ = _offered_day(lambda second: offers[second // 7])
    assert rows < 600


def test_a_house_that_turns_things_on_and_off() -> None:
    """Fifteen times in ten minutes, and each is seen at once."""
    steps = [300.0 + 2000 * (index % 2) for index in range(15)]
    assert _written(PACES[UnitOfPower.WATT], steps, 40) == steps


def test_a_counter_that_rises() -> None:
    """It is written once a minute: 11 kW are 30 Wh in 10 s."""
    values = [30.0 * index for index in range(DAY_S // 10)]
    assert len(_written(within(500, every_s=60), values, 10)) == DAY_S // 60


def test_the_sum_of_a_month_is_written_with_the_statistics() -> None:
    """Each quarter of an hour while 11 kW are charged, and not much more often when the month has just begun."""
    sums = [100_000.0 + 183 * minute for minute in range(DAY_S // 60)]
    assert len(_written(GROWS, sums, 60)) <= DAY_S // 900 + 1
    first_hour = [183.0 * minute for minute in range(60)]
    assert len(_written(GROWS, first_hour, 60)) <= 7


def test_reasons_that_come_and_go() -> None:
    """Two reasons that alternate with every report make less than 100 rows a day; one that stays is written."""
    reasons = [
        Reason(key=ReasonKey.LIMITED_BY_SUN, values=(("surplus_w", 5000.0),)),
        Reason(key=ReasonKey.RAMPING, values=(("target_a", 16.0),)),
    ]
    day = [reasons[index % 2] for index in range(DAY_S // 10)]
    assert len(_reasons_written(day, 10)) < 100
    assert _reasons_written([*day, *([reasons[0]] * 20)], 10)[-1] == reasons[0]
    numbers = [
        Reason(
            key=ReasonKey.LIMITED_BY_SUN, values=(("surplus_w", 5000.0 + index % 7),)
        )
        for index in range(DAY_S // 10)
    ]
    assert len(_reasons_written(numbers, 10)) <= DAY_S / 3600 + 1
    phases = [
        Reason(key=ReasonKey.LIMITED_BY_CIRCUIT, values=(("phase", f"L{index % 3}"),))
        for index in range(DAY_S // 10)
    ]
    assert len(_reasons_written(phases, 10)) <= DAY_S / 3600 + 1


@pytest.mark.parametrize("stays_s", [10, 40, 70, 130, 400, 700, 1000])
def test_reasons_that_alternate_all_day(stays_s: int) -> None:
    """However long each of them stays, 100 rows a day: reason and explanation have 200. What stays for a quarter of an hour is shown."""
    keys = ReasonKey.LIMITED_BY_CAR, ReasonKey.FULL_POWER
    day = [
        Reason(key=keys[at_s // stays_s % 2], values=(("car_a", 14 + at_s % 3),))
        for at_s in range(0, DAY_S, 10)
    ]
    written = _reasons_written(day, 10)
    assert len(written) < 100
    if stays_s >= 900:
        assert len(written) >= DAY_S // stays_s


def test_a_fuse_at_the_edge_all_day() -> None:
    """Whether it limits the cars alternates with each reading: 100 rows a day. An overload and a lost meter are shown at once."""
    day = [("ok", "limited")[at_s // 10 % 2] for at_s in range(0, DAY_S, 10)]
    assert len(_written(STATE_PACE, day, 10)) < 100
    for alarm in ("overloaded", "meter_lost"):
        assert _written(STATE_PACE, [*day, alarm, "ok"], 10)[-2:] == [alarm, "ok"]
    fuse = [("Main fuse", "Nothing")[at_s // 10 % 2] for at_s in range(0, DAY_S, 10)]
    assert len(_written(LIMITED_BY_PACE, fuse, 10)) < 100


@pytest.mark.parametrize(
    "other",
    [
        ReasonKey.SUN_TAKEN,
        ReasonKey.WAITING_FOR_SUN,
        ReasonKey.WAITING_FOR_PRICE,
        ReasonKey.WAITING_FOR_FORECAST_SUN,
        ReasonKey.NO_PLAN,
        ReasonKey.RAMPING,
    ],
)
def test_a_car_that_clouds_let_wait(other: ReasonKey) -> None:
    """That the sun is enough for a moment makes no row each time (700 a day), whatever the car waits for; that it charges at last does."""
    starting = Reason(key=ReasonKey.STARTING_ON_SUN)
    day = [(starting, Reason(key=other))[at_s // 40 % 2] for at_s in range(DAY_S)]
    written = _reasons_written(day[::10], 10)
    if other is ReasonKey.RAMPING:
        assert len(written) == DAY_S // 40
    else:
        assert len(written) < 100


def _shown_day(
    reasons: Callable[[int], tuple[ReasonKey, float, bool]],
) -> tuple[int, int, int]:
    """Return how often a day's reasons are written, by the second, and for how long another one, or another state, was shown.

    Each is a key, a number, and whether the car may charge.
    """
    calm, rows, other_s, wrong_s = WriteThrottle(REASON_PACE), 0, 0, 0
    said: tuple[ReasonKey, bool] | None = None
    for second in range(DAY_S):
        key, surplus_w, charges = reasons(second)
        reason = Reason(key=key, values=(("surplus_w", surplus_w),))
        if calm.due(shown_reasons((reason,), charges=charges, moment=None), second):
            rows, said = rows + 1, (key, charges)
        assert said is not None
        other_s += said[0] is not key
        wrong_s += said[1] is not charges
    return rows, other_s, wrong_s


def test_a_car_that_pauses_all_day() -> None:
    """Every twenty minutes it starts within ten seconds, charges, and pauses: "pauses until" was shown for a third of the day while it charged."""

    def paused(second: int) -> tuple[ReasonKey, float, bool]:
        since_s = second % 1200
        if since_s < 600:
            return ReasonKey.PAUSING, 0.0, False
        rises = since_s < 610 or second % 100 < 5
        key = ReasonKey.RAMPING if rises else ReasonKey.LIMITED_BY_CIRCUIT
        return key, 0.0, True

    rows, other_s, wrong_s = _shown_day(paused)
    assert wrong_s <= 10 * DAY_S // 1200
    assert other_s <= 0.05 * DAY_S
    assert rows < 200


def test_a_rise_that_is_over_at_once() -> None:
    """A car at the fuse rises for ten seconds of two minutes: to write that made two rows, of which the second came late. A rise that lasts is told."""

    def at_the_fuse(second: int) -> tuple[ReasonKey, float, bool]:
        lasts_s = 40 if second % 3600 < 120 else 10
        rises = second % 120 > 120 - lasts_s
        return (
            ReasonKey.RAMPING if rises else ReasonKey.LIMITED_BY_CIRCUIT,
            0.0,
            True,
        )

    rows, other_s, _ = _shown_day(at_the_fuse)
    # 24 times it rises for 40 s, and is shown 30 s later; it falls again within 30 s.
    assert rows <= 24 * 2 + 1
    assert other_s <= DAY_S // 12 + 24 * 60


def test_a_stop_that_does_not_come() -> None:
    """Clouds of a minute each five: that a car stops soon is not said any more when the sun is back."""

    def clouds(second: int) -> tuple[ReasonKey, float, bool]:
        dull = second % 300 < 60
        key = ReasonKey.STOPPING_ON_SUN if dull else ReasonKey.LIMITED_BY_SUN
        return key, 5000.0, True

    calm, said, over_s = WriteThrottle(REASON_PACE), ReasonKey.LIMITED_BY_SUN, 0
    for second in range(DAY_S // 4):
        key, surplus_w, charges = clouds(second)
        reason = Reason(key=key, values=(("surplus_w", surplus_w),))
        if calm.due(shown_reasons((reason,), charges=charges, moment=None), second):
            said = key
        over_s += said is ReasonKey.STOPPING_ON_SUN and key is not said
    assert over_s == 0


def test_a_pause_that_is_over() -> None:
    """Every ten minutes a car pauses for one, and then waits: it is not said to pause until a time that is over."""

    def waits(second: int) -> tuple[ReasonKey, float, bool]:
        since_s = second % 600
        if since_s < 60:
            return ReasonKey.PAUSING, 0.0, False
        key = (ReasonKey.WAITING_FOR_CAPACITY, ReasonKey.LOAD_PEAKED)[second // 7 % 2]
        return (key, 0.0, False) if since_s < 300 else (ReasonKey.FULL_POWER, 0.0, True)

    calm, said, over_s = WriteThrottle(REASON_PACE), ReasonKey.FULL_POWER, 0
    for second in range(DAY_S // 4):
        key, _, charges = waits(second)
        shown = shown_reasons((Reason(key=key),), charges=charges, moment=None)
        if calm.due(shown, second):
            said = key
        over_s += said is ReasonKey.PAUSING and key is not ReasonKey.PAUSING
    assert over_s == 0


def test_a_number_that_wavers_hides_no_reason() -> None:
    """The surplus of the sun is another one with each reading: the minimum that a car has for minutes is shown all the same."""
    sun = random.Random(1)

    def wavers(second: int) -> tuple[ReasonKey, float, bool]:
        dull = second % 3600 < 1800
        key = ReasonKey.AT_MINIMUM if dull else ReasonKey.LIMITED_BY_SUN
        if second % 60 > 56:
            key = ReasonKey.RAMPING
        return key, (3000 if dull else 6000) * sun.uniform(0.7, 1.3), True

    rows, other_s, _ = _shown_day(wavers)
    assert rows < 200
    assert other_s <= (3 / 60 + 60 / 1800) * DAY_S


@pytest.mark.parametrize(
    "key", [ReasonKey.PAUSED_UNTIL, ReasonKey.BOOSTING, ReasonKey.WAITING_FOR_PRICE]
)
def test_a_time_that_somebody_changes(key: ReasonKey) -> None:
    """After a day of other reasons it is shown within half a minute: it took a quarter of an hour."""

    def until(hour: int) -> Reason:
        time = datetime(2026, 11, 30, hour, tzinfo=UTC)
        return Reason(key=key, values=(("until", time.isoformat()),))

    others = ReasonKey.LIMITED_BY_CIRCUIT, ReasonKey.FULL_POWER, ReasonKey.AT_MINIMUM
    day = [Reason(key=others[at_s // 100 % 3]) for at_s in range(0, DAY_S, 10)]
    steps = [*day, *([until(20)] * 30), *([until(22)] * 5)]
    assert _reasons_written(steps, 10)[-2:] == [until(20), until(22)]


def test_a_time_that_creeps() -> None:
    """A peak that moves on with each decision makes no row each: people read minutes. Another time is written at once."""

    def peaked(at_s: float) -> Reason:
        until = datetime(2026, 11, 30, tzinfo=UTC) + timedelta(seconds=at_s)
        values = (("peak_a", 8.0), ("until", until.isoformat()))
        return Reason(key=ReasonKey.LOAD_PEAKED, values=values)

    creeps = [peaked(at_s) for at_s in range(0, 600, 5)]
    assert len(_reasons_written(creeps, 5)) <= 11
    assert len(_reasons_written([peaked(at_s) for at_s in (0, 30, 55)] * 9, 5)) == 1
    assert len(_reasons_written([peaked(0), peaked(300)], 5)) == 2


def test_a_departure_that_is_missed_besides() -> None:
    """That it is missed is written at once; by how much, as a kilowatt-hour less with each plan, is no row each."""
    limited = Reason(key=ReasonKey.LIMITED_BY_CAR, values=(("car_a", 15.0),))
    day = [
        (
            limited,
            Reason(
                key=ReasonKey.MISSES_DEPARTURE,
                values=(("reaches_wh", 29_000 - 1000 * step), ("wanted_wh", 36_000)),
            ),
        )
        for step in range(24)
    ]
    written = _written(REASON_PACE, [(limited,), *day, (limited,)], 360)
    assert written[:2] == [(limited,), day[0]]
    assert written[-1] == (limited,)
    assert len(written) < 14


def test_a_reason_that_stays_is_shown_within_half_a_minute() -> None:
    """However many came and went before it, and although its numbers change with every reading."""
    flapping = [
        Reason(key=key)
        for _ in range(30)
        for key in (ReasonKey.LIMITED_BY_SUN, ReasonKey.RAMPING)
    ]
    stays = [
        Reason(
            key=ReasonKey.LIMITED_BY_CIRCUIT, values=(("headroom_a", 8 + 0.3 * step),)
        )
        for step in range(8)
    ]
    written = _reasons_written([*flapping, *stays], 5)
    assert written[-1].key is ReasonKey.LIMITED_BY_CIRCUIT


def test_a_fact_is_written_at_once_however_many_reasons_came_before() -> None:
    """A charger that disconnects, and one that is back."""
    flapping = [
        Reason(key=key)
        for _ in range(30)
        for key in (ReasonKey.LIMITED_BY_SUN, ReasonKey.RAMPING)
    ]
    facts = [Reason(key=ReasonKey.CHARGER_OFFLINE), Reason(key=ReasonKey.RAMPING)]
    assert _reasons_written([*flapping, *facts], 1)[-2:] == facts


def test_a_new_moment_is_written_at_once() -> None:
    """The energy of a short session, and that the next one begins at nothing."""
    calm = WriteThrottle(within(0.5, every_s=60))
    shown = [
        Shown(available=True, value=0.0, moment="session 1"),
        Shown(available=True, value=0.08, moment=None),
        Shown(available=True, value=0.0, moment="session 2"),
    ]
    assert all(calm.due(one, index) for index, one in enumerate(shown))


def test_coming_and_going_is_written_at_once() -> None:
    """A charger that is disconnected, or reports something for the first time, waits for nothing."""
    calm = WriteThrottle(within(100))
    shown = [
        Shown(available=True),
        Shown(available=True, value=1.0),
        Shown(available=False),
        Shown(available=True, value=1.0),
    ]
    assert all(calm.due(one, index) for index, one in enumerate(shown))


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1e-37, UnitOfPower.WATT, 0.0),
        (-1e-9, UnitOfElectricCurrent.AMPERE, 0.0),
        (13.8333, UnitOfElectricCurrent.AMPERE, 13.8),
        (None, UnitOfPower.WATT, None),
        ("charging", None, "charging"),
    ],
)
def test_as_a_person_reads_it(value: Any, unit: str | None, expected: Any) -> None:
    """Numbers are rounded, and what is next to nothing is nothing."""
    assert readable(value, unit) == expected


@pytest.mark.usefixtures("socket_enabled")
async def test_nothing_changes_nothing_is_written(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Ticks of a site on which nothing happens write no state, not even the same one again."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    writes: list[str] = []

    @callback
    def note(event: Event[Any]) -> None:
        if "charger_cp1" in event.data["entity_id"]:
            writes.append(event.data["entity_id"])

    @callback
    def everything(data: Mapping[str, Any]) -> bool:
        return True  # reported states have no other listeners

    controller = home.entry.runtime_data.controller
    for _ in range(3):
        controller.tick()
    for kind in ("state_changed", "state_reported"):
        hass.bus.async_listen(kind, note, event_filter=everything)
    for _ in range(20):
        controller.tick()
    await hass.async_block_till_done()
    assert not writes


@pytest.mark.usefixtures("socket_enabled")
async def test_the_logbook_has_no_sentences(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What changes within a sentence is no line of the logbook: it is an attribute of the reason."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    entities = [
        entity.entity_id
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), home.entry.entry_id
        )
        if entity.disabled_by is None
    ]
    logged = [
        state.entity_id
        for entity in async_filter_entities(hass, entities)
        if (state := hass.states.get(entity)) and len(state.state.split()) > 4
    ]
    assert logged == []
    assert "no more capacity on L1" in home.explanation("CP1/1")


async def _rows_of_reasons(
    hass: HomeAssistant,
    home: Home,
    cars: Mapping[str, tuple[float, float]],
    seconds: tuple[int, int],
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Let cars charge, first to settle; returns how often the reason of each is written then.

    A car takes 98 % of its offer, at most so much; each report tells up to so much less.
    """
    started = {}
    for name in cars:
        started[name] = await home.charge(name), home.transaction
    home.charging = None
    noise, rows = random.Random(1), Counter[str]()

    @callback
    def note(event: Event[Any]) -> None:
        rows[event.data["entity_id"]] += 1

    async def charge(lasts_s: int) -> None:
        for _ in range(lasts_s // 10):
            meanwhile()
            for name, (station, home.transaction) in started.items():
                most_a, by_a = cars[name]
                told_a = min(0.98 * [0.0, *limits(station)][-1], most_a)
                seen_a = round(max(told_a - noise.uniform(0, by_a), 0.0), 1)
                await home.draw(station, seen_a)
            await asyncio.sleep(10)

    settles_s, counted_s = seconds
    await charge(settles_s)
    hass.bus.async_listen("state_changed", note)
    await charge(counted_s)
    return {name: rows[home.entity("sensor", f"{name}/1_reason")] for name in cars}


@pytest.mark.usefixtures("socket_enabled")
async def test_reasons_of_cars_that_charge_steadily(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Three cars share what a house leaves that wavers, their meters waver too, and one takes no more than 6.7 A: one row in ten minutes."""
    cars = {"CP1": (16.0, 0.3), "CP2": (16.0, 0.3), "CP3": (6.7, 0.3)}
    home: Home = await start(*cars)
    house = random.Random(2)

    def waver() -> None:
        home.house_a = (house.gauss(1.5, 0.3), house.gauss(1, 0.3), 1.0)

    rows = await _rows_of_reasons(hass, home, cars, (200, 600), waver)
    assert max(rows.values()) <= 1
    assert home.state("sensor", "CP1/1_reason") == "limited_by_circuit"


@pytest.mark.usefixtures("socket_enabled")
async def test_reasons_of_cars_whose_meters_waver_by_amperes(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Cars of 13.5, 15 and 16 A with an offer of 16 A, while each report tells up to 2 or 4 A less: one row in a quarter of an hour."""
    cars = {"CP1": (13.5, 2.0), "CP2": (15.0, 4.0), "CP3": (16.0, 2.0)}
    home: Home = await start(*cars, main_fuse_a=80.0)
    rows = await _rows_of_reasons(hass, home, cars, (400, 900))
    assert max(rows.values()) <= 1
    assert home.state("sensor", "CP1/1_reason") == "limited_by_car"
    assert home.state("sensor", "CP3/1_reason") == "full_power"
