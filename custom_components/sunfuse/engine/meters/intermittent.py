"""A meter that comes and goes: each loss lowers the offers, and each return raises them, which wears chargers and cars for nothing.

The first time it is back at once. If it is lost again within minutes, it stays `meter_lost` until it has been steady for a
while, longer each time. Meanwhile the cars have their fail-safe currents, as while it is silent, and what it shows counts at
once: only increases wait.
"""

from dataclasses import replace
from datetime import timedelta

from ..memory import CircuitMemory, MeterLosses
from ..model import MeterQuality, Snapshot
from .meter_quality import Judged

# For how long it has to be steady: the first time, when it was lost again, and so on.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (0, 30, 60, 120))
# One that was there for so long, or silent, does not come and go. A longer memory would only cost current: it would be lost,
# and back, as often.
LASTS = WAITS[-1]
# What is wrong for a moment. The other faults are observed for long before they are known.
_PASSING = frozenset(
    (
        MeterQuality.MISSING,
        MeterQuality.STALE,
        MeterQuality.OUT_OF_RANGE,
        MeterQuality.JUMPED,
    )
)


def remember_loss(
    past: CircuitMemory, judged: Judged, snapshot: Snapshot
) -> CircuitMemory:
    """Note that a meter is lost, and how often in a row it was."""
    now, losses = snapshot.now, past.losses
    if judged.quality in _PASSING:
        again = losses.again
        if past.lost_since is None:
            lately = losses.at is not None and now - losses.at < LASTS
            again = again + 1 if lately else 0
        before = dict(losses.lost) if again or past.lost_since is not None else {}
        lost = before | dict.fromkeys(judged.sensors, now)
        losses = MeterLosses(at=now, again=again, lost=tuple(sorted(lost.items())))
    return replace(past, lost_since=past.lost_since or now, losses=losses)


def as_believed(past: CircuitMemory, judged: Judged, snapshot: Snapshot) -> Judged:
    """Return how far a meter is believed: not yet if it comes and goes, whether it is there or not."""
    now, losses, since = snapshot.now, past.losses, past.lost_since
    if judged.quality not in (MeterQuality.GOOD, *_PASSING) or losses.at is None:
        return judged
    # If sensors come and go by turns, all of them are named all the time.
    lately = tuple(name for name, at in losses.lost if now - at < LASTS)
    if judged.quality in _PASSING and judged.sensors:
        judged = replace(judged, sensors=lately)
    wait = WAITS[min(losses.again, len(WAITS) - 1)]
    if now - losses.at >= wait or (since is not None and now - since >= LASTS):
        return judged
    return replace(judged, quality=MeterQuality.INTERMITTENT, sensors=lately)
