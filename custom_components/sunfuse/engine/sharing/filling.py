"""Weighted max-min fair sharing by progressive filling.

A level rises for all. Each user that has begun gets `weight * (level - start)`, within its own bounds, until something
that it uses is full; the others continue (Bertsekas and Gallager, Data Networks, section 6.5.2). A resource is a phase of a
circuit, in amperes, or a power, in watts: what an ampere for a user takes from it is its coefficient. Different starts
make an order out of a share: a user that starts where another one ends comes after it.

With n users that touch k resources each this takes n k log(n k) steps: every user begins once and ends once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

# Smaller differences are ignored: currents have one decimal.
EPSILON = 1e-6

# Which resources a user takes from, and how much per ampere.
type Uses = tuple[tuple[int, float], ...]


# Not frozen: thousands are made, and a frozen one takes three times as long to make.
@dataclass(slots=True, kw_only=True)
class User:
    """A user of resources: at least `base` (which is taken for granted), at most `most`, both in amperes."""

    uses: Uses
    base: float
    most: float
    weight: float = 1.0
    start: float = 0.0


@dataclass(slots=True, kw_only=True)
class Share:
    """What a user gets, and the resource that limited it; None if it has its maximum."""

    current_a: float
    limited_by: int | None = None


class _Level:
    """The rising level, and what is left of each resource at it."""

    def __init__(self, users: Mapping[str, User], capacity: Sequence[float]) -> None:
        self.users = users
        self.left = list(capacity)
        self.rate = [0.0] * len(capacity)
        self.at = [0.0] * len(capacity)
        self.active: list[dict[str, None]] = [{} for _ in capacity]
        self.shares: dict[str, Share] = {}
        for user in users.values():
            for resource, coefficient in user.uses:
                self.left[resource] -= user.base * coefficient

    def begin(self, name: str, level: float) -> None:
        user, rate = self.users[name], self.rate
        for resource, coefficient in user.uses:
            if self.at[resource] != level:
                self._advance(resource, level)
            rate[resource] += coefficient * user.weight
            self.active[resource][name] = None

    def end(self, name: str, level: float, share: Share) -> None:
        user, rate = self.users[name], self.rate
        self.shares[name] = share
        for resource, coefficient in user.uses:
            if self.at[resource] != level:
                self._advance(resource, level)
            rate[resource] -= coefficient * user.weight
            del self.active[resource][name]

    def _advance(self, resource: int, level: float) -> None:
        self.left[resource] -= self.rate[resource] * (level - self.at[resource])
        self.at[resource] = level

    def full_at(self, resource: int) -> float:
        """Return the level at which a resource that is in use becomes full if nothing changes."""
        left = max(self.left[resource], 0.0)
        return self.at[resource] + left / self.rate[resource]


def fill(users: Mapping[str, User], capacity: Sequence[float]) -> dict[str, Share]:
    """Raise all users together from their base to their maximum, as far as the resources allow."""
    level = _Level(users, capacity)
    events: list[tuple[float, int, str]] = []
    for name, user in users.items():
        if user.most - user.base <= EPSILON:
            level.shares[name] = Share(current_a=user.base)
            continue
        events.append((user.start + user.base / user.weight, 0, name))
        events.append((user.start + user.most / user.weight, 1, name))
    heapify(events)
    fulls: list[tuple[float, int]] = []
    if events:
        # Nothing flows before the first user begins.
        level.at = [events[0][0]] * len(level.at)
    while events:
        now, ends, name = events[0]
        if fulls and fulls[0][0] < now:
            _fill_up(level, fulls)
            continue
        heappop(events)
        if name in level.shares:
            continue
        if ends:
            level.end(name, now, Share(current_a=users[name].most))
            continue
        begun = [name]
        while events and events[0][:2] == (now, 0):
            begun.append(heappop(events)[2])
        _begin(level, begun, now, fulls)
    return {name: level.shares[name] for name in users}


def _begin(
    level: _Level, begun: list[str], now: float, fulls: list[tuple[float, int]]
) -> None:
    """Start users together, and note when what they use becomes full."""
    touched: set[int] = set()
    for name in begun:
        level.begin(name, now)
        touched.update([resource for resource, _ in level.users[name].uses])
    for resource in touched:
        heappush(fulls, (level.full_at(resource), resource))


def _fill_up(level: _Level, fulls: list[tuple[float, int]]) -> None:
    """Stop users of a full resource, unless it lasts longer because others have stopped using it."""
    expected, resource = heappop(fulls)
    if not level.active[resource]:
        return
    full = level.full_at(resource)
    if full > expected + EPSILON:
        heappush(fulls, (full, resource))
        return
    for name in list(level.active[resource]):
        user = level.users[name]
        current_a = min(max(user.weight * (full - user.start), user.base), user.most)
        limited_by = resource if current_a < user.most - EPSILON else None
        level.end(name, full, Share(current_a=current_a, limited_by=limited_by))
