"""Charging profiles as a charging station stores and combines them, in every version of OCPP.

OCPP 1.6 section 3.13, OCPP 2.0.1 part 2 section K: of each purpose the valid profile with the highest stack level
applies; a transaction profile comes before a default one; the station's maximum caps both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ProfilePurpose(StrEnum):
    """What a profile is for."""

    STATION_MAX = "station_max"
    EXTERNAL = "external"
    TX_DEFAULT = "tx_default"
    TX = "tx"


class ProfileKind(StrEnum):
    """What the times of a schedule are relative to."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"
    DYNAMIC = "Dynamic"  # OCPP 2.1: changed by a message of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePeriod:
    """A limit from `start_s` after the schedule's start until the next period."""

    start_s: float
    limit: float
    phases: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSchedule:
    """Limits over time, in amperes per phase or in watts over all phases."""

    unit: str  # A or W
    periods: tuple[ProfilePeriod, ...]
    start: datetime | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A charging profile of a connector (0: of the station)."""

    id: int
    connector: int
    stack_level: int
    purpose: ProfilePurpose
    kind: ProfileKind
    schedule: ProfileSchedule
    repeats_s: float | None = None  # of a recurring one
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction: str | None = None
    installed_at: datetime
    max_offline_s: float | None = (
        None  # OCPP 2.1: how long it holds while the station is offline
    )
    invalid_after_offline: bool = False  # and whether it stays invalid afterwards

    def _start(self, started_at: datetime | None) -> datetime:
        """Return the start of the schedule."""
        if self.kind is ProfileKind.DYNAMIC:
            return self.installed_at  # its last update (OCPP 2.1 K28.FR.13)
        if self.kind is ProfileKind.RELATIVE or self.schedule.start is None:
            return started_at or self.installed_at
        return self.schedule.start

    def elapsed_s(
        self, at: datetime, started_at: datetime | None, *, honours_expiry: bool = True
    ) -> float | None:
        """Return how far the schedule has advanced; None if it does not apply at that time."""
        if self.valid_from and at < self.valid_from:
            return None
        if honours_expiry and self.valid_to and at >= self.valid_to:
            return None
        # Without a start a schedule counts from the start of charging (OCPP 1.6 section 7.13).
        start = self._start(started_at)
        elapsed_s = (at - start).total_seconds()
        if self.kind is ProfileKind.RECURRING and self.repeats_s:
            elapsed_s %= self.repeats_s
        duration_s = self.schedule.duration_s if honours_expiry else None
        if elapsed_s < 0 or (duration_s is not None and elapsed_s >= duration_s):
            return None
        return elapsed_s

    def period_at(
        self, at: datetime, started_at: datetime | None, *, honours_expiry: bool = True
    ) -> ProfilePeriod | None:
        """Return the period that applies at a time, if one does."""
        elapsed_s = self.elapsed_s(at, started_at, honours_expiry=honours_expiry)
        if elapsed_s is None:
            return None
        begun = [p for p in self.schedule.periods if p.start_s <= elapsed_s]
        return begun[-1] if begun else None

    def changes(
        self, since: datetime, until: datetime, started_at: datetime | None
    ) -> Iterable[datetime]:
        """Return every time in between at which another limit may begin."""
        start = self._start(started_at)
        offsets = [period.start_s for period in self.schedule.periods]
        if self.schedule.duration_s is not None:
            offsets.append(self.schedule.duration_s)
        starts = [start]
        if self.kind is ProfileKind.RECURRING and self.repeats_s:
            repeats = timedelta(seconds=self.repeats_s)
            first = (since - start) // repeats
            last = (until - start) // repeats
            starts = [start + n * repeats for n in range(first, last + 1)]
        times = [begin + timedelta(seconds=s) for begin in starts for s in offsets]
        times += [at for at in (self.valid_from, self.valid_to) if at]
        return [at for at in times if since < at < until]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLimit:
    """What a connector may allow at a time: amperes on each of this many phases (None: all it has)."""

    current_a: float
    phases: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """The activity of a connector for which a limit is looked up: its transaction, if it has one."""

    connector: int
    started_at: datetime | None = None


class ProfileStack:
    """The profiles that a station holds."""

    def __init__(self, voltage_v: float, phases: int) -> None:
        """Start without profiles."""
        self._voltage_v = voltage_v
        self._phases = phases
        self.profiles: tuple[Profile, ...] = ()
        self.honours_expiry = True
        self._offline_since: datetime | None = None

    def went_offline(self, at: datetime) -> None:
        """Note that the station is offline."""
        self._offline_since = at

    def came_online(self, at: datetime) -> None:
        """Note that the station is online; profiles that are now invalid for good are removed."""
        self.profiles = tuple(
            p
            for p in self.profiles
            if not (p.invalid_after_offline and self._lapsed_offline(p, at))
        )
        self._offline_since = None

    def _lapsed_offline(self, profile: Profile, at: datetime) -> bool:
        """Return whether the station has been offline for too long for a profile (OCPP 2.1)."""
        if self._offline_since is None or profile.max_offline_s is None:
            return False
        return (at - self._offline_since).total_seconds() >= profile.max_offline_s

    def install(self, new: Profile) -> None:
        """Add a profile; it replaces one with its id, or with its purpose, level and connector."""

        def replaced(old: Profile) -> bool:
            same_slot = (old.purpose, old.stack_level, old.connector) == (
                new.purpose,
                new.stack_level,
                new.connector,
            )
            return old.id == new.id or same_slot

        self.profiles = (*(p for p in self.profiles if not replaced(p)), new)

    def clear(
        self,
        *,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: ProfilePurpose | None = None,
        stack_level: int | None = None,
    ) -> bool:
        """Remove the profiles that match all given criteria; returns whether there were any."""

        def matches(profile: Profile) -> bool:
            if profile_id is not None:
                return profile.id == profile_id
            return (
                (connector is None or profile.connector == connector)
                and (purpose is None or profile.purpose is purpose)
                and (stack_level is None or profile.stack_level == stack_level)
            )

        kept = tuple(p for p in self.profiles if not matches(p))
        found = len(kept) < len(self.profiles)
        self.profiles = kept
        return found

    def forget_transaction(self, connector: int) -> None:
        """Remove the transaction profiles of a connector whose transaction ended."""
        self.profiles = tuple(
            p
            for p in self.profiles
            if not (p.purpose is ProfilePurpose.TX and p.connector == connector)
        )

    def _amperes(self, unit: str, period: ProfilePeriod) -> float:
        if unit == "A":
            return period.limit
        # Watts count for all phases together; three are assumed (OCPP 1.6 section 7.14).
        phases = min(period.phases or 3, self._phases)
        return period.limit / (self._voltage_v * phases)

    def _leading(
        self,
        purpose: ProfilePurpose,
        at: datetime,
        charging: Charging,
        connectors: set[int],
    ) -> ProfileLimit | None:
        best: tuple[int, int] | None = None
        limit: ProfileLimit | None = None
        for profile in self.profiles:
            if profile.purpose is not purpose or profile.connector not in connectors:
                continue
            if self._lapsed_offline(profile, at):
                continue
            period = profile.period_at(
                at, charging.started_at, honours_expiry=self.honours_expiry
            )
            # A connector's own profile comes before the station's at the same level.
            rank = (profile.stack_level, profile.connector)
            if period and (best is None or rank > best):
                best = rank
                limit = ProfileLimit(
                    current_a=self._amperes(profile.schedule.unit, period),
                    phases=period.phases,
                )
        return limit

    def limit_at(self, at: datetime, charging: Charging, max_a: float) -> ProfileLimit:
        """Return what a connector may allow at a time, at most `max_a`."""
        own = {charging.connector}
        limits = [
            self._leading(ProfilePurpose.TX, at, charging, own)
            or self._leading(ProfilePurpose.TX_DEFAULT, at, charging, own | {0}),
            self._leading(ProfilePurpose.STATION_MAX, at, charging, {0}),
            self._leading(ProfilePurpose.EXTERNAL, at, charging, own | {0}),
        ]
        held = [limit for limit in limits if limit]
        phases = [limit.phases for limit in held if limit.phases]
        return ProfileLimit(
            current_a=max(0.0, min([max_a, *(limit.current_a for limit in held)])),
            phases=min(phases) if phases else None,
        )

    def composite(
        self, since: datetime, duration_s: float, charging: Charging, max_a: float
    ) -> tuple[ProfilePeriod, ...]:
        """Return the limits in force from now on, as periods in amperes."""
        until = since + timedelta(seconds=duration_s)
        times = {since}
        for profile in self.profiles:
            times.update(profile.changes(since, until, charging.started_at))
        periods: list[ProfilePeriod] = []
        for at in sorted(times):
            limit = self.limit_at(at, charging, max_a)
            period = ProfilePeriod(
                start_s=(at - since).total_seconds(),
                limit=limit.current_a,
                phases=limit.phases,
            )
            last = periods[-1] if periods else None
            if not last or (last.limit, last.phases) != (period.limit, period.phases):
                periods.append(period)
        return tuple(periods)
