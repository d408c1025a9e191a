"""Which cars are not held to what was planned for them before."""

from custom_components.sunfuse.drivers.demand import Demand
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
