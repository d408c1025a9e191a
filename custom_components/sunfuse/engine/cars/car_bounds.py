"""What a car drew when a circuit's meter measured, within bounds: charger and meter report at different times."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from operator import attrgetter

from ..memory import ConnectorMemory, Draw, Offered
from ..model import Connector, ConnectorStatus, MeterReading, PerPhase, Snapshot
from .asking import phases_in_use
from .confirmed_offer import held_a
from .drawing import SAME_TIME, around, at_most, bounds_of, is_used
from .learning import expected_a

# From a new limit to the draw that follows it: the charger's answer, the car's ramp, the next meter value.
SETTLING = timedelta(seconds=15)
# Some cars sleep, and need a minute from their first offer to the first current.
BEGINS = timedelta(seconds=90)
# An older report of a car says nothing about the present.
TELLS = timedelta(seconds=60)


class Evidence(Enum):
    """How well it is known what a connector drew when the meter measured."""

    NO_CAR = "no car, and no draw of that time"
    STEADY = "reported at that time, under an offer that had not changed for long"
    LOWERED = "reported at that time, under offers that only fell"
    CHANGING = "reported at that time, under an offer that may have risen, or that it may begin to use"
    SILENT = "did not report at that time, or is out of reach"


# Not frozen: one is made for each connector at every tick, and a frozen one takes three times as long to make.
@dataclass(slots=True)
class Seen:
    """What is known of a connector at the time at which the meter was read: the input of `BOUNDS`."""

    connector: Connector
    draws: tuple[Draw, ...]
    around: tuple[Draw, ...]  # its draws that are relevant at that time
    past: ConnectorMemory
    read_at: datetime
    snapshot: Snapshot
    lowest: PerPhase  # of the draws of that time, per site phase
    highest: PerPhase
    offered: tuple[float, ...]  # the offers that were in force while it settled
    followed: tuple[float, ...]  # and those that it may not have followed yet
    taken_back: tuple[float, ...]  # and lower commands that were never confirmed

    @property
    def none(self) -> PerPhase:
        """No draw at all."""
        return (0.0,) * self.snapshot.site.phases

    def evidence(self) -> Evidence:
        """Return how well it is known what it drew."""
        connector, since = self.connector, self.read_at - SETTLING
        # The newest of them is the nearest, or all of them are too old or too new.
        if not self.around or abs(self.around[-1].at - self.read_at) > SAME_TIME:
            no_car = connector.status is ConnectorStatus.AVAILABLE
            return Evidence.NO_CAR if no_car else Evidence.SILENT
        if not connector.reachable:
            return Evidence.SILENT
        if self._may_begin():
            return Evidence.CHANGING
        if connector.offered_at is None or connector.offered_at < since:
            return Evidence.STEADY
        known = self.past.offers and self.past.offers[0].at <= since
        only_fell = known and self.offered[0] >= max(self.offered)
        return Evidence.LOWERED if only_fell else Evidence.CHANGING

    def _may_begin(self) -> bool:
        """Whether a car that has had an offer for a short time, and had not used it by its last report, may have begun since."""
        connector, began_at = self.connector, self.past.on_since
        if began_at is None or self.read_at - began_at > BEGINS:
            return False
        if self.around[-1].at >= self.read_at:
            return False
        return not any(is_used(a, connector.min_a) for a in self.highest)

    def lowest_or_offered(self) -> PerPhase:
        """Return the lowest draw; between two draws it may have been down at the lowest of its offers."""
        return at_most(self.lowest, min(self.offered))

    def lowest_or_commanded(self) -> PerPhase:
        """Return the same; it may also have followed a lower command that was never confirmed."""
        return at_most(self.lowest, min((*self.offered, *self.taken_back)))

    def likely(self, least: PerPhase) -> PerPhase:
        """Return the least that it is likely to draw: a car that charges continues, even without a report of that time."""
        charges = (
            self.connector.status is ConnectorStatus.CHARGING
            and self.connector.reachable
        )
        if not charges or not self.draws or self.read_at - self.draws[-1].at > TELLS:
            return least
        return tuple(map(max, least, self.lowest_or_offered()))

    def highest_as_offered(self) -> PerPhase:
        """Return the highest draw; one from before a reduction is over by now."""
        if not keeps_offers(self.connector, self.past):
            return self.highest
        return at_most(self.highest, max(self.followed))

    def highest_or_offer(self) -> PerPhase:
        """Return what it may have risen to since it reported."""
        return tuple(map(max, self.highest_as_offered(), self.may_take()))

    def may_rise_a(self) -> float:
        """Return by how much it may be rising: a car has followed an offer that has not changed for long."""
        return self.offered[-1] - min(self.offered)

    def may_take(self) -> PerPhase:
        """Return its offer, on the phases that it uses. Current on other phases beyond its draw is not its own."""
        connector, past = self.connector, self.past
        most_a = held_a(connector, self.snapshot)
        if connector.reachable and (
            car_a := expected_a(connector, past, self.snapshot)
        ):
            most_a = min(most_a, car_a)
        used = phases_in_use(connector, self.draws, past)
        return tuple(
            most_a if p in used else 0.0 for p in range(self.snapshot.site.phases)
        )


type Bound = Callable[[Seen], PerPhase]

# The least and the most that a connector drew when the meter measured.
BOUNDS: Mapping[Evidence, tuple[Bound, Bound]] = {
    Evidence.NO_CAR: (lambda seen: seen.none, lambda seen: seen.none),
    Evidence.STEADY: (lambda seen: seen.lowest, Seen.highest_as_offered),
    Evidence.LOWERED: (Seen.lowest_or_commanded, Seen.highest_as_offered),
    Evidence.CHANGING: (Seen.lowest_or_commanded, Seen.highest_or_offer),
    Evidence.SILENT: (lambda seen: seen.none, Seen.highest_or_offer),
}


def keeps_offers(connector: Connector, past: ConnectorMemory) -> bool:
    """Whether a connector's draw from before a reduction is over by now.

    Of an offline one only what is reserved for it is its own.
    """
    return past.above_since is None or not connector.reachable


def seen_of(
    connector: Connector,
    draws: tuple[Draw, ...],
    past: ConnectorMemory,
    meter: MeterReading,
    follows: timedelta,
    snapshot: Snapshot,
) -> Seen:
    """Return what is known of a connector when a meter was read that shows a lower offer so long after its confirmation."""
    seen = around(draws, meter.at)
    lowest, highest = bounds_of(seen, snapshot.site.phases)
    since = meter.at - SETTLING
    offered = in_force_a(past.offers, since)
    held = held_a(connector, snapshot)
    known = past.offers and past.offers[-1].since <= meter.at - follows
    return Seen(
        connector=connector,
        draws=draws,
        around=seen,
        past=past,
        read_at=meter.at,
        snapshot=snapshot,
        lowest=lowest,
        highest=highest,
        offered=(*offered, held),
        followed=(past.offers[-1].current_a, held) if known else (*offered, held),
        taken_back=tuple([one.current_a for one in past.taken_back if one.at >= since]),
    )


def in_force_a(offers: tuple[Offered, ...], since: datetime) -> tuple[float, ...]:
    """Return the offers that were in force at some time since, the oldest first."""
    if offers and offers[-1].at <= since:
        return (offers[-1].current_a,)
    later = bisect_right(offers, since, key=_AT)
    return tuple([offered.current_a for offered in offers[max(later - 1, 0) :]])


_AT = attrgetter("at")
