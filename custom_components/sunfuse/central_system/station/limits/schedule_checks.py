"""Asks stations for their composite schedules, to check that they apply the limits that they accepted."""

from datetime import datetime, timedelta
import logging

from ...adapter import Adapter
from ...station_state import CommandError, FailSafe, OfferCheck
from ..refused_commands import SCHEDULE, RefusedCommands
from ..shared_state import SharedState
from .fail_safe_watch import NO_SCHEDULE, FailSafeWatch

_LOGGER = logging.getLogger(__name__)

_EVERY = timedelta(minutes=2)
# While it is not known whether the station falls back.
_UNTIL_KNOWN = timedelta(seconds=30)
# The next limit waits until a check is answered, so a station that answers slowly is seldom checked.
_ONE_IN = 25
_TOLERANCE_A = 0.5


class ScheduleChecks:
    """Compares a station's composite schedules with its limits."""

    def __init__(
        self, shared: SharedState, refusals: RefusedCommands, fail_safe: FailSafeWatch
    ) -> None:
        """Start with a station that was asked nothing yet."""
        self._shared = shared
        self._refusals = refusals
        self._fail_safe = fail_safe
        self._checked: dict[int, datetime] = {}

    async def check(self, adapter: Adapter, connector: int) -> None:
        """Compare what a connector may draw now, and after its limit has expired, with its limit.

        At most every few minutes, and only for stations that have composite schedules.
        """
        shared = self._shared
        link = adapter.link
        if NO_SCHEDULE in shared.variables or not self._due(connector, link.patience_s):
            return
        if link.is_busy:
            return  # other connectors get their limits first
        if not self._refusals.may_ask(SCHEDULE):
            return
        self._checked[connector] = shared.now()
        expiry_s = shared.config.expiry_s
        offer_a = shared.connector(connector).offer_a
        try:
            schedule = await adapter.schedule(connector, 2 * expiry_s + 60)
        except CommandError as err:
            if err.key == "not_supported":
                shared.variables[NO_SCHEDULE] = None
            elif err.key == "refused":
                self._refusals.refused(SCHEDULE)
            _LOGGER.debug("%s: checking a limit: %s", shared.identity, err)
            return
        self._refusals.taken(SCHEDULE)
        if offer_a is None or offer_a != shared.connector(connector).offer_a:
            self._checked.pop(connector, None)  # another offer came meanwhile
            return
        if (present := schedule.at(0)) is not None:
            self._judge_limit(connector, offer_a, present)
        if (later := schedule.at(expiry_s + 30)) is not None:
            self._fail_safe.judge_lapse(offer_a, later)

    def _due(self, connector: int, patience_s: float) -> bool:
        last = self._checked.get(connector)
        unsure = self._shared.state.fail_safe is FailSafe.NOT_VERIFIED
        every = _UNTIL_KNOWN if unsure else _EVERY
        every = max(every, timedelta(seconds=_ONE_IN * patience_s))
        return last is None or self._shared.now() - last >= every

    def _judge_limit(self, connector: int, offer_a: float, present_a: float) -> None:
        shared = self._shared
        if present_a > offer_a + _TOLERANCE_A:
            _LOGGER.warning(
                "Charger %s took a limit of %.1f A and intends %.1f A",
                shared.identity,
                offer_a,
                present_a,
            )
        elif shared.connector(connector).offer_check is OfferCheck.ANSWERED:
            shared.change(connector, offer_check=OfferCheck.SCHEDULED)
