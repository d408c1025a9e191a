"""The limits of a station: ours, which a limiter per connector commands, and others."""

from dataclasses import replace
from datetime import timedelta
import logging

from ....engine.clock_change import move_attributes
from ...adapter import Adapter
from ...station_commands import Limit
from ..presence import Presence
from ..refused_commands import LIMITS, RefusedCommands
from ..shared_state import SharedState
from .charger_limits import ChargerLimit, ChargerLimits
from .compliance_watch import Compliance
from .connector_offer import OfferedConnector
from .fail_safe_watch import FailSafeWatch
from .highest_limit import REFUSED, HighestLimit
from .limiter import Limiter
from .schedule_checks import ScheduleChecks

_LOGGER = logging.getLogger(__name__)


class Limits:
    """Holds a limiter for each connector, which is made on first use, and what they share."""

    def __init__(
        self, shared: SharedState, presence: Presence, fail_safe: FailSafeWatch
    ) -> None:
        """Limit nothing yet."""
        self._shared = shared
        self._presence = presence
        self._fail_safe = fail_safe
        self.refusals = RefusedCommands(shared.variables, shared.now)
        self._charger_limits = ChargerLimits(shared)
        self._schedule_checks = ScheduleChecks(shared, self.refusals, fail_safe)
        self._limiters: dict[int, Limiter] = {}

    def of(self, connector: int) -> Limiter:
        """Return the limiter of a connector."""
        if connector not in self._limiters:
            offered = OfferedConnector(self._shared, connector)
            compliance = Compliance(offered, self._charger_limits, self._fail_safe)
            self._limiters[connector] = Limiter(
                offered,
                compliance,
                self.refusals,
                HighestLimit(offered, self._charger_limits),
                lambda taken: self.confirmed(taken=taken),
                self._schedule_checks.check,
            )
        return self._limiters[connector]

    # Ours

    def confirmed(self, *, taken: bool) -> None:
        """Note whether the station accepted a limit: one that refuses all of them can only be started and stopped."""
        could = self._shared.state.takes_limits
        if taken:
            self.refusals.taken(LIMITS)
        else:
            self.refusals.refused(LIMITS)
        can = not self.refusals.sure(LIMITS)
        if could and not can:
            _LOGGER.warning(
                "Charger %s cannot be limited, only stopped and started. Check that smart charging is enabled in it",
                self._shared.identity,
            )
            self._charger_limits.clear(None, REFUSED)  # nothing holds it at that
        self._shared.update(takes_limits=can)
        if can and not could and (adapter := self._presence.adapter) is not None:
            adapter.onboarding.set_up_again()

    def try_again(self) -> None:
        """Send limits again from now on, although the station refused them."""
        self.refusals.ask_again(LIMITS)

    def renew(self, adapter: Adapter) -> None:
        """Send the present offers again, to every connector with a transaction."""
        for connector, limiter in self._limiters.items():
            if self._shared.connector(connector).transaction is not None:
                limiter.renew(adapter)

    def of_all(self, connector: int, limit: Limit) -> Limit:
        """Return a limit for the whole station that gives a connector its own: the others keep theirs."""
        others = [
            state.offer_a or 0.0
            for state in self._shared.state.connectors
            if state.id != connector and (state.transaction or state.offer_until)
        ]
        return replace(limit, current_a=round(limit.current_a + sum(others), 1))

    def current(self, connector: int) -> Limit | None:
        """Return the present offer of a connector; None if it expired, or if there is none."""
        limiter = self._limiters.get(connector)
        return limiter.current() if limiter else None

    # Others

    def reported_external(
        self, connector: int, source: str, limit: ChargerLimit
    ) -> None:
        """Note a limit that is not ours, on a connector or (0) the whole station."""
        self._charger_limits.set(connector, source, limit)

    def cleared_external(self, connector: int | None, source: str) -> None:
        """Note that a limit that is not ours has ended; without a connector: on all of them."""
        self._charger_limits.clear(connector, source)

    def apply_external(self) -> None:
        """Note which other limits begin or end."""
        self._charger_limits.apply()

    # Events of the station

    def disconnected(self) -> None:
        """Note that the station is disconnected."""
        for limiter in self._limiters.values():
            limiter.disconnected()

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which our clock was set forward."""
        for limiter in self._limiters.values():
            limiter.clock_was_set(by)
        self._charger_limits.clock_was_set(by)
        move_attributes(self._schedule_checks, by)
