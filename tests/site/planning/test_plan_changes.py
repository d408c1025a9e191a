"""Which cars are not held to what was planned for them before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.drivers.demand import Demand, SessionFacts, demand_of
from custom_components.sunfuse.drivers.wishes import Wishes
from custom_components.sunfuse.engine.model import ExternalLimit, LimitKind
from custom_components.sunfuse.site.planning.plan_changes import AskedBefore

from ...engine.common import car, site

LIMIT = ExternalLimit(name="Grid", kind=LimitKind.DEMAND_RESPONSE, current_a=16.0)


def test_a_limit_that_is_lifted_frees_all_cars() -> None:
    """A plan within the limit may begin hours later than is possible without it."""
    asked = AskedBefore()
    cars = car("a"), car("b")
    asked.follow(site(*cars, limits=(LIMIT,)), lambda _: Demand())
    asked.changed.clear()
    assert not asked.follow(site(*cars, limits=(LIMIT,)), lambda _: Demand())
    assert not asked.changed

    assert asked.follow(site(*cars), lambda _: Demand())
    assert asked.changed >= {"a", "b"}


def _until(minutes: float) -> tuple[ExternalLimit, ...]:
    """Return a limit that ends so many minutes after four o'clock."""
    four = datetime(2026, 1, 12, 16, 0, tzinfo=UTC)
    return (replace(LIMIT, until=four + timedelta(minutes=minutes)),)


def test_a_limit_that_is_renewed_each_minute_is_one_plan_for_a_quarter_hour() -> None:
    """An energy manager that says each minute "16 A for five minutes" asks for a plan four times an hour."""
    asked = AskedBefore()
    plans = sum(
        asked.follow(site(car("a"), limits=_until(minute + 5)), lambda _: Demand())
        for minute in range(60)
    )
    assert plans == 5  # the first, and one for each quarter hour that it then reaches


def test_a_limit_that_is_shortened_frees_all_cars() -> None:
    """It was to last two hours and lasts five minutes."""
    asked = AskedBefore()
    asked.follow(site(car("a"), limits=_until(120)), lambda _: Demand())
    asked.changed.clear()
    assert asked.follow(site(car("a"), limits=_until(5)), lambda _: Demand())
    assert "a" in asked.changed


@pytest.mark.parametrize(
    "wishes",
    [
        lambda wh: Wishes(target_energy_wh=wh),
        lambda wh: Wishes(limit_energy_wh=wh),
    ],
)
def test_who_asks_for_half_a_kilowatt_hour_more_sees_it_planned(
    wishes: Callable[[float], Wishes],
) -> None:
    """What charges meanwhile is no news; another target is, however little it differs."""
    now = datetime(2026, 1, 12, 16, 0, tzinfo=UTC)
    asked, cars = AskedBefore(), site(car("a"))

    def news(charged_wh: float, wanted_wh: float) -> bool:
        facts = SessionFacts(since=now, charged_wh=charged_wh)
        demand = demand_of(facts, Wishes(), wishes(wanted_wh), now)
        return asked.follow(cars, lambda _: demand)

    assert news(2_000.0, 10_000.0)
    assert not news(2_015.0, 10_000.0)
    assert news(2_030.0, 10_500.0)
    for charged_wh in range(2_045, 10_500, 500):
        assert not news(float(charged_wh), 10_500.0)
