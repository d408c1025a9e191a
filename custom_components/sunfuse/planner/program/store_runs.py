"""The rows of a store that charges for a while and stops: its minimum power, its last step, the wear of its starts."""

from dataclasses import dataclass

import numpy as np

from ..plan_cost import ON_W
from ..problem import Problem, Store, reachable_wh
from ..room import Flags
from .branching import Columns, Values
from .held import Held
from .program import Program, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Which of the next steps is the last one of a store (1), and for which part of it that has stopped."""

    last: Columns
    part: Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRuns:
    """Writes, for the steps that have a column `on`, what follows from whether a store charges."""

    problem: Problem
    program: Program
    store: Store
    hours: Values
    most: Values
    attainable: Values  # of what others leave
    has_room: Flags  # for its minimum

    def add_minimum(
        self, charge: Columns, on: Columns, stop: Stop | None, full: dict[int, int]
    ) -> None:
        """Require at least the minimum power while the store charges, and what it loses meanwhile: without power it does not.

        In a step in which it stops or becomes full, the mean can be below the minimum.
        """
        program, store, most = self.program, self.store, self.most[: len(on)]
        lost_w = max(store.standby_w / store.charge_efficiency, 2 * ON_W)
        lost = np.minimum(lost_w / 1000, most)
        least = np.maximum(np.minimum(store.min_charge_w / 1000, most), lost)
        charge = charge[: len(on)]
        program.rows((charge, 1.0), (on, -most), upper=0.0)
        for power in (lost, least):
            for step in range(len(on)):
                terms: list[Term] = [
                    (charge[step : step + 1], 1.0),
                    (on[step : step + 1], -power[step]),
                ]
                if stop is not None:
                    terms.append((stop.part[step : step + 1], power[step]))
                if step in full and power is least:
                    terms.append((np.array([full[step]]), power[step]))
                program.row(*terms, lower=0.0)
        last = [] if stop is None else [stop.last]
        program.whole_together(np.concatenate([on[most > 0], *last]))

    def add_stop(self, charge: Columns, on: Columns) -> Stop | None:
        """Add in which step a store stops, as it has enough; None if it cannot be one of the next.

        Without that, what is left after some steps at the minimum would need more power than the peak so far, and who
        charges with full power or not at all would take a whole step.
        """
        program, store, exact = self.program, self.store, len(on)
        most, hours = self.most[:exact], self.hours[:exact]
        lacks = (self._enough_wh - store.energy_wh) / 1000
        soon = float((most * hours).sum()) * store.charge_efficiency
        if not store.stops_itself or not 0 < lacks <= soon:
            return None
        # It stops after a while at its minimum, for which there has to be room.
        last = program.columns(exact, upper=np.where(self.has_room[:exact], 1.0, 0.0))
        program.row((last, 1.0), upper=1.0)
        program.rows((last, 1.0), (on, -1.0), upper=0.0)
        for step in range(exact - 1):
            after = on[step + 1 :]
            program.row(
                (after, 1.0), (last[: step + 1], float(len(after))), upper=len(after)
            )
        part = program.columns(exact, upper=1.0)
        program.rows((part, 1.0), (last, -1.0), upper=0.0)
        # Before it stops, it charges with all that others leave it at most, as it does in later steps.
        power = np.minimum(self.attainable[:exact], most)
        terms = ((charge[:exact], 1.0), (part, power), (last, most - power))
        program.rows(*terms, upper=most)
        return Stop(last=last, part=part)

    @property
    def _enough_wh(self) -> float:
        """What a store holds when it stops: what its goals ask for, or all that it takes."""
        store = self.store
        wanted = (reachable_wh(store, goal.energy_wh) for goal in store.goals)
        return max(
            (each for each in wanted if each > store.energy_wh),
            default=store.capacity_wh,
        )

    def hold_enough(self, held: Held, stop: Stop) -> None:
        """Hold enough at the end of the last step; it may be what its goals ask for, or more until it is full."""
        enough = self._enough_wh / 1000
        # Consumption goes on when it is empty: it may hold less than nothing.
        used = np.maximum(np.array(self.store.consumed_w or (0.0,)), 0.0)
        debt = float((used * self.hours).sum()) / 1000
        for step, column in enumerate(stop.last):
            terms, one = held.after(step), np.array([column])
            self.program.row(*terms, (one, -enough - debt), lower=-debt - held.now)

    def add_starts(self, charge: Columns, on: Columns) -> None:
        """Add the cost of wear for each start.

        In later steps the part of its highest power that a store takes stands for whether it charges. That part is smaller
        with a lower power, so the one start that is needed anyway is free: else it would charge slowly to save a part of
        it, or wait for a later step. More of them cost: cars that could take turns charge one after the other.
        """
        program, store = self.program, self.store
        if not store.start_cost:
            return
        count = len(on)
        asked = self.problem.wear_steps
        worn = len(charge) if asked is None else max(count, min(len(charge), asked))
        later = len(charge) > count
        start = program.columns(worn, cost=0.0 if later else store.start_cost)
        going = 1.0 if store.charging else 0.0
        program.row((start[:1], 1.0), (on[:1], -1.0), lower=-going)
        if count > 1:
            program.rows(
                (start[1:count], 1.0), (on[1:], -1.0), (on[:-1], 1.0), lower=0.0
            )
        if later:
            columns = np.concatenate([on, charge[count:worn]])
            most = self.most[:worn]
            part = np.divide(1, most, out=np.zeros(worn), where=most > 0)
            part[:count] = 1.0
            if worn > count:
                program.rows(
                    (start[count:], 1.0),
                    (columns[count:], -part[count:]),
                    (columns[count - 1 : -1], part[count - 1 : -1]),
                    lower=0.0,
                )
            more = program.columns(1, cost=store.start_cost)
            program.row((more, 1.0), (start, -1.0), lower=going - 1)
