"""An energy counter gives a power, with care."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.sources.counter import Counter

START = datetime(2026, 6, 21, 10, tzinfo=UTC)


def counted(
    readings: list[tuple[float, float]], resolution_wh: float = 1.0
) -> tuple[float | None, float | None]:
    """Return the power and of which second it speaks, after readings of (second, Wh)."""
    counter = Counter()
    for second, energy_wh in readings:
        counter.read(energy_wh, resolution_wh, START + timedelta(seconds=second))
    at_s = (counter.at - START).total_seconds() if counter.at else None
    return counter.power_w, at_s


@pytest.mark.parametrize(
    ("readings", "power_w", "at_s"),
    [
        # Nobody knows anything from one reading, nor from one short step.
        ([(0, 5000)], None, None),
        ([(0, 5000), (10, 5001)], None, None),
        # 10 Wh in 10 s are 3.6 kW, in the middle of them.
        ([(0, 5000), (10, 5010)], 3600, 5),
        # A coarse counter: 10 Wh every 60 s are 600 W, which stays while it stands still for less than that.
        (
            [(0, 0), (20, 10), (50, 10), (80, 20), (110, 20)],
            600,
            95,
        ),
        # It stands still for four minutes: less than 10 Wh have flowed in that time.
        ([(0, 0), (20, 10), (80, 20), (320, 20)], 150, 200),
        # The same reading reported twice is one.
        ([(0, 0), (10, 10), (10, 10)], 3600, 5),
        # Reset at midnight: what was last known grows old until it has counted again.
        ([(0, 900), (10, 910), (20, 0)], 3600, 5),
        ([(0, 900), (10, 910), (20, 0), (30, 20)], 7200, 25),
        # Another meter in its place, or one that came back from zero, is no power of a gigawatt.
        ([(0, 0), (10, 10), (20, 9_000_000)], 3600, 5),
        # Never moved: after a minute, that little flows. 1 Wh in 60 s are 60 W.
        ([(0, 70), (30, 70)], None, None),
        ([(0, 70), (30, 70), (60, 70)], 60, 45),
        # A slow poll speaks of the time since the poll before.
        ([(0, 0), (300, 100), (600, 150)], 600, 450),
    ],
)
def test_a_power_from_a_counter(
    readings: list[tuple[float, float]], power_w: float | None, at_s: float | None
) -> None:
    """Steps over time; the sharper of that and of what standing still means; resets; the first step."""
    coarse = any(energy == 10 and second == 20 for second, energy in readings)
    found_w, found_at_s = counted(readings, 10.0 if coarse else 1.0)
    assert found_w == (None if power_w is None else pytest.approx(power_w))
    assert found_at_s == at_s


def test_a_coarse_counter_is_noticed() -> None:
    """Steps of 100 Wh under polls of 10 s: at 16 A of one phase one comes every minute and a half."""
    coarse, fine = Counter(), Counter()
    for second in range(0, 600, 10):
        at = START + timedelta(seconds=second)
        coarse.read(second * 3600 / 3600 // 100 * 100, 100.0, at)
        fine.read(second * 1.0, 1.0, at)
    assert coarse.is_coarse
    assert not fine.is_coarse
