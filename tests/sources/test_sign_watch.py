"""Signs that contradict each other while a site runs are reported, and not by mistake."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.sources.meters.sign_watch import SignWatch

START = datetime(2026, 11, 25, 11, tzinfo=UTC)


def may_run(
    watch: SignWatch,
    *,
    power_w: float,
    counts_w: float,
    minutes: int = 10,
    step_wh: float = 10,
    start: datetime = START,
) -> None:
    """Let a meter show a power each 5 s, and counters of this step count another; they begin at 100 kWh."""
    for second in range(0, minutes * 60, 5):
        counted = counts_w * second / 3600
        watch.see(
            start + timedelta(seconds=second),
            power_w=power_w,
            phases_w=None,
            counted_wh=100_000 + step_wh * round(counted / step_wh),
        )


@pytest.mark.parametrize("step_wh", [1, 10, 100])
@pytest.mark.parametrize(
    ("power_w", "counts_w", "contradict"),
    [
        (-6000, 6000, True),
        (6000, -6000, True),
        (6000, 6000, False),
        (-6000, -6000, False),
        (-6000, 0, False),
    ],
)
def test_a_counter_of_import_that_rises_during_export(
    power_w: float, counts_w: float, contradict: bool, step_wh: float
) -> None:
    """In ten minutes 6 kW are 1 kWh, enough for any counter in steps of 100 Wh or finer."""
    watch = SignWatch()
    may_run(watch, power_w=power_w, counts_w=counts_w, step_wh=step_wh)
    assert watch.counters_contradict is contradict


def test_a_sign_that_was_put_right() -> None:
    """It is no longer reported."""
    watch = SignWatch()
    may_run(watch, power_w=-6000, counts_w=6000)
    may_run(watch, power_w=6000, counts_w=6000, start=START + timedelta(minutes=10))
    assert not watch.counters_contradict


def test_a_counter_that_lags_behind_a_cloud() -> None:
    """Each minute solar power comes or goes, and the counter reports it half a minute later: nothing is reported."""
    watch = SignWatch()
    counted = 0.0
    for second in range(0, 3600, 5):
        before = 4000 if (second - 30) // 60 % 2 else -4000
        counted += before * 5 / 3600
        watch.see(
            START + timedelta(seconds=second),
            power_w=4000 if second // 60 % 2 else -4000,
            phases_w=None,
            counted_wh=round(counted),
        )
    assert not watch.counters_contradict


def test_phases_against_the_total() -> None:
    """For a minute, and both clearly: phases of 2 kW beside a total of -2 kW cannot both be right."""
    watch = SignWatch()

    def see(second: int, power_w: float, phases_w: float) -> None:
        at = START + timedelta(seconds=second)
        watch.see(at, power_w=power_w, phases_w=phases_w, counted_wh=None)

        seen.append(watch.phases_contradict)

    seen: list[bool] = []
    see(0, -2000, 2100)
    see(30, -2000, 2100)
    see(50, -50, 60)
    see(61, -2000, 2100)
    see(70, 2000, 2100)
    assert seen == [False, False, False, True, False]


def test_a_clock_that_jumps() -> None:
    """What flowed meanwhile is not known, so nothing is concluded from it."""
    watch = SignWatch()
    for index, second in enumerate((0, 5, -3600, 7200, 7205)):
        watch.see(
            START + timedelta(seconds=second),
            power_w=-6000,
            phases_w=None,
            counted_wh=100_000 + 1000 * index,
        )
    assert not watch.counters_contradict
