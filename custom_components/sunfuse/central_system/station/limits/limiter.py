"""Keeps a connector at the current that it is offered.

A live limit is a limit on the running transaction that expires by itself and is renewed for as long as it is
offered. Without a transaction nothing flows and there is nothing to limit: a waiting car gets a transaction,
and the newest offer becomes its limit at once.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
import logging
import math
from typing import Any

from ....engine.clock_change import move_attributes
from ....engine.model import ConnectorStatus
from ...adapter import Adapter
from ...station_commands import Limit
from ...station_state import CHARGES, CommandError, FailSafe, Session
from ..refused_commands import RefusedCommands
from .compliance_watch import Compliance
from .connector_offer import Offer, OfferedConnector
from .highest_limit import HighestLimit
from .limit_commands import LimitCommands
from .remote_starts import RemoteStarts
from .waking import MIN_A, Wake, Waker

_LOGGER = logging.getLogger(__name__)

# A limit in the station's time has to be sent again when its clock turns out to be this far off.
_CLOCK_TOLERANCE = timedelta(seconds=5)

# Checks the limit that the station of a connector just accepted.
type Check = Callable[[Adapter, int], Coroutine[Any, Any, None]]


class Limiter:
    """Commands offers to one connector."""

    def __init__(
        self,
        connector: OfferedConnector,
        compliance: Compliance,
        refusals: RefusedCommands,
        highest: HighestLimit,
        confirmed: Callable[[bool], None],
        check: Check,
    ) -> None:
        """Serve a connector; `confirmed` is called with whether the station accepted a limit."""
        self._connector = connector
        self._shared = connector.shared
        self.compliance = compliance
        self._commands = LimitCommands(connector, refusals, highest, confirmed)
        self._check = check
        self._starter = RemoteStarts(connector)
        timing = self._shared.timing
        self._waker = Waker(
            timedelta(seconds=timing.wake_s), timedelta(seconds=timing.nudge_s)
        )
        self._turn = asyncio.Lock()
        self._offer: Offer | None = None

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which our clock was set forward."""
        for part in (
            self,
            self._connector,
            self._starter,
            self._waker,
            self.compliance.own,
        ):
            move_attributes(part, by)
        if (confirmed := self._connector.confirmed) is not None:
            # The skew of the station's clock changed with our clock; nothing changes for the station.
            skew = confirmed.skew - by
            self._connector.confirmed = replace(confirmed, skew=skew)

    async def offer(
        self,
        adapter: Adapter,
        current_a: float,
        phases: int | None,
        *,
        again: bool = False,
        session: Session | None = None,
    ) -> None:
        """Offer a current; returns once the station has accepted it, or has it already.

        A new transaction whose id the station does not know yet is commanded the newest offer when it knows it.

        `session` is what the offer was decided for; None: the running one.

        Raises:
            CommandError: the station did not accept it.

        """
        if not math.isfinite(current_a) or current_a < 0:
            raise ValueError(f"Not a current: {current_a}")
        now = self._shared.now()
        session = session or self._connector.state.session
        offer = Offer(self._allowed(current_a), phases, now, again, session)
        self._offer = offer
        async with self._turn:
            if self._offer is offer:  # otherwise a newer one waits behind this one
                await self._bring(adapter, offer)

    def repeats(
        self,
        adapter: Adapter,
        current_a: float,
        phases: int | None,
        session: Session | None,
    ) -> bool:
        """Take an offer that the station has already, and that is not due for renewal; otherwise return False."""
        if self._turn.locked() or self.compliance.is_testing or self._waker.is_busy:
            return False
        now = self._shared.now()
        offer = Offer(self._allowed(current_a), phases, now, session=session)
        if not self._has_limit(adapter, offer) and not self._rests(offer):
            return False
        self._offer = offer
        return True

    def _has_limit(self, adapter: Adapter, offer: Offer) -> bool:
        """Whether a transaction has exactly this limit."""
        transaction = self._connector.state.transaction
        return (
            transaction is not None
            and transaction.authorised
            and adapter.knows(transaction.id)
            and self._holds(self._as_taken(offer))
        )

    def _rests(self, offer: Offer) -> bool:
        """Whether nothing is offered, and nothing flows."""
        state = self._connector.state
        return (
            offer.current_a == 0
            and state.transaction is None
            and state.status is not None
            and state.status not in CHARGES
            and state.offer_a == 0
            and self._connector.confirmed is None
        )

    def _as_taken(self, offer: Offer) -> Offer:
        """Return an offer as the station takes it: one that takes no limits allows its car all that it has."""
        if offer.current_a > 0 and not self._shared.state.takes_limits:
            return replace(offer, current_a=self._shared.config.max_a)
        return offer

    def _allowed(self, current_a: float) -> float:
        """Return a current as it can be commanded: never above the configured maximum or the offer."""
        config = self._shared.config
        step = 1.0 if self._shared.behaviour.whole_amperes else 10.0
        current_a = math.floor(min(current_a, config.max_a) * step + 1e-6) / step
        return 0.0 if current_a < min(config.min_a, MIN_A) else current_a

    async def _bring(self, adapter: Adapter, offer: Offer) -> None:
        state = self._connector.state
        transaction = state.transaction
        offer = self._as_taken(offer)
        if offer.current_a == 0 and offer.session != state.session:
            return  # decided while nothing charged here, or for the session before
        if transaction is not None and not transaction.authorised:
            if offer.current_a > 0 and self._starter.may_start():
                await self._start(adapter, offer)
            return
        if transaction is not None and not adapter.knows(transaction.id):
            return  # see `started`
        if transaction is not None or state.status in CHARGES:
            await self._limit(adapter, offer)
        elif offer.current_a > 0 and self._starter.may_start():
            await self._start(adapter, offer)
        elif state.status is not None and not self._starter.pending:
            self._connector.confirm_nothing()

    async def _start(self, adapter: Adapter, offer: Offer) -> None:
        now = self._shared.now()
        self._starter.requested()
        limit = self._commands.as_limit(offer, now)
        if not await adapter.remote_start(self._connector.connector, limit):
            # It begins at the fail-safe current, and has its limit a moment later.
            begins_a = max(offer.current_a, self._shared.state.fall_back_a or 0.0)
            offer = replace(offer, current_a=begins_a)
        self._connector.confirm(offer, None, now)

    # Limits on a running transaction

    async def _limit(self, adapter: Adapter, offer: Offer) -> None:
        connector = self._connector
        state, draw_a = connector.state, connector.draw_a()
        wakes = self._shared.behaviour.wake and offer.current_a > 0
        wake = self._waker.due(offer.at, state.status, draw_a) if wakes else None
        if wake is Wake.RESTART:
            await self._restart(adapter)
            return
        offer = self._waker.nudged(offer, wake, draw_a)
        if self.compliance.lapsing(offer) or (self._holds(offer) and not offer.again):
            return
        transaction = state.transaction
        transaction_id = transaction.id if transaction else None
        now = self._shared.now()
        connector.command(offer, now)
        try:
            if offer.current_a == 0 and transaction_id is not None:
                await self._commands.pause(adapter, offer, transaction_id, now)
            else:
                offer = await self._commands.limit(adapter, offer, transaction_id, now)
        except CommandError as err:
            if err.key in ("timeout", "not_connected"):
                connector.doubt(offer, now)
            raise
        self._waker.offered(offer.current_a, offer.at, connector.state.status)
        before = connector.confirmed
        changed = before is None or before.current_a != offer.current_a
        connector.confirm(offer, transaction_id, now)
        unsure = self._shared.state.fail_safe is FailSafe.NOT_VERIFIED
        if (changed or unsure) and self._shared.state.takes_limits:
            adapter.link.spawn(self._check(adapter, connector.connector))

    def _holds(self, offer: Offer) -> bool:
        """Whether the station has exactly this limit and it is not yet due for renewal."""
        if (held := self._connector.confirmed) is None:
            return False
        transaction = self._connector.state.transaction
        same_phases = held.phases == offer.phases or offer.current_a == 0
        return (
            held.current_a == offer.current_a
            and same_phases
            and held.transaction_id == (transaction.id if transaction else None)
            and 0 <= (offer.at - held.at).total_seconds() < self._shared.config.renew_s
            and abs(self._shared.clock.skew - held.skew) < _CLOCK_TOLERANCE
        )

    async def _restart(self, adapter: Adapter) -> None:
        """Stop the transaction, and start another one when that is done."""
        transaction = self._connector.state.transaction
        if transaction is not None and self._shared.behaviour.restarts:
            await self._commands.stop(adapter, transaction.id)

    async def stop(self, adapter: Adapter) -> None:
        """Stop the transaction; no other one is started until there is a new offer.

        Raises:
            CommandError: there is none, or the station did not stop it.

        """
        if (transaction := self._connector.state.transaction) is None:
            raise CommandError("impossible", "There is no transaction")
        self._offer = None
        async with self._turn:
            await self._commands.stop(adapter, transaction.id)

    # Events of the connector

    def current(self) -> Limit | None:
        """Return the present offer; None if it expired, or if there is none."""
        if (offer := self._offer) is None or self._is_old(offer):
            return None
        return Limit(current_a=offer.current_a, phases=offer.phases)

    def _is_old(self, offer: Offer) -> bool:
        age = self._shared.now() - offer.at
        return age > timedelta(seconds=self._shared.config.renew_s)

    def renew(self, adapter: Adapter) -> bool:
        """Send the newest offer again, although it did not change; returns whether there is one."""
        if self._offer is None:
            return False
        self._connector.confirmed = None
        adapter.link.spawn(self._repeat(adapter))
        return True

    def status_changed(self) -> None:
        """Note a new status of the connector."""
        self._starter.status_changed()
        if self._connector.state.status is ConnectorStatus.AVAILABLE:
            self._connector.change(paused=False)

    def started(self, adapter: Adapter | None, *, resumed: bool = False) -> None:
        """Note that a transaction started: it is at the fail-safe current until it has its limit.

        The offer that was decided for a waiting car becomes its first limit, so that it need not wait for the next decision.
        An offer of 0 A was decided for a connector without a session, and does not apply to this one. A transaction that
        continues after our restart may still have an earlier limit, which only its draw shows.
        """
        connector = self._connector
        self._starter.started()
        connector.confirmed = None
        self.compliance.end_test()
        connector.change(paused=False)
        if self._offer is not None and self._offer.current_a == 0:
            self._offer = None
        state = connector.state
        known = state.offer_a is not None and state.offer_until
        if not known and not resumed:
            connector.change(
                offer_a=self._shared.state.fall_back_a,
                offered_at=self._shared.now(),
                offer_until=None,
            )
        if adapter is not None:
            adapter.link.spawn(self._repeat(adapter))

    async def _repeat(self, adapter: Adapter) -> None:
        """Command the newest offer, if it is recent, once the station knows the transaction."""
        try:
            if (transaction := self._connector.state.transaction) is not None:
                await adapter.until_known(transaction.id)
            if (offer := self._offer) is None or self._is_old(offer):
                return
            await self.offer(
                adapter, offer.current_a, offer.phases, session=offer.session
            )
        except CommandError as err:
            _LOGGER.debug("%s: the first limit: %s", self._shared.identity, err)

    def ended(self, reason: str, at: datetime, *, by_card: bool) -> None:
        """Note that the station ended the transaction, at `at` by our clock.

        Another one is started later if the pause was the reason, and no card.
        """
        restarts = self._shared.behaviour.restarts and not by_card
        if restarts and self._connector.ended_for_a_pause(reason, at):
            self._connector.change(paused=True)
        self.stopped()

    def stopped(self) -> None:
        """Note that there is no transaction any more."""
        self.compliance.end_test()
        self._connector.confirm_nothing()
        self._commands.forget_refused_pauses()

    def disconnected(self) -> None:
        """Note that the station is disconnected: its limits may change without us."""
        self._connector.confirmed = None
        self._commands.forget_refused_pauses()
