"""Who has to be admitted now, whatever the policy, so that nobody waits longer than the user allows.

When many cars wait, they cannot all start when the time of the first is over: each place is used for a turn. So who waits
starts as much earlier as those behind it need its place after it.
"""

from ..cars.asking import Ask, idle, rests
from ..model import Snapshot
from ..tuning import Policy
from .ranking import matters, waited_s
from .resources import Amounts, Resources

# Until one has released its place and the next has started.
CHANGE_S = 30.0


def note_overdue(
    asks: list[Ask], resources: Resources, free: Amounts, snapshot: Snapshot
) -> None:
    """Note who can wait no longer; `free` is what is free of each resource now."""
    if snapshot.policy is Policy.EQUAL:
        return  # it takes turns anyway
    waiting = [
        a
        for a in asks
        if a.past.off_since is not None
        and not idle(a, snapshot)
        and not rests(a.past, snapshot)
        and matters(a, snapshot)
    ]
    waiting.sort(key=lambda a: (-waited_s(a, snapshot), a.id))
    longest_s = snapshot.tuning.longest_wait_s - CHANGE_S
    left_s = {a.id: longest_s - waited_s(a, snapshot) for a in waiting}
    turn_s = snapshot.tuning.turn_s + CHANGE_S
    queues: dict[int, list[tuple[Ask, float]]] = {}
    for asking in waiting:
        for index, used in resources.uses(asking.connector, asking.phases):
            needs = used * asking.connector.min_a
            queues.setdefault(index, []).append((asking, needs))
    for index in sorted(queues):
        queue = queues[index]
        places = max(int(free[index] / max(needs for _, needs in queue)), 1)
        for place in range(len(queue) - places - 1, -1, -1):
            first, behind = queue[place][0].id, queue[place + places][0].id
            left_s[first] = min(left_s[first], left_s[behind] - turn_s)
    for asking in waiting:
        asking.overdue = left_s[asking.id] <= 0
