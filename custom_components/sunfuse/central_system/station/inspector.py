"""Asks stations what they make of the limits that they took."""

from datetime import datetime, timedelta
import logging
from typing import TYPE_CHECKING

from ..adapter import Adapter
from ..model import CommandError, FailSafe, OfferCheck
from .meter import Reading
from .refusals import SCHEDULE

if TYPE_CHECKING:
    from .book import StationBook

_LOGGER = logging.getLogger(__name__)

_EVERY = timedelta(minutes=2)
_UNTIL_KNOWN = timedelta(
    seconds=30
)  # while it is not known whether the station falls back
_TOLERANCE_A = 0.5
_DRAW_TOLERANCE_A = 1.0  # of chargers and their meters
# No charger means less than this by a limit, unless it means nothing at all (IEC 61851-1 charges from 6 A on).
_LEAST_A = 1.0
# The fail-safe current is gone after the station booted; kept among its variables.
FORGETS = "ForgetsFailSafe"
_UNKNOWN = "GetCompositeSchedule"  # kept among the station's variables as one that it does not have


class Inspector:
    """Compares a station's composite schedules with what it was told."""

    def __init__(self, station: StationBook) -> None:
        """Inspect this station."""
        self._station = station
        self._checked: dict[int, datetime] = {}
        self._left_at: datetime | None = None  # when it was out of reach last
        self._back_at: datetime | None = None  # and came back

    async def check(self, adapter: Adapter, connector: int) -> None:
        """Compare what a connector may draw now, and after its limit has lapsed, with what it was told.

        Not more often than every few minutes, and not of stations that do not know how to tell.
        """
        station = self._station
        now = station.now()
        last = self._checked.get(connector)
        unsure = station.state.fail_safe is FailSafe.NOT_VERIFIED
        every = _UNTIL_KNOWN if unsure else _EVERY
        if _UNKNOWN in station.variables or (last and now - last < every):
            return
        if not station.refusals.may_ask(SCHEDULE):
            return
        self._checked[connector] = now
        expiry_s = station.config.expiry_s
        offer_a = station.connector(connector).offer_a
        try:
            schedule = await adapter.schedule(connector, 2 * expiry_s + 60)
        except CommandError as err:
            if err.key == "not_supported":
                station.variables[_UNKNOWN] = None
            elif err.key == "refused":
                station.refusals.refused(SCHEDULE)
            _LOGGER.debug("%s: checking a limit: %s", station.identity, err)
            return
        station.refusals.taken(SCHEDULE)
        if offer_a is None or offer_a != station.connector(connector).offer_a:
            self._checked.pop(connector, None)  # overtaken by another one
            return
        if (present := schedule.at(0)) is not None:
            self._judge_limit(connector, offer_a, present)
        if (later := schedule.at(expiry_s + 30)) is not None:
            self._judge_fall_back(offer_a, later)

    async def present_a(self, adapter: Adapter) -> float | None:
        """Return what the station intends to allow its first connector now; None where it does not tell."""
        if _UNKNOWN in self._station.variables:
            return None
        try:
            return (await adapter.schedule(1, 60)).at(0)
        except CommandError as err:
            _LOGGER.debug("%s: after it booted: %s", self._station.identity, err)
            return None

    def judge_boot(self, before_a: float, after_a: float) -> None:
        """Conclude from what a station intended before and after it was told its fail-safe current anew.

        Nothing else changed in between: what it intends only now, it had forgotten when it booted.
        """
        station = self._station
        if not self._is_fail_safe(after_a):
            return  # something else limits it, or it tells of transactions only
        if not self._is_fail_safe(before_a):
            station.variables[FORGETS] = "true"
            station.told_fail_safe(FailSafe.DOES_NOT_FALL_BACK)
        elif station.variables.pop(FORGETS, None):
            station.told_fail_safe(FailSafe.NOT_VERIFIED)

    def left(self) -> None:
        """Note that the station is out of reach from now on."""
        self._left_at, self._back_at = self._station.now(), None

    def back(self) -> None:
        """Note that the station is there again."""
        self._back_at = self._station.now()

    def judge_away(self, readings: tuple[Reading, ...], at: datetime) -> None:
        """Conclude from what was measured while the station was out of reach, after its limit had lapsed."""
        station, config = self._station, self._station.config
        if self._left_at is None or self._back_at is None:
            return
        lapse = timedelta(seconds=config.expiry_s + station.timing.react_s)
        if self._left_at + lapse < at < self._back_at:
            then = station.new_meter().update(readings, at)
            drawn_a = then.drawn_a(config.phases, config.voltage_v)
            if drawn_a > config.fail_safe_a + _DRAW_TOLERANCE_A:
                station.told_fail_safe(FailSafe.DOES_NOT_FALL_BACK)

    def _is_fail_safe(self, limit_a: float) -> bool:
        """Whether a station means its fail-safe current by a limit, or less."""
        fail_safe_a = self._station.config.fail_safe_a
        least_a = _LEAST_A if fail_safe_a else 0.0
        return least_a <= limit_a <= fail_safe_a + _TOLERANCE_A

    def _judge_limit(self, connector: int, offer_a: float, present_a: float) -> None:
        if present_a > offer_a + _TOLERANCE_A:
            _LOGGER.warning(
                "Charger %s took a limit of %.1f A and intends %.1f A",
                self._station.identity,
                offer_a,
                present_a,
            )
        elif self._station.connector(connector).offer_check is OfferCheck.ANSWERED:
            self._station.change(connector, offer_check=OfferCheck.SCHEDULED)

    def _judge_fall_back(self, offer_a: float, later_a: float) -> None:
        """Conclude from what the station intends after the present limit has lapsed."""
        state = self._station.state
        if state.fail_safe is not FailSafe.NOT_VERIFIED:
            return
        if state.fail_safe_set is None:
            return  # a car charged before the station was told what to fall back to
        fail_safe_a = self._station.config.fail_safe_a
        if later_a > fail_safe_a + _TOLERANCE_A:
            self._station.told_fail_safe(FailSafe.DOES_NOT_FALL_BACK)
        elif self._is_fail_safe(later_a) and abs(offer_a - fail_safe_a) > _TOLERANCE_A:
            self._station.told_fail_safe(FailSafe.VERIFIED)
