"""What cars ask for in the time of the site that plans them, and in the time of the engine that controls them."""

from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.exceptions import ServiceValidationError

from ...const import DOMAIN
from ...drivers.demand import Demand
from ...drivers.timetable import Said
from ...drivers.wishes import TargetKind
from ...engine.model import Connector, Mode
from ...planner.outlook import FARTHEST
from ..cars.demands import Demands, ExpectedDemand
from ..outcome import ConnectorKey
from ..simulated.site_clock import SiteClock
from .plan_changes import has_car
from .site_plan import LITTLE

# In these a car has what it needs from the grid.
_EXPECTS = (Mode.ECO, Mode.FAST)
# These are times of the days on the wall, of which many pass there meanwhile.
_BY_THE_WALL = (Said.WEEKLY, Said.HABIT)


class SiteDemands:
    """Converts demands between the two clocks of a simulated site that runs faster; any other site has only the wall clock."""

    def __init__(self, demands: Demands, clock: SiteClock) -> None:
        """Convert the gathered demands with a site's clock."""
        self._demands = demands
        self.clock = clock

    def planned(self, key: ConnectorKey) -> Demand:
        """Return a connector's demand, in the site's time.

        Where time runs faster, nobody leaves at seven by the clock on the wall: the simulated drivers say when they do.
        """
        clock, demand = self.clock, self._demands.at(key)
        if clock.house is None:
            return demand
        until, departure = demand.paused_until, demand.departure
        demand = replace(demand, paused_until=until and clock.there(until))
        asks = self._asks(key, demand)
        if departure is not None and demand.said not in _BY_THE_WALL:
            departure = clock.there(departure)
            if departure < clock.now() + FARTHEST:
                # Two clocks are not read at once: what was said is to stay the same.
                at = departure.replace(minute=5 * (departure.minute // 5))
                return replace(
                    asks,
                    departure=at.replace(second=0, microsecond=0),
                    said=demand.said,
                    energy_wh=asks.energy_wh
                    if demand.energy_wh is None
                    else demand.energy_wh,
                )
        return asks

    def _asks(self, key: ConnectorKey, demand: Demand) -> Demand:
        """Return what the simulated driver says, with what is set: a target, a minimum, and that the next departure is skipped."""
        clock, wishes = self.clock, self._demands.wishes_at(key)
        assert clock.house
        targets = [
            w.target.value
            for w in wishes
            if w.target is not None and w.target.kind is TargetKind.SOC
        ]
        asks = clock.house.asks(
            key.identity,
            key.connector,
            demand,
            target_soc=targets[0] if targets else None,
            minimum_soc=wishes[0].minimum_soc,
        )
        skipped = [clock.there(w.skipped_until) for w in wishes if w.skipped_until]
        if skipped and asks.departure and asks.departure <= max(skipped) + LITTLE:
            return replace(asks, departure=None, said=None)
        return asks

    def expected(self, connector: Connector) -> ExpectedDemand | None:
        """Return what a car will ask for that is expected at a connector, None where nobody is."""
        if has_car(connector) or connector.mode not in _EXPECTS:
            return None
        if self.clock.house is not None or not connector.reachable:
            return None
        return self._demands.expected(connector.id, self.clock.now())

    def shown(self, key: ConnectorKey) -> Demand:
        """Return a connector's demand, by the wall clock."""
        clock = self.clock
        if clock.house is None:
            return self._demands.at(key)
        demand = self.planned(key)
        until, departure = demand.paused_until, demand.departure
        return replace(
            demand,
            departure=departure and clock.here(departure),
            paused_until=until and clock.here(until),
        )

    def controlled(self, key: ConnectorKey) -> Demand:
        """Return a connector's demand as the engine needs it, by the wall clock.

        In faster time a car stores more energy than its current supplies: the engine gets the energy that the current supplies.
        """
        demand = self.shown(key)
        if demand.energy_wh is None or self.clock.house is None:
            return demand
        return replace(demand, energy_wh=demand.energy_wh / self.clock.speed)


def check_within_reach(departure: datetime, clock: SiteClock) -> None:
    """Check that plans reach a departure, in the site's time.

    Raises:
        ServiceValidationError: it is later, so that nobody knows what it costs.

    """
    if departure > clock.now() + FARTHEST:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="departure_beyond_plan",
            translation_placeholders={"hours": str(FARTHEST // timedelta(hours=1))},
        )
