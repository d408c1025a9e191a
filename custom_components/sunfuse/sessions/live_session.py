"""A running transaction: what it takes by quarter hour, from its meter and what is known between two readings.

The charger's register gives the energy, every ten seconds or every quarter hour. The powers in between show when it
flowed, and how much of it was solar power: what a reading adds is spread over the time since the previous reading in
proportion to these powers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .session_facts import (
    Fact,
    MeasuredQuarter,
    PauseFact,
    TransactionFacts,
    quarter_of,
    quarters_between,
)

# Powers and registers differ by this much, and a register counts in steps. More than that flowed while unobserved.
_DIFFER = 1.3
_STEP_WH = 20.0
_CAPABLE = 1.1
# Stored quarter hours that are over are dropped.
_KEEP = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was known of one car in a stretch of time: its power, what of it is sun and battery, why it is paused."""

    power_w: float | None
    sun_share: float = 0.0
    battery_share: float = 0.0
    paused: str | None = None


@dataclass(slots=True)
class _Stretch:
    """A time in which the same was known."""

    start: datetime
    end: datetime
    taken: Taken


@dataclass(slots=True)
class _Weight:
    """How much of a reading belongs into a quarter hour, and the sun and battery in it."""

    amount: float = 0.0
    sun: float = 0.0
    battery: float = 0.0

    def add(self, amount: float, taken: Taken) -> None:
        self.amount += amount
        self.sun += amount * taken.sun_share
        self.battery += amount * taken.battery_share


@dataclass(slots=True)
class _Pending:
    """What was seen since the register rose last: energies by power, and time."""

    energy: dict[datetime, _Weight] = field(default_factory=dict)
    time: dict[datetime, _Weight] = field(default_factory=dict)


