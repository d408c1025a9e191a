"""What is reported of sessions, as facts that can be joined in any order and any number of times.

Chargers report late, twice, and out of order, and after a power cut it is not known what was received before. So the
ledger keeps no history of reports: each field of a fact has one way to be joined with what is known, and each of these
ways gives the same result in any order and any number of times. Times are stored to the millisecond.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

# Before any correction.
_NEVER = datetime.min.replace(tzinfo=UTC)

type Join = Callable[[Any, Any], Any]

QUARTER = timedelta(minutes=15)
# What is said of a person where it turns out that it was not theirs.
NOBODY = ""
# What is kept of a person who was forgotten: it comes after every id, so that a report that comes again names nobody.
FORGOTTEN = "~"
# Why a session ended that never began: a car was plugged in and left, and no transaction was started for it.
NO_TRANSACTION = "NoTransaction"
# A charger whose clock was not set reports times of 1970, or by a fault of satellites of 2007.
NO_CLOCK_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
# Or of when its firmware was made: no car is plugged in for so long.
_LONGEST = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Attribution:
    """Who or what was named, and when: the most recent one counts, in whatever order they arrive."""

    at: datetime
    value: str


def _known(join: Join) -> Join:
    """Return a join of values that may be unknown: a known one counts."""

    def join_known(left: Any, right: Any) -> Any:
        if left is None or right is None:
            return right if left is None else left
        return join(left, right)

    return join_known


def _fact(join: Join) -> Any:
    return field(default=None, metadata={"join": _known(join)})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFacts:
    """What is known of one transaction. `station` and `transaction` identify it; everything else may be unknown.

    What a charger states at the end has priority over what was received before, so they are separate fields.
    """

    station: str
    transaction: str
    connector: int | None = _fact(min)
    # The transaction that Sunfuse stopped to pause the same car: both are parts of one session.
    continues: str | None = _fact(min)
    plugged_at: datetime | None = _fact(min)
    heard_start_at: datetime | None = _fact(min)  # when its start was heard of
    stated_start_at: datetime | None = _fact(min)  # as its end states it
    noticed_stop_at: datetime | None = _fact(min)  # when the connector showed it
    stated_stop_at: datetime | None = _fact(max)
    unplugged_at: datetime | None = _fact(min)
    meter_start_wh: float | None = _fact(min)
    meter_end_wh: float | None = _fact(max)
    counted_wh: float | None = _fact(max)  # while it runs
    stated_wh: float | None = None  # at its end, as it was corrected last
    corrected_at: datetime | None = None  # when that was
    peak_w: float | None = _fact(max)
    offline: bool | None = _fact(max)  # a part of it was reported late
    end_reason: str | None = _fact(min)
    card: str | None = field(default=None, repr=False, metadata={"join": _known(min)})
    person: Attribution | None = _fact(max)
    vehicle: Attribution | None = _fact(max)
    # The most that car and charger could have done together, for what would have been without control.
    full_power_w: float | None = _fact(max)

    def joined(self, other: TransactionFacts) -> TransactionFacts:
        """Return both of what is known of this transaction."""
        stated = max(self, other, key=TransactionFacts._stated)
        return replace(
            self,
            **{
                one.name: one.metadata["join"](
                    getattr(self, one.name), getattr(other, one.name)
                )
                for one in fields(self)
                if "join" in one.metadata
            },
            stated_wh=stated.stated_wh,
            corrected_at=stated.corrected_at,
        )

    def _stated(self) -> tuple[datetime, float]:
        """By which of two statements counts: one that corrects the other, whatever came first."""
        wh = -1.0 if self.stated_wh is None else self.stated_wh
        return (self.corrected_at or _NEVER, wh)

    @property
    def started_at(self) -> datetime | None:
        """When it started, as far as it is known."""
        return self.known_time(self.stated_start_at or self.heard_start_at)

    @property
    def stopped_at(self) -> datetime | None:
        """When it stopped; None while it runs."""
        return self.stated_stop_at or self.noticed_stop_at

    def known_time(self, at: datetime | None) -> datetime | None:
        """Return when something of it began; None if the clock of the charger was not set: it did not take years."""
        if at is None or at < NO_CLOCK_BEFORE:
            return None
        stopped_at = self.stopped_at
        return at if stopped_at is None or stopped_at - at < _LONGEST else None

    @property
    def energy_wh(self) -> float:
        """What the car took: as stated at the end, else by the register, else as counted so far."""
        if self.stated_wh is not None:
            return self.stated_wh
        if self.meter_start_wh is not None and self.meter_end_wh is not None:
            return max(self.meter_end_wh - self.meter_start_wh, 0.0)
        return self.counted_wh or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredQuarter:
    """What of a transaction was measured in one quarter hour, from its beginning: a sum, not an addition.

    Of two of these the one that saw more energy, or as much in a longer time, counts.
    """

    station: str
    transaction: str
    start: datetime
    energy_wh: float = 0.0
    sun_wh: float = 0.0
    battery_wh: float = 0.0
    seconds: float = 0.0
    peak_w: float = 0.0

    @property
    def rank(self) -> tuple[float, ...]:
        """Return by what two of the same quarter hour are compared."""
        return (
            self.energy_wh,
            self.seconds,
            self.sun_wh,
            self.battery_wh,
            self.peak_w,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseFact:
    """For how long a transaction was paused for one reason, in all, and how often. The longer counts."""

    station: str
    transaction: str
    reason: str
    first_at: datetime
    last_at: datetime
    seconds: float
    times: int = 1

    @property
    def rank(self) -> tuple[float, float, float]:
        """Return by what two of the same reason are compared."""
        return (self.seconds, self.times, self.last_at.timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedValue:
    """A meter value with its signature (OCMF and the like), exactly as it was received."""

    station: str
    transaction: str
    at: datetime
    context: str  # Transaction.Begin, Transaction.End, ...
    encoding: str  # OCMF, EDL, ...; empty where the charger did not say
    data: str
    method: str = ""
    public_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteQuarter:
    """A quarter hour of the site: its energies, and its prices per kWh. The longer observed counts.

    `house_wh` is what the site used besides the cars that report what they take.
    """

    start: datetime
    seconds: float = 0.0
    solar_wh: float = 0.0
    house_wh: float = 0.0
    cars_wh: float = 0.0
    import_wh: float = 0.0
    export_wh: float = 0.0
    battery_out_wh: float = 0.0
    battery_in_wh: float = 0.0
    import_price: float | None = None
    export_price: float | None = None
    currency: str | None = None
    carbon_g: float | None = None


type Fact = TransactionFacts | MeasuredQuarter | PauseFact | SignedValue | SiteQuarter


def to_millisecond(at: datetime) -> datetime:
    """Return a time as exactly as it is kept."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def quarter_of(at: datetime) -> datetime:
    """Return the beginning of the quarter hour that holds an instant. Those of all time zones begin alike."""
    at = at.astimezone(UTC)
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def quarters_between(start: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """Return the quarter hours that a stretch touches, each with how many seconds of it."""
    found = []
    at = quarter_of(start)
    while at < end:
        seconds = (min(end, at + QUARTER) - max(start, at)).total_seconds()
        if seconds > 0:
            found.append((at, seconds))
        at += QUARTER
    return found
