"""Moves of power between steps, where one step after the other is not the cheapest.

Where the grid is cheaper than the sun that is left, a step is the cheaper the more is taken in it: the first kilowatts cost what
they would earn as export, the next ones are paid for. So what other steps take may be cheaper there, all together.
"""

from dataclasses import dataclass

import numpy as np

from ..problem import Store
from ..room import Values
from .charged_stores import SMALL_W

_LEAST_GAIN = 1e-6  # in currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Energy of the grid connection that a store takes in another step, and what that saves."""

    gain: float
    source: int
    target: int
    energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The prices of each step, and what a store could take in it."""

    hours: Values
    import_price: Values
    export_price: Values
    most_out_w: Values
    net_w: Values
    power_w: Values
    least_w: Values  # what the store takes in any case
    room_w: Values  # how much more it could take

    def best(self, store: Store, slack_wh: Values) -> Move | None:
        """Return the move that saves most, of those from or to a step in which the grid is cheaper than the sun.

        `slack_wh` is what a store may lack at the end of each step until it misses a goal.
        """
        net_w = self.net_w - self.power_w
        special = (net_w < 0) & (self.export_price > self.import_price)
        best: Move | None = None
        for step in np.flatnonzero(special):
            for there in range(len(self.hours)):
                if there == step or (special[there] and there < step):
                    continue
                for source, target in ((there, int(step)), (int(step), there)):
                    move = self._move(store, source, target, slack_wh)
                    if move and (best is None or move.gain > best.gain):
                        best = move
        return best

    def _move(
        self, store: Store, source: int, target: int, slack_wh: Values
    ) -> Move | None:
        movable_w = self.power_w[source] - self.least_w[source]
        most_wh = min(
            movable_w * self.hours[source], self.room_w[target] * self.hours[target]
        )
        if source < target:
            late_wh = float(np.min(slack_wh[source:target])) / store.charge_efficiency
            most_wh = min(most_wh, late_wh)
        # As much as possible, or until one of the two begins or ceases to import.
        kinks = (
            self.net_w[source] * self.hours[source],
            -self.net_w[target] * self.hours[target],
        )
        best: Move | None = None
        for energy_wh in (most_wh, *(each for each in kinks if each < most_wh)):
            if energy_wh < SMALL_W or not self._keeps_minimum(
                store, source, target, energy_wh
            ):
                continue
            gain = -self._dearer(source, -energy_wh) - self._dearer(target, energy_wh)
            if gain > (best.gain if best else _LEAST_GAIN):
                best = Move(
                    gain=gain, source=source, target=target, energy_wh=energy_wh
                )
        return best

    def _keeps_minimum(
        self, store: Store, source: int, target: int, energy_wh: float
    ) -> bool:
        stays_w = self.power_w[source] - energy_wh / self.hours[source]
        comes_w = self.power_w[target] + energy_wh / self.hours[target]
        rests = bool(stays_w < SMALL_W or stays_w >= store.min_charge_w)
        return rests and bool(comes_w >= store.min_charge_w)

    def _dearer(self, step: int, energy_wh: float) -> float:
        before_w = float(self.net_w[step])
        after_w = before_w + energy_wh / float(self.hours[step])
        return self._cost(step, after_w) - self._cost(step, before_w)

    def _cost(self, step: int, net_w: float) -> float:
        exported_w = min(max(-net_w, 0.0), float(self.most_out_w[step]))
        paid = self.import_price[step] * max(net_w, 0.0)
        earned = self.export_price[step] * exported_w
        return float(paid - earned) * float(self.hours[step]) / 1000
