"""What a calendar's event says, in the words that people use."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.calendar import charging
from custom_components.sunfuse.drivers.wishes import TargetKind
from custom_components.sunfuse.planner.intention import (
    CarSlot,
    PlanKey,
    SlotAdvice,
    Why,
)
from custom_components.sunfuse.site.calendar_words import (
    named,
    target_in,
    target_text,
    weekdays_of,
)


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("zoe to grandma", "Zoe"),
        ("Zoe 2 leaves", "Zoe 2"),  # the longest name
        ("dentist", None),
        ("", None),
    ],
)
def test_names(summary: str, expected: str | None) -> None:
    """Case does not matter; an empty name is nobody's."""
    assert named(summary, ["Zoe", "Zoe 2", " "]) == expected


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (" 80 %", TargetKind.SOC, 80),
        ("80%", TargetKind.SOC, 80),
        ("full: 120 %", TargetKind.SOC, 100),
        ("12,5 kWh", TargetKind.ENERGY, 12_500),
        ("150 km", TargetKind.RANGE, 150),
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


def test_no_target() -> None:
    """Other numbers are none."""
    assert target_in("at 7, room 12") is None
    assert target_text(None) == ""


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", [0, 1, 2, 3, 4, 5, 6]),
        ("FREQ=WEEKLY", [3]),
        ("FREQ=WEEKLY;BYDAY=MO,FR", [0, 4]),
        ("FREQ=WEEKLY;INTERVAL=2", None),
        ("FREQ=WEEKLY;COUNT=3", None),
        ("FREQ=WEEKLY;UNTIL=20270101T000000Z", None),
        ("FREQ=WEEKLY;BYDAY=1MO", None),
        ("FREQ=MONTHLY", None),
    ],
)
def test_recurrence(rule: str, expected: list[int] | None) -> None:
    """Every week for ever; anything else is refused rather than half understood."""
    assert weekdays_of(rule, 3) == expected


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
