"""Asks stations what they make of the limits that they took."""

from datetime import datetime, timedelta
import logging
from typing import TYPE_CHECKING

from .adapter import Adapter
from .model import CommandError, FailSafe, OfferCheck

if TYPE_CHECKING:
    from .book import StationBook

_LOGGER = logging.getLogger(__name__)

_EVERY = timedelta(minutes=2)
_TOLERANCE_A = 0.5
_UNKNOWN = "GetCompositeSchedule"  # kept among the station's variables as one that it does not have


class Inspector:
    """Compares a station's composite schedules with what it was told."""

    def __init__(self, station: StationBook) -> None:
        """Inspect this station."""
        self._station = station
        self._checked: dict[int, datetime] = {}

    async def check(self, adapter: Adapter, connector: int) -> None:
        """Compare what a connector may draw now, and after its limit has lapsed, with what it was told.

        Not more often than every few minutes, and not of stations that do not know how to tell.
        """
        station = self._station
        now = station.now()
        last = self._checked.get(connector)
        if _UNKNOWN in station.variables or (last and now - last < _EVERY):
            return
        self._checked[connector] = now
        expiry_s = station.config.expiry_s
        offer_a = station.connector(connector).offer_a
        try:
            schedule = await adapter.schedule(connector, 2 * expiry_s + 60)
        except CommandError as err:
            if err.key == "not_supported":
                station.variables[_UNKNOWN] = None
            _LOGGER.debug("%s: checking a limit: %s", station.identity, err)
            return
        if offer_a is None or offer_a != station.connector(connector).offer_a:
            self._checked.pop(connector, None)  # overtaken by another one
            return
        if (present := schedule.at(0)) is not None:
            self._judge_limit(connector, offer_a, present)
        if (later := schedule.at(expiry_s + 30)) is not None:
            self._judge_fall_back(offer_a, later)

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
        elif abs(offer_a - fail_safe_a) > _TOLERANCE_A:
            self._station.told_fail_safe(FailSafe.VERIFIED)