class LiveSession:
    """Follows one transaction. Asking for its facts at any time loses nothing."""

    def __init__(
        self,
        station: str,
        transaction: str,
        *,
        full_power_w: float,
        speed: float = 1.0,
        quarters: Iterable[MeasuredQuarter] = (),
        pauses: Iterable[PauseFact] = (),
    ) -> None:
        """Go on from what is stored. At a simulated charger energy flows `speed` times faster than the clock goes.

        `full_power_w` is the most that car and charger can do by their wiring.
        """
        self.station = station
        self.transaction = transaction
        self._most_w = full_power_w
        # What the car would take without control, once it was seen to charge.
        self.full_power_w: float | None = None
        self._speed = speed
        self._quarters = {quarter.start: quarter for quarter in quarters}
        self._pauses = {pause.reason: pause for pause in pauses}
        self._counted_wh = sum(q.energy_wh for q in self._quarters.values())
        self._reported_wh: float | None = None
        self._peak_w = 0.0
        self._stretch: _Stretch | None = None  # that is not added up yet
        self._pending = _Pending()
        self._paused: str | None = None
        self._new: set[datetime] = set()
        self._new_pauses: set[str] = set()
        self._new_counts = True

    def went(self, start: datetime, end: datetime, taken: Taken) -> None:
        """Note what was known from one time to another: what stays the same is added up at once, when it is over."""
        now = self._stretch
        if now is not None and now.taken is taken and now.end == start:
            now.end = end
            return
        self._add_up()
        self._stretch = _Stretch(start, end, taken)

    def _add_up(self) -> None:
        """Add up the stretch that is noted."""
        if (stretch := self._stretch) is None:
            return
        self._stretch = None
        start, end, taken = stretch.start, stretch.end, stretch.taken
        power_w = taken.power_w or 0.0
        for at, seconds in quarters_between(start, end):
            quarter = self._quarter(at)
            self._put(
                replace(
                    quarter,
                    seconds=quarter.seconds + seconds,
                    peak_w=max(quarter.peak_w, power_w),
                )
            )
            self._pending.time.setdefault(at, _Weight()).add(seconds, taken)
            energy_wh = power_w * seconds / 3600 * self._speed
            if energy_wh > 0:
                self._pending.energy.setdefault(at, _Weight()).add(energy_wh, taken)
        if power_w > self._peak_w:
            self._peak_w, self._new_counts = power_w, True
        self._pause(start, end, taken.paused)

    def counted(self, energy_wh: float | None) -> None:
        """Note what the car took in all by its charger's register; None where it has none: then powers are added up."""
        if energy_wh is not None and (
            energy_wh == self._reported_wh and energy_wh <= self._counted_wh
        ):
            return
        self._add_up()
        seen_wh = sum(weight.amount for weight in self._pending.energy.values())
        if energy_wh is None:
            if seen_wh > 0:
                self._credit(seen_wh, self._pending.energy)
                self._counted_wh += seen_wh
            return
        if energy_wh != self._reported_wh:
            self._reported_wh, self._new_counts = energy_wh, True
        if (risen_wh := energy_wh - self._counted_wh) <= 0:
            return
        self._counted_wh = energy_wh
        if seen_wh > 0:
            most_wh = seen_wh * _DIFFER + _STEP_WH
            self._credit(min(risen_wh, most_wh), self._pending.energy)
        elif self._pending.time:
            seconds = sum(weight.amount for weight in self._pending.time.values())
            most_wh = self._most_w * seconds / 3600 * _CAPABLE * self._speed
            self._credit(min(risen_wh, most_wh + _STEP_WH), self._pending.time)

    def facts(self, *, last: bool = False) -> list[Fact]:
        """Return what is new since this was asked last; how it could have charged is clear in the end."""
        self._add_up()
        facts: list[Fact] = [self._quarters[at] for at in sorted(self._new)]
        facts += [self._pauses[reason] for reason in sorted(self._new_pauses)]
        if self._new_counts or (last and self.full_power_w is not None):
            facts.append(
                TransactionFacts(
                    station=self.station,
                    transaction=self.transaction,
                    counted_wh=self._reported_wh,
                    peak_w=self._peak_w or None,
                    full_power_w=self.full_power_w if last else None,
                )
            )
        self._new, self._new_pauses, self._new_counts = set(), set(), False
        self._forget()
        return facts

    def clock_was_set(self, by: timedelta) -> None:
        """Move what is remembered by our clock, which was set forward by so much; the ledger moves what is stored."""
        self._add_up()
        quarters, self._quarters = self._quarters.values(), {}
        for quarter in quarters:
            at = quarter_of(quarter.start + by)
            known = self._quarter(at)
            self._put(
                replace(
                    known,
                    energy_wh=known.energy_wh + quarter.energy_wh,
                    sun_wh=known.sun_wh + quarter.sun_wh,
                    battery_wh=known.battery_wh + quarter.battery_wh,
                    seconds=known.seconds + quarter.seconds,
                    peak_w=max(known.peak_w, quarter.peak_w),
                )
            )
        for weights in (self._pending.energy, self._pending.time):
            moved = {quarter_of(at + by): weight for at, weight in weights.items()}
            weights.clear()
            weights.update(moved)
        self._pauses = {
            reason: replace(
                pause, first_at=pause.first_at + by, last_at=pause.last_at + by
            )
            for reason, pause in self._pauses.items()
        }

    def _quarter(self, at: datetime) -> MeasuredQuarter:
        return self._quarters.get(at) or MeasuredQuarter(
            station=self.station, transaction=self.transaction, start=at
        )

    def _put(self, quarter: MeasuredQuarter) -> None:
        self._quarters[quarter.start] = quarter
        self._new.add(quarter.start)

    def _credit(self, energy_wh: float, weights: dict[datetime, _Weight]) -> None:
        """Spread an energy over the time since the register rose last."""
        total = sum(weight.amount for weight in weights.values())
        for at, weight in weights.items():
            part = energy_wh / total
            quarter = self._quarter(at)
            self._put(
                replace(
                    quarter,
                    energy_wh=quarter.energy_wh + weight.amount * part,
                    sun_wh=quarter.sun_wh + weight.sun * part,
                    battery_wh=quarter.battery_wh + weight.battery * part,
                )
            )
        self._pending = _Pending()

    def _pause(self, start: datetime, end: datetime, reason: str | None) -> None:
        before, self._paused = self._paused, reason
        if reason is None:
            return
        self._new_pauses.add(reason)
        seconds = (end - start).total_seconds()
        known = self._pauses.get(reason)
        if known is None:
            self._pauses[reason] = PauseFact(
                station=self.station,
                transaction=self.transaction,
                reason=reason,
                first_at=start,
                last_at=end,
                seconds=seconds,
            )
            return
        self._pauses[reason] = replace(
            known,
            last_at=max(known.last_at, end),
            seconds=known.seconds + seconds,
            times=known.times + (before != reason),
        )

    def _forget(self) -> None:
        newest = max(self._quarters, default=None)
        if newest is None:
            return
        self._quarters = {
            at: quarter
            for at, quarter in self._quarters.items()
            if newest - at < _KEEP or at in self._pending.time
        }
