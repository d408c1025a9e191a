"""Who runs, and with how much: lexicographic in promises and wishes, max-min fair inside each.

IEC 61851-1 has no current below 6 A, so not everyone can always have a share. Running cars are first lowered to
their minimum to make room; only then does a car wait. If a charger can switch, one phase is tried before. The test uses
the sum of the minimums, not what is measured, so the last to arrive is not admitted and stopped again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..cars.asking import Ask, Hurry, idle
from ..cars.phases import may_switch
from ..model import Snapshot
from ..tuning import Policy
from .admission_room import AdmissionRoom
from .filling import Share, User, Uses, fill
from .in_time import is_enough, note_hurry
from .longest_wait import note_overdue
from .ranking import (
    Growth,
    by_policy,
    growth,
    has_no_time,
    has_time,
    is_promised,
    keeps_on,
    rank,
    waited_long,
)
from .resources import Amounts, Lack, Resources, blocked_by, take


@dataclass(slots=True, kw_only=True)
class Shares:
    """The outcome: who runs with how much, who waits for which resource, and who lost its other phases.

    `unsteady` are those for which there is enough now, but not at the highest load of late, and `held_up` those that cannot start
    yet because others have not released it.
    """

    running: dict[str, Share] = field(default_factory=dict)
    waiting: dict[str, Lack] = field(default_factory=dict)
    one_phase: set[str] = field(default_factory=set)
    unsteady: dict[str, Lack] = field(default_factory=dict)
    held_up: dict[str, Lack] = field(default_factory=dict)
    # Who did not use its offer and rests until then, although there is enough.
    resting: dict[str, datetime] = field(default_factory=dict)
    # What is not free yet, or not steadily, for those that run and are to have more.
    kept_back: dict[str, int] = field(default_factory=dict)
    # What the cars on solar power leave of it; negative if the grid helps.
    sun_left_w: float = 0.0
    # What is free beside what must stay free for cars that start: also what steps and dead bands leave is none of theirs.
    beside_starts: Amounts = field(default_factory=list)


class _RisingShares:
    """The shares of those that run, raised step by step: each step begins with what all have by the one before."""

    def __init__(
        self, admitted: list[Ask], resources: Resources, grown: Mapping[str, Growth]
    ) -> None:
        """Begin with a minimum for each."""
        self.admitted = admitted
        self._resources = resources
        self._grown = grown
        self.of = {a.id: Share(current_a=a.connector.min_a) for a in admitted}

    def admit(self, late: list[Ask]) -> None:
        """Give others their minimum beside what these have."""
        self.admitted = sorted([*self.admitted, *late], key=lambda a: a.id)
        self.of |= {a.id: Share(current_a=a.connector.min_a) for a in late}

    def raise_to(
        self, most_a: Mapping[str, float], free: Amounts, *, sun: bool = False
    ) -> None:
        """Raise some as far as that is free; the others stay where they are. With `sun` they take solar power as well."""
        if not most_a:
            return
        users = {}
        for asking in self.admitted:
            uses = self._resources.uses(asking.connector, asking.phases)
            if sun:
                uses = all_uses(asking, self._resources)
            base_a = self.of[asking.id].current_a
            weight, start = self._grown[asking.id]
            users[asking.id] = User(
                uses=uses,
                base=base_a,
                most=max(most_a.get(asking.id, base_a), base_a),
                weight=weight,
                start=start,
            )
        filled = fill(users, free)
        self.of |= {name: filled[name] for name in most_a}

    def show_more(self, free: Amounts) -> None:
        """Give what nobody can use to those who might take more than they are known to: that shows it, and limits nobody."""
        content_a = {
            a.id: a.grid_a
            for a in self.admitted
            if a.grid_a > a.uses_a and self.of[a.id].limited_by is None
        }
        self.raise_to(content_a, free)
        self.of |= {
            name: Share(current_a=self.of[name].current_a) for name in content_a
        }

    def limits(self, asks: Iterable[Ask]) -> dict[str, int]:
        """Return what limits some of them by now, where anything does."""
        shares = {a.id: self.of[a.id] for a in asks}
        return {
            name: one.limited_by
            for name, one in shares.items()
            if one.limited_by is not None
        }


def share(
    asks: list[Ask],
    resources: Resources,
    free: Amounts,
    snapshot: Snapshot,
    *,
    pausing: Sequence[Ask] = (),
) -> Shares:
    """Return the shares of everyone that asks, of what is free of each resource (solar power included).

    Those that pause, because they have just been stopped, get nothing; what they need counts where the policy looks ahead.
    """
    shares = Shares()
    enough = _is_enough([*asks, *pausing], resources, free, snapshot)
    note_overdue(asks, resources, free, snapshot)
    ranked = sorted(asks, key=lambda a: rank(a, snapshot))
    resting = [a for a in ranked if idle(a, snapshot)]
    active = [a for a in ranked if not idle(a, snapshot)]
    room = AdmissionRoom(resources, free, active, snapshot, enough=enough)
    admitted = _admit_grid([a for a in active if not a.solar], room, shares)
    rising = _RisingShares(admitted, resources, growth(asks, snapshot))
    # Increases leave what must stay free for cars that start.
    free = room.beside_starts()
    rising.raise_to(_promised_a(admitted), free)
    # What limits a promise, or what is planned, is also what limits it later on.
    kept_by = rising.limits(a for a in admitted if a.boosted)
    if solar := [a for a in active if a.solar]:
        room.left = list(room.free)
        for asking in admitted:
            room.take(asking, rising.of[asking.id].current_a)
        rising.admit(_admit(solar, room, shares))
        free = room.beside_starts()
    rising.raise_to(_from_grid_a(rising.admitted), free)
    kept_by |= rising.limits(a for a in rising.admitted if a.plan is not None)
    sunny = [a for a in rising.admitted if a.sunny]
    rising.raise_to({a.id: a.most_a for a in sunny}, free, sun=True)
    rising.show_more(free)
    for name, resource in kept_by.items():
        rising.of[name] = replace(rising.of[name], limited_by=resource)
    shares.running, shares.beside_starts = rising.of, free
    shares.sun_left_w = free[resources.sun] - sum(
        rising.of[a.id].current_a * resources.watts(a.phases) * a.takes for a in sunny
    )
    if resting:
        _admit_resting(resting, rising.admitted, free, shares, resources, snapshot)
    return shares


def _is_enough(
    asks: list[Ask], resources: Resources, free: Amounts, snapshot: Snapshot
) -> bool:
    """Return whether all can easily be ready in time, and note who is in a hurry; False under policies that do not look ahead."""
    if snapshot.policy is Policy.DEADLINE:
        return note_hurry(asks, resources, free, snapshot)
    if snapshot.policy is Policy.LAXITY:
        return is_enough(asks, resources, free, snapshot)
    return False


def _promised_a(admitted: list[Ask]) -> dict[str, float]:
    """Return what is promised beyond the minimum, by connector."""
    return {
        a.id: min(a.promised_a, a.uses_a)
        for a in admitted
        if a.promised_a > a.connector.min_a
    }


def _from_grid_a(admitted: list[Ask]) -> dict[str, float]:
    """Return what cars may also take from the grid, by connector."""
    return {
        a.id: min(a.grid_a, a.uses_a)
        for a in admitted
        if not a.sunny or a.grid_a > a.connector.min_a
    }


def _admit_grid(ranked: list[Ask], room: AdmissionRoom, shares: Shares) -> list[Ask]:
    """Return who can have the minimum from the grid.

    A car that has time yields even that to those that have none, and does not start while others can use all that there is. (Under
    `laxity` those that start together do, where there is enough for all to be ready.)
    """
    snapshot = room.snapshot
    if snapshot.policy is Policy.DEADLINE:
        return _admit_by_deadline(ranked, room, shares)
    have_time = {a.id for a in ranked if has_time(a, snapshot)}
    if not have_time:
        return _admit(ranked, room, shares)
    admitted = _admit([a for a in ranked if a.id not in have_time], room, shares)
    hurried = {a.id for a in admitted if has_no_time(a, snapshot)}
    room.claim([a for a in admitted if a.id in hurried])
    calm = [a for a in admitted if a.id not in hurried]
    rest = [a for a in ranked if a.id in have_time]
    if snapshot.policy is Policy.NEED:
        kept = _admit([a for a in rest if room.runs(a)], room, shares)
        room.claim([*calm, *kept])
        starts = [a for a in rest if not room.runs(a)]
        # All share what each lends.
        return [*admitted, *kept, *_admit(starts, room, shares)]
    room.claim(calm)
    for asking in rest:
        if _admit_on_lent(asking, room, shares):
            admitted.append(asking)
            if room.runs(asking) or not room.enough:
                room.claim([asking])
    return admitted


def _admit_by_deadline(
    ranked: list[Ask], room: AdmissionRoom, shares: Shares
) -> list[Ask]:
    """Return who can have the minimum if the first has all that it can take before the next one has any.

    A shortage that is shared by all leaves none of them ready. Whoever was promised energy, has just started, or has waited
    for too long, keeps its minimum beside them. So does who runs and makes nobody late by it, or leaves later while there is
    enough for all to be ready.
    """
    snapshot = room.snapshot
    relaxed = {a.id for a in ranked if room.enough and a.hurry is Hurry.LATER}
    kept = [
        a
        for a in ranked
        if is_promised(a, snapshot)
        or keeps_on(a, snapshot)
        or waited_long(a, snapshot)
        or (room.runs(a) and (a.stays or a.id in relaxed))
    ]
    admitted = _admit(kept, room, shares)
    have, tried = {a.id for a in admitted}, {a.id for a in kept}
    starts: list[Ask] = []
    order = sorted(ranked, key=lambda a: by_policy(a, snapshot))
    last = max((place for place, a in enumerate(order) if room.runs(a)), default=-1)
    for place, asking in enumerate(order):
        if asking.id not in tried and asking.id in relaxed and place > last:
            starts.append(asking)  # beside each other, after all that charge
        elif asking.id not in tried and _admit_on_lent(asking, room, shares):
            admitted.append(asking)
            room.claim([asking])
        elif asking.id in have:
            room.claim([asking])
    return admitted + [a for a in starts if _admit_on_lent(a, room, shares)]


def _admit_on_lent(asking: Ask, room: AdmissionRoom, shares: Shares) -> bool:
    """Admit one whose minimum needs a part of what others claim, if that makes more flow."""
    lent = room.lend(asking)
    admitted = _admit([asking], room, shares)
    if not admitted:
        room.take_back(lent)
    return bool(admitted)


def _admit(ranked: list[Ask], room: AdmissionRoom, shares: Shares) -> list[Ask]:
    """Return who can have the minimum, in their order, and take it; note who waits, and for what.

    A car that may not start yet, because the load may soon need it again, takes nothing: until it may, others use that.
    """
    before, held_up = room.remember(), dict[str, Lack]()
    phases = {asking.id: asking.phases for asking in ranked}
    while True:
        room.come_back(before)
        waiting: dict[str, Lack] = {}
        admitted = []
        for asking in ranked:
            # A car that had to use one phase beside one that cannot start yet may not have to.
            asking.phases = phases[asking.id]
            shares.one_phase.discard(asking.id)
            if asking.id in held_up:
                continue
            blocked = _blocked(asking, room, shares)
            if blocked is not None:
                waiting[asking.id] = blocked
                continue
            room.admit(asking)
            admitted.append(asking)
        unsteady = _unsteady(admitted, room)
        if unsteady is None:
            break
        held_up |= unsteady
    shares.waiting |= waiting
    shares.unsteady |= held_up
    for asking in admitted:
        room.start(asking)
    return admitted


def _unsteady(admitted: list[Ask], room: AdmissionRoom) -> dict[str, Lack] | None:
    """Return the first that may not start beside the others, and what is not steadily free; None: all may."""
    for asking in reversed(admitted):
        if room.runs(asking):
            continue
        blocked = room.blocked_at_peak(asking)
        if blocked is not None:
            return {asking.id: blocked}
    return None


def _blocked(asking: Ask, room: AdmissionRoom, shares: Shares) -> Lack | None:
    """Return what cannot carry the minimum of a connector, finally on one phase if it can switch."""
    blocked = room.blocked(asking)
    if blocked is None or not _can_use_one(asking, room.snapshot):
        return blocked
    every, asking.phases = asking.phases, asking.connector.phases[:1]
    if room.blocked(asking) is None:
        shares.one_phase.add(asking.id)
        return None
    asking.phases = every
    return blocked


def _admit_resting(
    resting: list[Ask],
    admitted: list[Ask],
    free: Amounts,
    shares: Shares,
    resources: Resources,
    snapshot: Snapshot,
) -> None:
    """Give those that have not used their offer for long what nobody else can use.

    A car whose offer was withdrawn gets it back only after a turn, so that the commands to a charger do not alternate.
    """
    left = list(free)
    for asking in admitted:
        take(left, all_uses(asking, resources), shares.running[asking.id].current_a)
    for asking in resting:
        past, min_a = asking.past, asking.connector.min_a
        uses = resources.uses(asking.connector, asking.phases)
        if (blocked := blocked_by(left, uses, min_a)) is not None:
            shares.waiting[asking.id] = blocked
            continue
        turn = timedelta(seconds=snapshot.tuning.turn_s)
        if past.off_since is not None and snapshot.now - past.off_since < turn:
            shares.resting[asking.id] = past.off_since + turn
            continue
        take(left, uses, min_a)
        shares.running[asking.id] = Share(current_a=min_a)


def _can_use_one(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether one phase is left to try: a charging car needs a switch for it, and an hour has only so many."""
    if not asking.connector.switches_phases or len(asking.phases) == 1:
        return False
    return asking.past.on_since is None or may_switch(asking.past, snapshot)


def all_uses(asking: Ask, resources: Resources) -> Uses:
    """Return what a car's current uses of each resource, the solar power included if it depends on that."""
    uses = resources.uses(asking.connector, asking.phases)
    if not asking.sunny:
        return uses
    return resources.with_sun(uses, asking.phases, asking.takes)
