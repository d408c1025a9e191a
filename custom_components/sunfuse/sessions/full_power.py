"""What a car would take without control: its own phases and current, as configured, or as seen while it charges.

A charger of three phases has eleven kilowatts for a car that uses one of them: charging at once would take it three times
as long as the wiring suggests.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

# Less than this on a phase is electronics, and no charging.
_USED_A = 1.0
# A car that takes so much less than it is offered would not take more; cars stay below an offer by a little.
_UNUSED_A = 1.0
# Below the least current of IEC 61851-1 (6 A) a car is nearly full, and takes less than it could.
_CHARGES_A = 5.5
# Cars take their time to follow an offer.
_LASTS_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDraw:
    """What was seen of a car while it charged: the most phases at once, and currents of the phase that it uses most."""

    phases: int = 0  # 0: it was not seen on which
    most_a: float = 0.0
    # The most that it took while it was offered more, and for how long it was.
    unforced_a: float = 0.0
    unforced_s: float = 0.0

    def seen(
        self, current_a: Sequence[float | None], offer_a: float | None, seconds: float
    ) -> SeenDraw:
        """Return it with what a car took for so long of what it was offered."""
        known = [current for current in current_a if current is not None]
        used = [current for current in known if current >= _USED_A]
        if not used:
            return self
        most_a = max(used)
        # One reported current does not say whether the others are used.
        phases = max(self.phases, len(used) if len(known) > 1 else 0)
        found = self
        if phases != self.phases or most_a > self.most_a:
            found = replace(self, phases=phases, most_a=max(self.most_a, most_a))
        if offer_a is None or most_a < _CHARGES_A or offer_a < most_a + _UNUSED_A:
            return found
        return replace(
            found,
            unforced_a=max(self.unforced_a, most_a),
            unforced_s=self.unforced_s + seconds,
        )

    @property
    def own_a(self) -> float | None:
        """Return the most that the car takes by itself; None where it took all that it was offered."""
        if self.unforced_s < _LASTS_S or self.most_a > self.unforced_a + _UNUSED_A:
            return None
        return self.most_a


def full_power_w(
    draw: SeenDraw,
    *,
    wired: int,
    max_a: float,
    voltage_v: float,
    car_phases: int | None = None,
    switches_phases: bool = False,
) -> float:
    """Return the power of a car at its charger without control.

    `max_a` is what charger and car allow, `car_phases` what is known of the car. On a charger that switches to one
    phase, one that is used says nothing of the car.
    """
    phases = wired
    if car_phases is not None:
        phases = min(car_phases, wired)
    elif draw.phases > 1 or (draw.phases == 1 and not switches_phases):
        phases = min(draw.phases, wired)
    current_a = max_a if draw.own_a is None else min(draw.own_a, max_a)
    return current_a * phases * voltage_v
