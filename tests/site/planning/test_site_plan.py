"""What a site says of its plan, from run to run."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.planner import (
    CarIntention,
    Intention,
    PlanKey,
    Status,
    Why,
)
from custom_components.sunfuse.site.planning.site_plan import ready_of

NOW = datetime(2026, 11, 25, 17, tzinfo=UTC)
FOUR = NOW + timedelta(hours=10)


@pytest.mark.parametrize(
    ("ready", "said", "expected"),
    [
        # In whole five minutes, never too early.
        (FOUR - timedelta(seconds=50), None, FOUR),
        # Equally good plans differ by a slot: what was said is still true.
        (FOUR, FOUR + timedelta(minutes=15), FOUR + timedelta(minutes=15)),
        # It is ready later than said, or much earlier: that is news.
        (FOUR + timedelta(minutes=15), FOUR, FOUR + timedelta(minutes=15)),
        (FOUR - timedelta(hours=1), FOUR, FOUR - timedelta(hours=1)),
    ],
)
def test_when_a_car_is_ready_does_not_flicker(
    ready: datetime, said: datetime | None, expected: datetime
) -> None:
    """Two cars that may change places are told the same at each plan."""
    car = CarIntention(
        id="A",
        slots=(),
        why=Why(key=PlanKey.WAITS_FOR_PRICE),
        ready=ready,
        departure=FOUR + timedelta(hours=3),
    )
    intention = Intention(now=NOW, status=Status.OPTIMAL, slots=(), cars=(car,))
    before = {"A": said} if said else {}
    assert dict(ready_of(intention, before)) == {"A": expected}
