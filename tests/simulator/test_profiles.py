"""Charging profiles: which limit holds when. OCPP 1.6 section 3.13."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.simulator.stations.profile_stack import (
    Charging,
    Profile,
    ProfileKind,
    ProfileLimit,
    ProfilePeriod,
    ProfilePurpose,
    ProfileSchedule,
    ProfileStack,
)

NOON = datetime(2026, 6, 22, 12, tzinfo=UTC)  # a Monday
CHARGING = Charging(connector=1, started_at=NOON)
DAY_S = 86400.0


def at(seconds: float) -> datetime:
    """Return a time after noon."""
    return NOON + timedelta(seconds=seconds)


def profile(
    limit: float, purpose: ProfilePurpose = ProfilePurpose.TX_DEFAULT, **changes: Any
) -> Profile:
    """Return a profile of connector 1 with one limit, absolute from noon on."""
    schedule = ProfileSchedule(
        unit=changes.pop("unit", "A"),
        periods=changes.pop("periods", (ProfilePeriod(start_s=0, limit=limit),)),
        start=changes.pop("start", NOON),
        duration_s=changes.pop("duration_s", None),
    )
    values: dict[str, Any] = {
        "id": int(limit * 10),
        "connector": 1,
        "stack_level": 0,
        "purpose": purpose,
        "kind": ProfileKind.ABSOLUTE,
        "schedule": schedule,
        "installed_at": NOON,
    }
    return Profile(**(values | changes))


def limit_a(
    *profiles: Profile, seconds: float = 0, charging: Charging = CHARGING
) -> float:
    """Return what holds some seconds after noon, on a three-phase station of 32 A."""
    stack = ProfileStack(voltage_v=230, phases=3)
    for new in profiles:
        stack.install(new)
    return stack.limit_at(at(seconds), charging, 32).current_a


TX, DEFAULT, MAX = (
    ProfilePurpose.TX,
    ProfilePurpose.TX_DEFAULT,
    ProfilePurpose.STATION_MAX,
)


@pytest.mark.parametrize(
    ("profiles", "expected_a"),
    [
        ((), 32),
        ((profile(10),), 10),
        ((profile(40),), 32),  # no more than the station can
        # The higher level leads, whether it is more or less.
        ((profile(10), profile(20, stack_level=1)), 20),
        ((profile(20), profile(10, stack_level=1)), 10),
        # A transaction profile comes before a default one of any level.
        ((profile(10, stack_level=5), profile(20, TX)), 20),
        # The station's maximum caps both.
        ((profile(20, TX), profile(8, MAX, connector=0)), 8),
        ((profile(6, TX), profile(8, MAX, connector=0)), 6),
        # A default for the station counts for every connector, after the connector's own.
        ((profile(9, connector=0),), 9),
        ((profile(9, connector=0), profile(12)), 12),
        ((profile(12), profile(9, connector=0, stack_level=1)), 9),
        # Of another connector.
        ((profile(9, connector=2),), 32),
        # Watts count for three phases unless stated otherwise: 6900 W are 10 A on three, 30 A on one.
        ((profile(6900, unit="W"),), 10),
        (
            (
                profile(
                    0,
                    unit="W",
                    periods=(ProfilePeriod(start_s=0, limit=6900, phases=1),),
                ),
            ),
            30,
        ),
        ((profile(0),), 0),
    ],
)
def test_which_profile_leads(profiles: tuple[Profile, ...], expected_a: float) -> None:
    """By purpose first, then by stack level."""
    assert limit_a(*profiles) == pytest.approx(expected_a)


STEPS = (
    ProfilePeriod(start_s=0, limit=16),
    ProfilePeriod(start_s=60, limit=8),
    ProfilePeriod(start_s=120, limit=0),
)


@pytest.mark.parametrize(
    ("changes", "seconds", "expected_a"),
    [
        ({}, 0, 16),
        ({}, 59.9, 16),
        ({}, 60, 8),
        ({}, 500, 0),
        ({}, -1, 32),  # before its start
        ({"duration_s": 90.0}, 89, 8),
        ({"duration_s": 90.0}, 90, 32),  # lapsed
        ({"valid_from": at(30)}, 29, 32),
        ({"valid_from": at(30)}, 30, 16),
        ({"valid_to": at(30)}, 29, 16),
        ({"valid_to": at(30)}, 30, 32),
        # Relative: from the start of the transaction.
        ({"kind": ProfileKind.RELATIVE, "start": None}, 60, 8),
        # Absolute without a start counts from the start of charging.
        ({"start": None}, 60, 8),
        # Daily from noon on, the next day as well; what lapsed is back then.
        ({"kind": ProfileKind.RECURRING, "repeats_s": DAY_S}, DAY_S + 70, 8),
        (
            {"kind": ProfileKind.RECURRING, "repeats_s": DAY_S, "duration_s": 90.0},
            DAY_S - 70,
            32,
        ),
        (
            {"kind": ProfileKind.RECURRING, "repeats_s": DAY_S, "duration_s": 90.0},
            3 * DAY_S + 70,
            8,
        ),
        ({"kind": ProfileKind.RECURRING, "repeats_s": 7 * DAY_S}, 7 * DAY_S + 61, 8),
        ({"kind": ProfileKind.RECURRING, "repeats_s": 7 * DAY_S}, DAY_S + 61, 0),
    ],
)
def test_when_a_schedule_holds(
    changes: dict[str, Any], seconds: float, expected_a: float
) -> None:
    """Steps of 16, 8 and 0 A, a minute each."""
    assert limit_a(profile(0, periods=STEPS, **changes), seconds=seconds) == expected_a


def test_a_relative_schedule_follows_the_transaction() -> None:
    """It began a minute before noon."""
    relative = profile(0, periods=STEPS, kind=ProfileKind.RELATIVE, start=None)
    charging = Charging(connector=1, started_at=at(-60))
    assert limit_a(relative, charging=charging) == 8
    # Without a transaction it counts from when it was set.
    assert limit_a(relative, seconds=60, charging=Charging(connector=1)) == 8


def test_a_live_limit_lapses_to_the_fail_safe() -> None:
    """What the central system relies on when it is gone: the transaction profile's duration."""
    fail_safe = profile(6)
    live = profile(16, TX, duration_s=120.0)
    assert limit_a(fail_safe, live, seconds=119) == 16
    assert limit_a(fail_safe, live, seconds=120) == 6


