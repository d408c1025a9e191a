"""Boosts: until when they last, how much energy they may use, and whose quota they count against."""

from datetime import timedelta

from ..memory import Boosted, ConnectorMemory, Memory
from ..model import Connector, Snapshot
from .wanted import NO_CAR

# A quota is for this many days, today included.
DAYS = 7
# Over a longer gap between two decisions, charging was not observed.
LONGEST_S = 60.0


def boosting(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot, memory: Memory
) -> bool:
    """Whether a boost lasts: neither its time, nor its energy, nor its person's quota is used up."""
    boost = connector.boost
    if boost is None or (boost.until is not None and boost.until <= snapshot.now):
        return False
    boosted_wh = past.boost_wh if past.boost_at == boost.started_at else 0.0
    if boost.energy_wh is not None and boosted_wh >= boost.energy_wh:
        return False
    if boost.person is None:
        return True
    quota_wh = quota_of(boost.person, snapshot)
    return quota_wh is None or used_wh(boost.person, snapshot, memory) < quota_wh


def is_over(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot, memory: Memory
) -> bool:
    """Whether a boost has ended: it is used up, or its car has left, and the next one has no claim to it."""
    boost = connector.boost
    if boost is None:
        return False
    left = (
        connector.status in NO_CAR
        and past.boost_at == boost.started_at
        and past.boost_wh > 0
    )
    return left or not boosting(connector, past, snapshot, memory)


def quota_of(person: str, snapshot: Snapshot) -> float | None:
    """Return how much a person may boost in seven days: their own quota before the general one; None: no limit."""
    own = (q.energy_wh for q in snapshot.boost_quotas if q.person == person)
    return next(own, snapshot.tuning.boost_quota_wh)


def used_wh(person: str, snapshot: Snapshot, memory: Memory) -> float:
    """Return what a person has boosted in the last seven days."""
    return sum(
        used.energy_wh for used in _recent(snapshot, memory) if used.person == person
    )


def count_boost(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot, memory: Memory
) -> float:
    """Note and return the energy that was boosted since the last decision."""
    boost = connector.boost
    if boost is None:
        return 0.0
    if past.boost_at != boost.started_at:
        past.boost_at = boost.started_at
        past.boost_wh = 0.0
    if (
        memory.at is None
        or not past.draws
        or not boosting(connector, past, snapshot, memory)
    ):
        return 0.0
    elapsed_s = (snapshot.now - max(memory.at, boost.started_at)).total_seconds()
    power_w = past.draws[-1].watts(snapshot.site.voltage_v)
    energy_wh = power_w * min(max(elapsed_s, 0.0), LONGEST_S) / 3600
    past.boost_wh += energy_wh
    return energy_wh


def boosted_since(
    added_wh: dict[str, float], snapshot: Snapshot, memory: Memory
) -> tuple[Boosted, ...]:
    """Return what everyone has boosted by day, with what was added now."""
    totals = {(b.person, b.day): b.energy_wh for b in _recent(snapshot, memory)}
    today = snapshot.now.date().isoformat()
    for person, energy_wh in added_wh.items():
        totals[person, today] = totals.get((person, today), 0.0) + energy_wh
    return tuple(
        Boosted(person=person, day=day, energy_wh=energy_wh)
        for (person, day), energy_wh in sorted(totals.items())
    )


def _recent(snapshot: Snapshot, memory: Memory) -> list[Boosted]:
    first = (snapshot.now.date() - timedelta(days=DAYS - 1)).isoformat()
    return [boosted for boosted in memory.boosted if boosted.day >= first]
