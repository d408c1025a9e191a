"""Room for a car that would be late, in the planner without a solver: others move out of its steps.

An augmenting path: who is moved may have others moved in turn. A car for which others are moved does not move itself.
"""

from ..problem import Store, reachable_wh
from .charged_stores import SMALL_W
from .simple_draft import SMALL_WH, Draft

_DEPTH = 3  # how many cars may be moved for one
# So many moves are tried for a car at a time, and for all of a plan: in a shortage of many cars, all that could be tried would
# take minutes.
_FOR_ONE = 2_000
_FOR_ALL = 4_000


class Moves:
    """Moves what is planned so far."""

    def __init__(self, draft: Draft) -> None:
        """Work on a draft."""
        self._draft = draft
        self._tries = 0
        self._all_tries = _FOR_ALL

    def make_room(self, store: Store, lacks_wh: float, last: int) -> bool:
        """Move others out of a step before the goal; returns whether that freed any power."""
        self._tries = min(_FOR_ONE, self._all_tries)
        for step in range(last + 1):
            own_w = float(
                self._draft.most[store.id][step] - self._draft.power[store.id][step]
            )
            wanted_w = min(
                own_w,
                lacks_wh / store.charge_efficiency / float(self._draft.hours[step]),
            )
            least_w = self._draft.least_w(store, step)
            wanted_w = max(wanted_w, least_w)
            if own_w < max(least_w, SMALL_W) or wanted_w > own_w + SMALL_W:
                continue
            if self._vacate(step, wanted_w, store, {store.id}, _DEPTH):
                return True
        return False

    def _vacate(
        self, step: int, wanted_w: float, store: Store, moving: set[str], depth: int
    ) -> bool:
        """Move others until a store has more power in a step, and assign it."""
        for other in self._draft.problem.stores:
            if other.id in moving or not self._shares(store, other, step):
                continue
            too_much_w = self._too_much_w(store, other, step, wanted_w)
            if self._move(other, step, too_much_w, moving | {other.id}, depth):
                power_w = min(wanted_w, self._draft.limit_w(store, step))
                if power_w >= max(self._draft.least_w(store, step), SMALL_W):
                    self._draft.add(store, step, power_w)
                    return True
        return False

    def _shares(self, store: Store, other: Store, step: int) -> bool:
        """Whether another store uses, in a step, a limit that is exhausted for this one."""
        if self._draft.power[other.id][step] <= SMALL_W:
            return False
        theirs = {row for row, _ in self._draft.room.uses[other.id]}
        return any(
            row in theirs
            and self._draft.room.rows[row][step] / per_w
            < max(store.min_charge_w, SMALL_W)
            for row, per_w in self._draft.room.uses[store.id]
        )

    def _too_much_w(
        self, store: Store, other: Store, step: int, wanted_w: float
    ) -> float:
        """Return how much less another store would have to take in a step for this one to have a power."""
        theirs = dict(self._draft.room.uses[other.id])
        return max(
            (wanted_w * per_w - float(self._draft.room.rows[row][step])) / theirs[row]
            for row, per_w in self._draft.room.uses[store.id]
            if row in theirs
        )

    def _move(
        self, other: Store, step: int, wanted_w: float, moving: set[str], depth: int
    ) -> bool:
        """Move power of another store out of a step, to steps before its own goal: free ones first, then those of others."""
        # With room beside the other store, what keeps the first one back is another limit.
        if wanted_w <= 0 or not self._tries:
            return False
        self._tries -= 1
        self._all_tries -= 1
        power_w = float(self._draft.power[other.id][step])
        leaves_w = power_w - wanted_w
        moved_w = wanted_w if leaves_w >= max(other.min_charge_w, SMALL_W) else power_w
        taken_w = other.taken_w[step] if step < len(other.taken_w) else 0.0
        if taken_w > 0 and power_w - moved_w < taken_w:
            return False
        last = max(
            (goal.step for goal in other.goals), default=self._draft.problem.steps - 1
        )
        before = self._goals_kept(other)
        moved_wh = moved_w * float(self._draft.hours[step])
        parts: list[tuple[int, float]] = []
        for clears in (False, True) if depth > 1 else (False,):
            for target in range(last + 1):
                part_w = min(
                    moved_wh / float(self._draft.hours[target]),
                    float(
                        self._draft.most[other.id][target]
                        - self._draft.power[other.id][target]
                    ),
                )
                if target == step or part_w < SMALL_W:
                    continue
                if clears and self._draft.limit_w(other, target) < part_w - 1e-6:
                    self._clear(other, target, part_w, moving, depth - 1)
                part_w = min(part_w, self._draft.limit_w(other, target))
                if part_w >= max(self._draft.least_w(other, target), SMALL_W):
                    self._draft.add(other, target, part_w)
                    parts.append((target, part_w))
                    moved_wh -= part_w * float(self._draft.hours[target])
        self._draft.add(other, step, -moved_w)
        if moved_wh <= SMALL_WH and self._goals_kept(other) >= before:
            return True
        self._draft.add(other, step, moved_w)
        for target, part_w in parts:
            self._draft.add(other, target, -part_w)
        return False

    def _clear(
        self, store: Store, step: int, wanted_w: float, moving: set[str], depth: int
    ) -> bool:
        """Move others until a step has room for a store, without assigning it."""
        for other in self._draft.problem.stores:
            if other.id in moving or not self._shares(store, other, step):
                continue
            too_much_w = self._too_much_w(store, other, step, wanted_w)
            self._move(other, step, too_much_w, moving | {other.id}, depth)
            if self._draft.limit_w(store, step) >= wanted_w - 1e-6:
                return True
        return False

    def _goals_kept(self, store: Store) -> int:
        return sum(
            self._draft.held.stored_wh(store, goal.step)
            >= reachable_wh(store, goal.energy_wh) - 1.0
            for goal in store.goals
        )
