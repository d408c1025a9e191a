"""Times in the messages of stations, and how far their clocks are off."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ..protocol.frames import ErrorCode, Fault, Payload

# What two messages may differ by because one of them took longer.
JITTER = timedelta(seconds=5)
_ALIKE = timedelta(seconds=2)
# What is stored over a restart is written again only for more.
_WORTH_STORING = timedelta(minutes=1)
# No clock is off by more: those without a battery start in 1970 or later, those set by satellites err by 20 years.
_MOST = timedelta(days=100 * 365)


def utcnow() -> datetime:
    """Return the present time, timezone-aware UTC."""
    return datetime.now(UTC)


def parse_time(text: str) -> datetime:
    """Read a time of the station; one without a zone is UTC, as OCPP 1.6 section 3.14 requires.

    Raises:
        Fault: it is not a time.

    """
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as err:
        raise Fault(
            ErrorCode.PROPERTY_CONSTRAINT, f"Not a time: {text[:40]!r}"
        ) from err


def date_unreadable(payload: Payload, now: Callable[[], str]) -> bool:
    """Give a message and its meter values the present as time where theirs cannot be read; returns whether there were any.

    Chargers whose clock was never set send an empty text or the year 0: what they report is of now.
    """
    found = False
    for dated in (
        payload,
        *payload.get("meterValue", ()),
        *payload.get("transactionData", ()),
        *payload.get("eventData", ()),
    ):
        if "timestamp" in dated and not _is_time(dated["timestamp"]):
            dated["timestamp"], found = now(), True
    return found


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except Fault:
        return False
    return True


def format_time(at: datetime) -> str:
    """Write a time for the station, in UTC with milliseconds (OCPP 1.6 section 3.14)."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class Clock:
    """The station's clock, as estimated from its messages.

    One message alone says little: it may have been stored while offline for hours, or bear one wrong time (of another
    zone, or from before the station got our time). A leap in either direction is therefore believed when another message
    is off by as much; one back, some seconds later: stored messages come in a burst, and a clock that is wrong stays wrong.
    Until then limits start by the clock that is known. A limit that starts in the future would not hold yet.

    What was known before our restart dates what is reported after it. Limits do not rely on it: the clock may have been
    set meanwhile.
    """

    def __init__(self) -> None:
        """Assume that the clock is right: answers to boots and heartbeats give the station the time."""
        self._recent: deque[timedelta] = deque(maxlen=3)
        self._doubted: tuple[timedelta, datetime] | None = None
        self._stored = timedelta()

    def heard(self, at: datetime, now: datetime) -> None:
        """Learn from the time `at` (the newest) in a message that arrived at `now`."""
        lead = at - now
        if abs(lead) > _MOST:
            return
        if abs(lead - self.skew) <= JITTER:
            self._recent.append(lead)
            self._doubted = None
        elif self._doubted is None or abs(lead - self._doubted[0]) > _ALIKE:
            self._doubted = (lead, now)
        elif lead > self.skew or now - self._doubted[1] >= JITTER:
            self._recent.clear()
            self._recent.append(lead)
            self._doubted = None

    @property
    def skew(self) -> timedelta:
        """How far the station's clock is ahead of ours."""
        return max(self._recent, default=self._stored)

    @property
    def stored(self) -> timedelta:
        """What is to be stored of `skew` over a restart."""
        if abs(self.skew - self._stored) > _WORTH_STORING:
            self._stored = self.skew
        return self._stored

    def restore(self, skew: timedelta) -> None:
        """Continue from what was stored."""
        self._stored = skew

    def theirs(self, ours: datetime) -> datetime:
        """Return one of our times by the station's clock; too early rather than too late."""
        skew = self.skew if self._recent else min(self._stored, timedelta())
        try:
            return ours + skew
        except OverflowError:
            return ours

    def moved(self, by: timedelta) -> None:
        """Note that our own clock was set forward: the station's is ahead of it by less."""
        self._recent = deque((lead - by for lead in self._recent), maxlen=3)
        self._stored -= by
        self._doubted = None

    def again(self, ours: datetime, skew: timedelta) -> datetime:
        """Return a time that was converted with another skew, converted with the present one."""
        try:
            return self.ours(ours + skew)
        except OverflowError:
            return ours

    def ours(self, theirs: datetime) -> datetime:
        """Return one of the station's times by our clock."""
        try:
            return theirs - self.skew
        except OverflowError:
            return theirs
