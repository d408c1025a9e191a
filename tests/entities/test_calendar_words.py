"""What a calendar's event says, in the words that people use."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.drivers.wishes import TargetKind
from custom_components.sunfuse.planner.intention import (
    CarSlot,
    PlanKey,
    SlotAdvice,
    Why,
)
from custom_components.sunfuse.site.cars.calendar_words import (
    Recurrence,
    is_possible,
    named,
    recurrence_of,
    target_in,
    target_text,
)
from custom_components.sunfuse.site.cars.departure_events import charging

from ..price_site import AMSTERDAM


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("zoe to grandma", ["Zoe"]),
        ("Zoe 2 leaves", ["Zoe 2"]),  # the longest name
        ("Zoe 20 kWh", ["Zoe"]),
        ("Zoe 2,5 kWh", ["Zoe"]),
        ("Zoe 2 20 kWh", ["Zoe 2"]),
        ("Zoe20kWh", ["Zoe"]),
        ("Zoes Abfahrt", ["Zoe"]),
        ("Chloezoe", []),
        ("dentist", []),
        ("", []),
        # A Mac writes umlauts as a letter and its dots, and not everybody writes them.
        ("KA\u0308FER zur Werkstatt", ["Käfer"]),
        ("kafer", ["Käfer"]),
        ("Urlaub: mit dem käfer nach Rom", ["Käfer"]),
        # Two cars in one title both leave.
        ("Zoe and Käfer to grandma", ["Zoe", "Käfer"]),
        ("Käfer, Zoe 2, Zoe", ["Käfer", "Zoe 2", "Zoe"]),
        ("Zoe or Zoe", ["Zoe"]),
    ],
)
def test_names(summary: str, expected: list[str]) -> None:
    """Case does not matter; an empty name is nobody's."""
    found = named(summary, ["Zoe", "Käfer", "Zoe 2", " "])
    assert [one.name for one in found] == expected


@pytest.mark.parametrize(
    ("summary", "zoe", "leaf"),
    [
        ("Zoe 90 %, Leaf 80 %", 90, 80),
        ("Zoe and Leaf 90 %", 90, 90),
        ("85 %: Zoe, Leaf", 85, 85),
        ("Zoe 70%, Leaf", 70, 70),
    ],
)
def test_each_has_its_target(summary: str, zoe: float, leaf: float) -> None:
    """What is said after a name is for that car, what is said once for all."""
    found = named(summary, ["Zoe", "Leaf"])
    values = [one.target.value for one in found if one.target]
    assert values == [zoe, leaf]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (" 80 %", TargetKind.SOC, 80),
        ("80%", TargetKind.SOC, 80),
        ("full: 120 %", TargetKind.SOC, 120),
        ("12,5 kWh", TargetKind.ENERGY, 12_500),
        ("150 km", TargetKind.RANGE, 150),
        ("9999 km", TargetKind.RANGE, 9999),
        ("100 miles", TargetKind.RANGE, 160.9344),
    ],
)
def test_targets(text: str, kind: TargetKind, value: float) -> None:
    """A number with its unit is a target; what is shown is read again as the same one."""
    found = target_in(text)
    assert found
    assert found.kind is kind
    assert found.value == pytest.approx(value)
    again = target_in(target_text(found))
    assert again
    assert again.value == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("1 %", True),
        ("100 %", True),
        ("0 %", False),
        ("150 %", False),
        ("1000 kWh", True),
        ("1001 kWh", False),
        ("2000 km", True),
        ("2001 km", False),
    ],
)
def test_what_no_car_can_reach(text: str, possible: bool) -> None:
    """The actions refuse the same values."""
    found = target_in(text)
    assert found
    assert is_possible(found) is possible


def test_no_target() -> None:
    """Other numbers are none."""
    assert target_in("at 7, room 12") is None
    assert target_text(None) == ""


@pytest.mark.parametrize(
    ("rule", "days", "until"),
    [
        ("FREQ=DAILY", (0, 1, 2, 3, 4, 5, 6), None),
        ("FREQ=WEEKLY", (3,), None),
        ("FREQ=WEEKLY;BYDAY=MO,FR", (0, 4), None),
        ("FREQ=DAILY;COUNT=1000000", (0, 1, 2, 3, 4, 5, 6), None),
        # As good as for ever.
        ("FREQ=WEEKLY;UNTIL=99991231", (3,), None),
        ("FREQ=WEEKLY;UNTIL=99991231T235959Z", (3,), None),
        # Thursday the 1st, and the 8th and 15th; the day after, at midnight in Amsterdam.
        ("FREQ=WEEKLY;COUNT=3", (3,), datetime(2026, 10, 15, 22, tzinfo=UTC)),
        # That day, too; also by its moment.
        ("FREQ=WEEKLY;UNTIL=20261031", (3,), datetime(2026, 10, 31, 23, tzinfo=UTC)),
        (
            "FREQ=WEEKLY;UNTIL=20261008T050000Z",
            (3,),
            datetime(2026, 10, 8, 5, 0, 1, tzinfo=UTC),
        ),
        (
            "FREQ=WEEKLY;UNTIL=20261008T070000",
            (3,),
            datetime(2026, 10, 8, 5, 0, 1, tzinfo=UTC),
        ),
    ],
)
def test_recurrence(rule: str, days: tuple[int, ...], until: datetime | None) -> None:
    """Every week, for ever or until a time."""
    start = datetime(2026, 10, 1, 7, tzinfo=AMSTERDAM)
    assert recurrence_of(rule, start) == Recurrence(weekdays=days, until=until)


@pytest.mark.parametrize(
    ("hour", "byday", "days"),
    [
        # Thursday 05:00 in Amsterdam is Wednesday 23:00 in New York, where the rule was written.
        (5, "WE", (3,)),
        (5, "SU,WE", (0, 3)),
        # Thursday 23:00 is Friday 07:00 in Sydney.
        (23, "FR", (3,)),
        # By day it is another day of the week that is meant.
        (7, "WE", (2,)),
        (5, "MO", (0,)),
        (5, "TH", (3,)),
    ],
)
def test_a_rule_of_another_time_zone(
    hour: int, byday: str, days: tuple[int, ...]
) -> None:
    """The event itself is one of its series."""
    start = datetime(2026, 10, 1, hour, tzinfo=AMSTERDAM)
    found = recurrence_of(f"FREQ=WEEKLY;BYDAY={byday}", start)
    assert found == Recurrence(weekdays=days)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;UNTIL=never",
        "FREQ=MONTHLY",
    ],
)
def test_no_recurrence(rule: str) -> None:
    """Anything else is refused rather than half understood."""
    assert recurrence_of(rule, datetime(2026, 10, 1, 7, tzinfo=AMSTERDAM)) is None


def test_planned_charging_is_shown_in_blocks() -> None:
    """Slots that follow each other are one event; a pause is none."""
    now = datetime(2026, 11, 2, 22, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    advice = SlotAdvice(at_least_w=0, at_most_w=0, why=Why(key=PlanKey.WAITS_FOR_SUN))
    slots = [
        CarSlot(
            start=now + n * quarter,
            end=now + (n + 1) * quarter,
            power_w=power_w,
            charges=power_w > 0,
            sun_w=0,
            energy_wh=0,
            advice=advice,
        )
        for n, power_w in enumerate((0, 4000, 4000, 0, 7000))
    ]
    assert list(charging(slots)) == [
        (now + quarter, now + 3 * quarter),
        (now + 4 * quarter, now + 5 * quarter),
    ]
    assert not list(charging(()))
