"""The time at a site: the wall clock's, but at a simulated site that runs faster, where a night passes in minutes."""

from dataclasses import replace
from datetime import datetime

from homeassistant.util import dt as dt_util

from ...engine.cars.ramp import MIN_OFF_S, RAMP_A_PER_S
from ...engine.model import Boost, Snapshot
from ...engine.sharing.ranking import MIN_ON_S
from ...engine.tuning import Tuning
from .simulated_house import SimulatedHouse


class SiteClock:
    """Converts between the wall clock, by which chargers are controlled, and the site's, by which it plans."""

    def __init__(self, house: SimulatedHouse | None) -> None:
        """Follow the clock of a simulated house where that does not go as the wall's."""
        self._house = house if house and house.simulation.speed != 1 else None

    @property
    def speed(self) -> float:
        """Return how much faster than on the wall time passes."""
        return self._house.simulation.speed if self._house else 1.0

    @property
    def house(self) -> SimulatedHouse | None:
        """Return the simulated house whose clock this is, None where the wall clock counts."""
        return self._house

    def there(self, at: datetime) -> datetime:
        """Return the site's time at a time of the wall clock."""
        if self._house is None:
            return at
        simulation = self._house.simulation
        return simulation.state.at + (at - dt_util.utcnow()) * simulation.speed

    def here(self, at: datetime) -> datetime:
        """Return the wall clock's time at a time of the site."""
        if self._house is None:
            return at
        simulation = self._house.simulation
        return dt_util.utcnow() + (at - simulation.state.at) / simulation.speed

    def snapshot_there(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot whose limits and boosts end in the site's time."""
        if self._house is None:
            return snapshot
        limits = tuple(
            replace(limit, until=limit.until and self.there(limit.until))
            for limit in snapshot.limits
        )
        connectors = tuple(
            replace(one, boost=one.boost and self._boost_there(one.boost))
            for one in snapshot.connectors
        )
        return replace(snapshot, limits=limits, connectors=connectors)

    def _boost_there(self, boost: Boost) -> Boost:
        return replace(boost, until=boost.until and self.there(boost.until))

    def hastened(self, tuning: Tuning) -> Tuning:
        """Return how long the engine waits where cars charge as fast as time runs: as long by the site's clock."""
        if self._house is None:
            return tuning
        speed = self.speed
        min_on_s = MIN_ON_S if tuning.min_on_s is None else tuning.min_on_s
        min_off_s = MIN_OFF_S if tuning.min_off_s is None else tuning.min_off_s
        ramp_a_per_s = tuning.ramp_a_per_s
        if ramp_a_per_s is None:
            ramp_a_per_s = RAMP_A_PER_S
        return replace(
            tuning,
            turn_s=tuning.turn_s / speed,
            longest_wait_s=tuning.longest_wait_s / speed,
            min_on_s=min_on_s / speed,
            min_off_s=min_off_s / speed,
            lockout_s=tuning.lockout_s / speed,
            lockout_most_s=tuning.lockout_most_s / speed,
            dead_band_s=tuning.dead_band_s / speed,
            smoothing_s=tuning.smoothing_s / speed,
            ramp_a_per_s=ramp_a_per_s * speed,
            switches_per_hour=round(tuning.switches_per_hour * speed),
            idle_retry_s=tuning.idle_retry_s / speed,
            laxity_window_s=tuning.laxity_window_s / speed,
        )

    def now(self) -> datetime:
        """Return the site's time now. It never goes back."""
        if self._house is None:
            return dt_util.utcnow()
        return self._house.simulation.state.at