def test_a_new_profile_replaces_the_old_one() -> None:
    """By its id, or by purpose, level and connector."""
    stack = ProfileStack(voltage_v=230, phases=3)
    stack.install(profile(10, id=1))
    stack.install(profile(12, id=2))
    assert [p.id for p in stack.profiles] == [2]
    stack.install(profile(14, id=2, stack_level=3))
    assert [(p.id, p.stack_level) for p in stack.profiles] == [(2, 3)]
    stack.install(profile(16, id=4, stack_level=3, connector=2))
    assert [p.id for p in stack.profiles] == [2, 4]


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ({}, set()),
        ({"profile_id": 1}, {2, 3}),
        ({"profile_id": 9}, {1, 2, 3}),
        ({"connector": 1}, {2}),
        ({"purpose": DEFAULT}, {2, 3}),
        ({"stack_level": 1}, {1, 3}),
        ({"connector": 1, "purpose": TX}, {1, 2}),
    ],
)
def test_clearing(criteria: dict[str, Any], left: set[int]) -> None:
    """All that is named must match; an id alone is enough."""
    stack = ProfileStack(voltage_v=230, phases=3)
    stack.install(profile(10, id=1))
    stack.install(profile(10, MAX, id=2, connector=0, stack_level=1))
    stack.install(profile(10, TX, id=3))
    assert stack.clear(**criteria) is (len(left) < 3)
    assert {p.id for p in stack.profiles} == left


def test_the_phases_of_a_limit() -> None:
    """The fewest that any profile in force allows."""
    stack = ProfileStack(voltage_v=230, phases=3)
    assert stack.limit_at(NOON, CHARGING, 32).phases is None
    stack.install(profile(0, periods=(ProfilePeriod(start_s=0, limit=10, phases=1),)))
    stack.install(
        profile(
            0,
            MAX,
            id=2,
            connector=0,
            periods=(ProfilePeriod(start_s=0, limit=20, phases=3),),
        )
    )
    assert stack.limit_at(NOON, CHARGING, 32) == ProfileLimit(current_a=10, phases=1)


def test_the_composite_schedule() -> None:
    """The cap, the live limit that lapses, the fail-safe below."""
    stack = ProfileStack(voltage_v=230, phases=3)
    stack.install(profile(6))
    stack.install(profile(0, TX, periods=STEPS[:2], duration_s=120.0))
    stack.install(profile(10, MAX, connector=0, valid_from=at(30)))
    periods = stack.composite(NOON, 300, CHARGING, 32)
    assert [(p.start_s, p.limit) for p in periods] == [
        (0, 16),
        (30, 10),
        (60, 8),
        (120, 6),
    ]


@given(
    limits=st.lists(
        st.tuples(
            st.sampled_from(list(ProfilePurpose)),
            st.integers(0, 3),
            st.floats(0, 60),
            st.floats(-100, 100),
            st.integers(1, 200) | st.none(),
            st.sampled_from(list(ProfileKind)),
        ),
        max_size=8,
    ),
    seconds=st.floats(0, 299),
)
def test_the_composite_schedule_has_what_will_apply(
    limits: list[tuple[ProfilePurpose, int, float, float, int | None, ProfileKind]],
    seconds: float,
) -> None:
    """At any time its period names the limit that holds then, whatever is stacked; never above the maximum."""
    stack = ProfileStack(voltage_v=230, phases=3)
    for number, (purpose, level, limit, start_s, duration_s, kind) in enumerate(limits):
        stack.install(
            profile(
                limit,
                purpose,
                id=number,
                stack_level=level,
                start=at(round(start_s)),
                duration_s=duration_s,
                kind=kind,
                repeats_s=DAY_S,
                connector=0 if purpose is MAX else 1,
            )
        )
    periods = stack.composite(NOON, 300, CHARGING, 32)
    period = [p for p in periods if p.start_s <= seconds][-1]
    # A change within the same microsecond cannot be distinguished.
    if all(abs(seconds - p.start_s) > 1e-5 for p in periods):
        held = stack.limit_at(at(seconds), CHARGING, 32)
        assert period.limit == held.current_a <= 32
