"""What can have happened to the register of meter values: of all stories that explain its readings, that with the fewest faults.

A register goes on from one reading to the next, as far as the connector can deliver in between. A reading that does not follow
is a fault: it is nonsense, or the register counts from elsewhere since. Each fault weighs as much as readings are needed to
believe it. Where two stories have as many faults, that with less energy is believed: too little is better than too much.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime

from .register_readings import (
    ROUNDING_WH,
    SLACK_WH,
    Most,
    RegisterReading,
    ShownValues,
    ValueStory,
)

# A reading that is nonsense.
NONSENSE = 1.0
# A reading of 0 that is: many meters show that until they are awake.
ASLEEP = 0.01
# An end that may as well be of another register.
MAYBE_NONSENSE = 0.4
# A register counts from elsewhere, though the station does not say that it booted: three readings say so.
JUMP = 2.5
# It counts from what it had stored since the station booted: as probable as one reading of nonsense.
STORED = 1.0
# It counts from zero since then, and shows so little that nothing else explains it.
RESET = 0.5
# How many faults more than the best one a story has that may still turn out to be true, and how many are kept.
_BEHIND = 3.0
_KEPT = 8

type Booted = Callable[[datetime], bool]
# Returns the values of a session whose first one is a reading, and how many faults that means.
type Begin = Callable[[RegisterReading], tuple[ShownValues, float]]

NOTHING = ValueStory()


def with_reading(
    stories: Collection[ValueStory],
    reading: RegisterReading,
    *,
    begin: Begin,
    booted: Booted | None,
    most_wh: Most,
) -> tuple[ValueStory, ...]:
    """Return what can have happened until another reading, the most probable first.

    `begin` begins with it, and `booted` tells whether the station booted since a time: None
    between sessions, where nothing flows that a register could have counted since it restarted.
    """
    possible: list[ValueStory] = []
    for story in stories or (NOTHING,):
        shown = story.values
        awake = reading.register_wh or (shown and not shown.last.register_wh)
        nonsense = NONSENSE if awake else ASLEEP
        possible.append(replace(story, faults=story.faults + nonsense))
        if shown is None:
            values, faults = begin(reading)
        elif shown.last.reaches(reading, most_wh):
            values, faults = shown.going_on(reading), 0.0
        elif reading.register_wh:
            values, faults = restarting(shown, reading, booted=booted, most_wh=most_wh)
        else:
            continue
        possible.append(ValueStory(values=values, faults=story.faults + faults))
    return _best(possible)


def restarting(
    shown: ShownValues,
    reading: RegisterReading,
    *,
    booted: Booted | None,
    most_wh: Most,
) -> tuple[ShownValues, float]:
    """Return values whose register counts from elsewhere since a reading, and how many faults that means."""
    if booted is None:
        return shown.restarting(reading.register_wh, reading), JUMP
    from_zero = comes_from_zero(shown.last, reading, most_wh)
    faults = JUMP
    if booted(shown.last.at) and reading.register_wh < shown.last.register_wh:
        faults = RESET if from_zero else STORED
    from_wh = 0.0 if from_zero else reading.register_wh
    return shown.restarting(from_wh, reading), faults


def comes_from_zero(
    last: RegisterReading, reading: RegisterReading, most_wh: Most
) -> bool:
    """Whether a register came from zero to a reading since the last one, as far as can be known.

    It is far below that one, which the register may not have stored yet: otherwise it may go on from what it had stored.
    """
    flows_wh = most_wh(last.at, reading.at) - SLACK_WH + ROUNDING_WH
    return reading.register_wh <= min(flows_wh, last.register_wh / 2)


def _best(possible: Iterable[ValueStory]) -> tuple[ValueStory, ...]:
    """Return the stories that may turn out to be true: of those that lead to one reading only the best, as all go on alike."""
    ordered = sorted(possible, key=_doubt)
    most = ordered[0].faults + _BEHIND
    kept: dict[RegisterReading | None, ValueStory] = {}
    for story in ordered:
        if story.faults <= most:
            last = story.values.last if story.values else None
            kept.setdefault(last, story)
    return tuple(kept.values())[:_KEPT]


def _doubt(story: ValueStory) -> tuple[float, bool, bool, float]:
    values = story.values
    if values is None:
        return (story.faults, True, True, 0.0)
    return (story.faults, False, not values.restarted, values.risen_wh)
