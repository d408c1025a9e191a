"""Whether a load that fell is over, or comes and goes.

A load that rises every few minutes is low for a moment only: who starts then is paused at the next rise. One that rose once in a quarter
of an hour, and then fell, has ended.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# A rise or a fall of less than this is no other load.
SWINGS_A = 3.0
# Rises that are longer ago say nothing about the next one.
LATELY = timedelta(minutes=15)
# One that returns at once fell for a moment: a switch, a defrosting compressor.
ENDED = timedelta(seconds=20)
# The mean of ten seconds still contains a high load for so long after it ended.
FADES = timedelta(seconds=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSwing:
    """Which way the load of a phase went last, since when, how far it went, and its last rises, two at most."""

    up: bool
    since: datetime
    furthest_a: float
    rises: tuple[datetime, ...] = ()

    def ends_at(self, now: datetime) -> datetime | None:
        """Return from when on what was high counts as ended, None if it may come back."""
        lately = sum(now - at < LATELY for at in self.rises)
        return None if self.up or lately > 1 else self.since + ENDED

    def was_before(self, at: datetime) -> bool:
        """Whether a peak belongs to what has ended."""
        return at - self.since < FADES


def swung(past: LoadSwing | None, load_a: float, now: datetime) -> LoadSwing:
    """Return the swing of a phase with its present load. Of one that is new, nobody knows how often it rises."""
    if past is None:
        return LoadSwing(up=False, since=now, furthest_a=load_a, rises=(now, now))
    if past.up and load_a < past.furthest_a - SWINGS_A:
        return replace(past, up=False, since=now, furthest_a=load_a)
    if not past.up and load_a > past.furthest_a + SWINGS_A:
        rises = (*past.rises[-1:], now)
        return LoadSwing(up=True, since=now, furthest_a=load_a, rises=rises)
    furthest_a = (max if past.up else min)(past.furthest_a, load_a)
    return replace(past, furthest_a=furthest_a)
