"""How long a fuse or breaker carries an overload: a thermal image of each phase of a circuit.

Charging cars are lowered to the minimum as soon as a circuit is above its limit. Whether a car has to be paused
as well is decided only when the overload has lasted a tenth of what the device carries for certain: the inrush of a motor is
over by then, and a pause costs a contactor cycle and a start. The image adds up, for every second, the part of the
time that the device would carry the current of that second; below the limit it cools.

What a device carries is a straight line, on logarithmic axes, through two points of its standard at which it must not
operate yet:

- gG (IEC 60269-1): the conventional non-fusing current of 1.25 times the rating for an hour (table 2; it must melt at 1.6
  times; smaller fuses than 16 A carry 1.5 times), and for ten seconds the least of the gates `Imin(10 s)` relative to the
  rating, which is that of 16 A: 33 A, 2.06 times (table 3: 33 A for 16, 42 for 20, 52 for 25, 75 for 32, 95 for 40, 125
  for 50, 160 for 63, 215 for 80, 290 for 100 A).
- B and C (IEC 60898-1, table 7): the conventional non-tripping current of 1.13 times the rating for an hour (it must trip
  at 1.45 times), and one second at 2.55 times, where it trips after 1 s to 60 s (120 s above 32 A). From 3 (B) or 5 (C)
  times the rating they may trip at once.

The standards are not free; the numbers were compared with what others quote of them: the multiples with the Electrical
Installation Guide (Schneider Electric, chapter H), both tables with test data of open protection tools.

No overload is tolerated for more than a tenth of ten minutes: one that lasts a minute is not a moment any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import math

from ..model import PerPhase
from ..tuning import Characteristic

# The part of what a device carries after which a car is paused.
SPENT = 0.1
# The longest time that is assumed, however small the overload.
LONGEST_S = 600.0
# A bimetal or a fuse element cools within minutes.
COOLS_S = 120.0
# Over a longer gap between two decisions, nothing is known.
LONGEST_STEP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Two points that a device carries, as multiples of its rating and seconds, and from where it may operate at once."""

    low: float
    low_s: float
    high: float
    high_s: float
    at_once: float = math.inf

    def bears_s(self, load: float) -> float:
        """Return how long a multiple of the rating is carried."""
        if load >= self.at_once:
            return 0.0
        slope = math.log(self.low_s / self.high_s) / math.log(self.high / self.low)
        return float(min(self.low_s * (self.low / load) ** slope, LONGEST_S))


CURVES: Mapping[Characteristic, Curve] = {
    Characteristic.GG: Curve(low=1.25, low_s=3600.0, high=33 / 16, high_s=10.0),
    Characteristic.B: Curve(low=1.13, low_s=3600.0, high=2.55, high_s=1.0, at_once=3.0),
    Characteristic.C: Curve(low=1.13, low_s=3600.0, high=2.55, high_s=1.0, at_once=5.0),
}


def warmed(
    before: PerPhase,
    current_a: PerPhase,
    limit_a: PerPhase,
    characteristic: Characteristic,
    elapsed_s: float,
) -> PerPhase:
    """Return the image of each phase after a current has flowed: 0 is cold, at 1 the device may operate."""
    if characteristic is Characteristic.STRICT:
        return ()
    curve, step_s = CURVES[characteristic], min(max(elapsed_s, 0.0), LONGEST_STEP_S)
    return tuple(
        _warmed(heat, current, limit, curve, step_s)
        for heat, current, limit in zip(
            before or (0.0,) * len(limit_a), current_a, limit_a, strict=True
        )
    )


def _warmed(
    heat: float, current_a: float, limit_a: float, curve: Curve, step_s: float
) -> float:
    if current_a <= limit_a:
        return heat * math.exp(-step_s / COOLS_S)
    bears_s = curve.bears_s(current_a / limit_a) if limit_a > 0 else 0.0
    return min(heat + step_s / bears_s, 1.0) if bears_s > 0 else 1.0
