"""What speaks against a circuit's meter, as it is remembered from tick to tick."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from ..model import PerPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """By which part of the cars' changes a meter changes: averaged over changes by so much in all, and at the last one."""

    FORMER: ClassVar[frozenset[str]] = frozenset(("exported",))

    part: float
    changed_a: float
    last: float
    at: datetime
    together: float = 0.0  # at the last one, of all phases together
    first: bool = False  # whether they have changed once only
    opposite: bool = False  # whether it fell then as they rose, or rose as they fell
    trust: float = 1.0  # how much the last one says, beside what the house does
    # Whether it rose and fell with them at the last one, and was brought back: by something that feeds in behind it.
    answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What cars took on average, and what a meter showed, while they took about the same."""

    cars_a: PerPhase
    metered_a: PerPhase
    at: datetime  # of the last reading
    lasted_s: float = 0.0


class Fall(StrEnum):
    """How a meter fell (see `unreported_sun`)."""

    LIKE_SUN = "like_sun"
    LIKE_A_FAULT = "like_a_fault"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Evidence against a circuit's meter: it shows less than the cars take (see `contradiction`)."""

    since: datetime | None = None  # of the draw that first contradicted it
    read_at: datetime | None = None  # and of the contradicted value
    wrong_a: PerPhase | None = None  # the value that was proven wrong
    wrong_at: datetime | None = None  # when
    wrong_where: tuple[bool, ...] = ()  # and where it was less than the cars took
    # Cars and meter when they were last compared: per phase and in sum, or in sum alone.
    cars_a: PerPhase = ()
    metered_a: PerPhase = ()
    changing: bool = False  # an offer has changed since
    # And between which values the meter has been since, until they are steady again.
    highest_a: PerPhase = ()
    lowest_a: PerPhase = ()
    # From what the cars changed last, and where the meter moved as they did meanwhile.
    changed_from: Level | None = None
    moved_with: tuple[bool, ...] = ()
    # The means since the cars' last change and before it, and how the meter had followed them until then.
    level: Level | None = None
    before: Level | None = None
    followed: tuple[Following | None, ...] = ()
    broken: bool = False  # whether it has fallen since as a meter does that fails
    wavers_a: PerPhase = ()  # how far it strays from its mean while the cars take the same
    # When it last exported without a car that charges there, or as it followed one: there is sun.
    exported_at: tuple[datetime | None, ...] = ()
    following: tuple[Following | None, ...] = ()
    feeds_in: tuple[bool, ...] = ()  # whether unreported solar power feeds in there
    # The recent maximum of solar panels and battery, and when.
    sun_w: float = 0.0
    sun_at: datetime | None = None
    sources: int = 0  # how many of them have reported
    # Since when, and when last, what they reported then did not explain it.
    unexplained_since: datetime | None = None
    unexplained_at: datetime | None = None
    shows_cars: bool = False  # whether the meter has ever shown the draw of a car
    # Since when it shows less than the cars take, and how it fell to that.
    short_since: datetime | None = None
    fall: Fall = Fall.OTHER
    read_cars_a: PerPhase = ()  # what the cars took when its value was new
