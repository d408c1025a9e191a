"""What the driver of a vehicle, or the owner of a charger, sets."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChargingStrategy(StrEnum):
    """Which of the plans that are ready on time a driver wants."""

    CHEAPEST = "cheapest"
    LATE = "late"  # as late as possible: better for the battery, warm at departure
    SPREAD = "spread"  # at the least power


class TargetKind(StrEnum):
    """The unit of a target."""

    SOC = "soc"  # percent
    ENERGY = "energy"  # Wh of a session, as the charger meters it
    RANGE = "range"  # km


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a car should have when it leaves."""

    kind: TargetKind
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyDeparture:
    """A departure of a weekday (0 is Monday), in minutes of its day. A day has several, by `number`.

    It was set at `since`: nobody misses what was not set yet. From `until` on it is over.
    """

    weekday: int
    number: int = 1
    minute: int = 420  # 07:00
    target: Target | None = None
    active: bool = True
    since: datetime | None = None
    until: datetime | None = None
    # Single ones of this series that are left out.
    left_out: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceDeparture:
    """A single departure.

    One that is said for a session is removed when that car leaves, and counts instead of the weekly ones of its day. Any
    other, as in a calendar, comes beside them.
    """

    at: datetime
    target: Target | None = None
    id: str = ""
    of_session: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is set for a vehicle or a charger; None: nothing is."""

    # The last value of each kind; that of `target_kind` counts, and any other where it has none.
    target_kind: TargetKind | None = None
    target_soc: float | None = None
    target_energy_wh: float | None = None
    target_range_km: float | None = None
    minimum_soc: float = 0.0
    strategy: ChargingStrategy | None = None
    price_limit: float | None = None
    carbon_limit_g: float | None = None
    feed_in_first_above: float | None = None
    precondition_min: float | None = None
    weekly: tuple[WeeklyDeparture, ...] = ()
    weekly_on: bool = True
    weekly_paused_until: datetime | None = None
    weekly_since: datetime | None = None  # when a holiday was ended by hand
    once: tuple[OnceDeparture, ...] = ()
    skipped_until: datetime | None = None
    paused_until: datetime | None = None
    # What a session may take at most; None: no limit.
    limit_energy_wh: float | None = None
    limit_soc: float | None = None

    @property
    def target(self) -> Target | None:
        """Return the target that counts; None where none is set."""
        values = {
            TargetKind.SOC: self.target_soc,
            TargetKind.ENERGY: self.target_energy_wh,
            TargetKind.RANGE: self.target_range_km,
        }
        for kind in (self.target_kind or TargetKind.SOC, *TargetKind):
            if (value := values[kind]) is not None:
                return Target(kind=kind, value=value)
        return None

    def paused(self, now: datetime) -> datetime | None:
        """Return until when charging is paused, None where it is not."""
        return (
            self.paused_until if self.paused_until and self.paused_until > now else None
        )

    def skips(self, now: datetime) -> bool:
        """Return whether a departure is left out that has not passed."""
        return self.skipped_until is not None and self.skipped_until > now

    def on_holiday(self, now: datetime) -> bool:
        """Return whether the departures of the week are paused until a time that has not come."""
        until = self.weekly_paused_until
        return until is not None and until > now

    def stays(self, at: datetime) -> bool:
        """Return whether a car does not leave at a time of its week: on a holiday, or where its week is turned off."""
        return not self.weekly_on or self.on_holiday(at)

    def series(self, day: WeeklyDeparture) -> tuple[WeeklyDeparture, ...]:
        """Return the departures that were set together with this one, and are still alike but for their weekdays."""

        def traits(one: WeeklyDeparture) -> tuple[object, ...]:
            return one.since, one.until, one.minute, one.target, one.active

        if day.since is None:
            return (day,)
        return tuple(one for one in self.weekly if traits(one) == traits(day))

    def day(self, weekday: int, number: int = 1) -> WeeklyDeparture | None:
        """Return a departure of a weekday, None where it was never set."""
        for one in self.weekly:
            if (one.weekday, one.number) == (weekday, number):
                return one
        return None
