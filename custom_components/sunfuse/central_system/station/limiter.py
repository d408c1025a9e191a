"""Keeps a connector at the current that it is offered.

A live limit is a limit on the running transaction that lapses by itself and is renewed for as long as it is
offered. Without a transaction nothing flows and there is nothing to limit: a car that waits gets a transaction,
and the newest offer becomes its limit at once.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
import logging
import math
from typing import TYPE_CHECKING

from ...engine.model import ConnectorStatus
from ...engine.moving import move_attributes
from ..adapter import Adapter
from ..commands import Limit
from ..model import CHARGES, CommandError, FailSafe, OfferCheck, Session
from .compliance import Confirmed, Obedience, Offer
from .quirks import Pause
from .refusals import LIMITS
from .waking import Wake, Waker

if TYPE_CHECKING:
    from .book import StationBook

_LOGGER = logging.getLogger(__name__)

_MIN_A = 6.0  # IEC 61851-1: below it there is no charging
# A limit by the station's clock has to be sent again when the clock turns out to be this far off.
_CLOCK_TOLERANCE = timedelta(seconds=5)


class Limiter(Obedience):
    """Brings offers to one connector."""

    def __init__(self, station: StationBook, connector: int) -> None:
        """Serve a connector of the station."""
        super().__init__(station, connector)
        self._turn = asyncio.Lock()
        self._offer: Offer | None = None
        self._no_start_before: datetime | None = None
        self._waiting_since: datetime | None = None
        self._waker = Waker(timedelta(seconds=station.timing.wake_s))
        self._nudged_at: datetime | None = None

    def clock_was_set(self, by: timedelta) -> None:
        """Move what is remembered by our clock, which was set forward by so much."""
        for part in (self, self._waker, self._own):
            move_attributes(part, by)
        if self._confirmed is not None:
            # How far the station's clock is ahead changed with ours, which changes nothing for the station.
            skew = self._confirmed.skew - by
            self._confirmed = replace(self._confirmed, skew=skew)

    async def offer(
        self,
        adapter: Adapter,
        current_a: float,
        phases: int | None,
        *,
        again: bool = False,
        session: Session | None = None,
    ) -> None:
        """Offer a current; returns when the station has taken it, or needs not be told.

        `session` is what the offer was decided for; None: what runs now.

        Raises:
            CommandError: the station did not take it.

        """
        if not math.isfinite(current_a) or current_a < 0:
            raise ValueError(f"Not a current: {current_a}")
        now = self._station.now()
        session = session or self._state.session
        offer = Offer(self._allowed(current_a), phases, now, again, session)
        self._offer = offer
        async with self._turn:
            if self._offer is offer:  # else a newer one waits behind us
                await self._bring(adapter, offer)

    def _allowed(self, current_a: float) -> float:
        """Return a current as it can be told: never above what the user allowed or what was meant."""
        config = self._station.config
        step = 1.0 if self._station.behaviour.whole_amperes else 10.0
        current_a = math.floor(min(current_a, config.max_a) * step + 1e-6) / step
        return 0.0 if current_a < min(config.min_a, _MIN_A) else current_a

    async def _bring(self, adapter: Adapter, offer: Offer) -> None:
        state = self._state
        transaction = state.transaction
        if offer.current_a > 0 and not self._station.state.takes_limits:
            # It gives its car all that it has.
            offer = replace(offer, current_a=self._station.config.max_a)
        if offer.current_a == 0 and offer.session != state.session:
            return  # decided while nothing charged here, or for the session before
        if transaction is not None and not transaction.authorised:
            if offer.current_a > 0 and self._may_start():
                await self._start(adapter, offer)
            return
        if transaction is not None or state.status in CHARGES:
            await self._limit(adapter, offer)
        elif offer.current_a > 0 and self._may_start():
            await self._start(adapter, offer)
        elif state.status is not None and not self._promised():
            self._confirm(None, None)

    def _promised(self) -> bool:
        """Whether a transaction was asked for with a limit that may still come into force."""
        return self._no_start_before is not None and (
            self._station.now() < self._no_start_before
        )

    async def _limit(self, adapter: Adapter, offer: Offer) -> None:
        if (wake := self._woken(offer)) is Wake.RESTART:
            await self._restart(adapter)
            return
        offer = self._nudged(offer, wake)
        if self._lapsing(offer) or (self._holds(offer) and not offer.again):
            return
        transaction = self._state.transaction
        transaction_id = transaction.id if transaction else None
        now = self._station.now()
        try:
            if offer.current_a == 0 and transaction_id is not None:
                await self._pause(adapter, offer, transaction_id, now)
            elif self._station.refusals.may_ask(LIMITS):
                await self._try_limit(adapter, offer, transaction_id, now)
        except CommandError as err:
            if err.key in ("timeout", "not_connected"):
                self._doubt(offer, now)
            raise
        self._waker.offered(offer.current_a, offer.at, self._state.status)
        changed = (
            self._confirmed is None or self._confirmed.current_a != offer.current_a
        )
        self._confirm(offer, transaction_id, now)
        unsure = self._station.state.fail_safe is FailSafe.NOT_VERIFIED
        if (changed or unsure) and self._station.state.takes_limits:
            adapter.link.spawn(self._station.check_limit(adapter, self._connector))

    async def _try_limit(
        self, adapter: Adapter, offer: Offer, transaction_id: str | None, now: datetime
    ) -> None:
        """Tell a limit, and note whether the station takes any."""
        known = not self._station.state.takes_limits
        try:
            await self._tell(adapter, offer, transaction_id, now)
        except CommandError as err:
            if err.key not in ("refused", "not_supported"):
                raise
            self._station.confirmed(taken=False)
            if not known:
                raise
        else:
            self._station.confirmed(taken=True)

    def _doubt(self, offer: Offer, now: datetime) -> None:
        """Reckon with a higher limit that the station may have taken although its answer did not come."""
        self._confirmed = None
        if offer.current_a > (self._state.offer_a or 0.0):
            self._station.change(
                self._connector,
                offer_a=offer.current_a,
                offered_at=now,
                offer_until=now + timedelta(seconds=self._station.config.expiry_s),
                offer_check=OfferCheck.NONE,
            )

    def _nudged(self, offer: Offer, wake: Wake | None) -> Offer:
        """Return 6 A for a short time where a car has to be woken, else the offer."""
        if wake is Wake.NUDGE:
            self._nudged_at = offer.at
        if self._nudged_at is None:
            return offer
        lasts = timedelta(seconds=self._station.timing.nudge_s)
        if offer.at - self._nudged_at < lasts and not self._draw_a():
            return replace(offer, current_a=min(offer.current_a, _MIN_A), again=True)
        self._nudged_at = None
        return offer

    async def _pause(
        self, adapter: Adapter, offer: Offer, transaction_id: str, now: datetime
    ) -> None:
        """Let nothing flow: by a limit of 0 A, or by stopping where the station does not take that."""
        station = self._station
        if station.behaviour.pause is Pause.ZERO and station.state.takes_limits:
            try:
                await self._tell(adapter, offer, transaction_id, now)
            except CommandError as err:
                restarts = self._station.behaviour.restarts
                if err.key not in ("refused", "not_supported") or not restarts:
                    raise
                _LOGGER.debug("%s: 0 A: %s", self._station.identity, err)
            else:
                return
        if not station.behaviour.restarts and not station.state.takes_limits:
            raise CommandError("not_supported", "neither a limit nor another start")
        await self._stop(adapter, transaction_id)

    async def _stop(self, adapter: Adapter, transaction_id: str) -> None:
        """Stop the transaction to start another one later, and remember that it was us."""
        self._station.change(self._connector, paused=True)
        try:
            await adapter.remote_stop(transaction_id)
        except CommandError as err:
            if err.key in ("refused", "not_supported"):
                self._station.change(self._connector, paused=False)
            raise

    async def _tell(
        self, adapter: Adapter, offer: Offer, transaction_id: str | None, now: datetime
    ) -> None:
        limit = self._as_limit(offer, now)
        await adapter.limit_transaction(self._connector, transaction_id, limit)
        held = self._confirmed
        again = self._station.behaviour.repeat_after_pause
        if again and held and held.current_a == 0 and offer.current_a > 0:
            await adapter.limit_transaction(self._connector, transaction_id, limit)

    async def stop(self, adapter: Adapter) -> None:
        """Stop the transaction; nothing starts another one until there is a new offer.

        Raises:
            CommandError: there is none, or the station did not stop it.

        """
        if (transaction := self._state.transaction) is None:
            raise CommandError("refused", "There is no transaction")
        self._offer = None
        async with self._turn:
            await self._stop(adapter, transaction.id)

    # Cars that sleep on after a pause

    def _woken(self, offer: Offer) -> Wake | None:
        """Return what a sleeping car needs now."""
        if not self._station.behaviour.wake or offer.current_a == 0:
            return None
        return self._waker.due(offer.at, self._state.status, self._draw_a())

    async def _restart(self, adapter: Adapter) -> None:
        """Stop the transaction, and start another one when that is over."""
        transaction = self._state.transaction
        if transaction is not None and self._station.behaviour.restarts:
            await self._stop(adapter, transaction.id)

    def _as_limit(self, offer: Offer, now: datetime) -> Limit:
        timing = self._station.timing
        start = self._station.clock.theirs(now) - timedelta(seconds=timing.backdate_s)
        phases = offer.phases
        if self._station.shape.power_in_all:
            phases = min(phases or self._phases_in_use(), self._phases_in_use())
        return Limit(
            current_a=offer.current_a,
            phases=phases,
            start=start,
            duration_s=self._station.config.expiry_s + timing.backdate_s,
        )

    def _holds(self, offer: Offer) -> bool:
        """Whether the station has this very limit and it is not yet due for renewal."""
        if (held := self._confirmed) is None:
            return False
        transaction = self._state.transaction
        return (
            (held.current_a, held.phases) == (offer.current_a, offer.phases)
            and held.transaction_id == (transaction.id if transaction else None)
            and 0 <= (offer.at - held.at).total_seconds() < self._station.config.renew_s
            and abs(self._station.clock.skew - held.skew) < _CLOCK_TOLERANCE
        )

    def _confirm(
        self,
        offer: Offer | None,
        transaction_id: str | None,
        at: datetime | None = None,
    ) -> None:
        """Note what the station confirmed; None: no transaction, nothing flows."""
        if offer is None or at is None:
            self._confirmed = None
            if self._state.offer_a != 0:
                self._station.change(
                    self._connector,
                    offer_a=0.0,
                    offered_at=self._station.now(),
                    offer_until=None,
                    offer_check=OfferCheck.NONE,
                )
            return
        self._confirmed = Confirmed(
            offer.current_a,
            offer.phases,
            at,
            self._station.clock.skew,
            transaction_id,
        )
        self._station.change(
            self._connector,
            offer_a=offer.current_a,
            offered_at=at,
            offer_check=self._check_of(offer),
            offer_until=at + timedelta(seconds=self._station.config.expiry_s),
        )

    def _may_start(self) -> bool:
        """Whether a car waits for a transaction that neither it nor the station has started by itself."""
        status = self._state.status
        if self._promised():
            return False
        if self._state.paused and status in (
            ConnectorStatus.FINISHING,
            ConnectorStatus.PREPARING,
        ):
            return True
        if status is not ConnectorStatus.PREPARING or not self._station.cards.free:
            return False
        since = self._waiting_since
        grace = timedelta(seconds=self._station.timing.start_grace_s)
        return since is not None and self._station.now() - since >= grace

    async def _start(self, adapter: Adapter, offer: Offer) -> None:
        now = self._station.now()
        retry = timedelta(seconds=self._station.timing.start_retry_s)
        self._no_start_before = now + retry
        await adapter.remote_start(self._connector, self._as_limit(offer, now))
        self._confirm(offer, None, now)

    def current_limit(self) -> Limit | None:
        """Return what is offered at present; None where that lapsed, or there is nothing."""
        offer, now = self._offer, self._station.now()
        if offer is None or now - offer.at > timedelta(
            seconds=self._station.config.renew_s
        ):
            return None
        return Limit(current_a=offer.current_a, phases=offer.phases)

    def renew(self, adapter: Adapter) -> bool:
        """Send the newest offer once more, although it did not change; returns whether there is one."""
        if self._offer is None:
            return False
        self._confirmed = None
        adapter.link.spawn(self._repeat(adapter, self._offer))
        return True

    def status_changed(self) -> None:
        """Note that the connector told another status."""
        preparing = self._state.status is ConnectorStatus.PREPARING
        if not preparing:
            self._waiting_since = None
            self._no_start_before = None
            if self._state.status is ConnectorStatus.AVAILABLE:
                self._station.change(self._connector, paused=False)
        elif self._waiting_since is None:
            self._waiting_since = self._station.now()

    def started(self, adapter: Adapter | None, *, resumed: bool = False) -> None:
        """Note that a transaction started: it is at the fail-safe current until it has its limit.

        What was decided for a car that waited is its first limit, so that it need not wait for the next decision.
        0 A was decided for a connector without a session, and says nothing of this one. A transaction that goes on
        after our restart may have a limit of before, which only its draw tells.
        """
        self._no_start_before = None
        self._confirmed = None
        self._testing = False
        self._station.change(self._connector, paused=False)
        if self._offer is not None and self._offer.current_a == 0:
            self._offer = None
        known = self._state.offer_a is not None and self._state.offer_until
        if not known and not resumed:
            self._station.change(
                self._connector,
                offer_a=self._station.state.fall_back_a,
                offered_at=self._station.now(),
                offer_until=None,
            )
        if adapter is not None and self._offer is not None:
            adapter.link.spawn(self._repeat(adapter, self._offer))

    async def _repeat(self, adapter: Adapter, offer: Offer) -> None:
        """Bring the newest offer to a new transaction, if it is fresh."""
        age = self._station.now() - offer.at
        if age > timedelta(seconds=self._station.config.renew_s):
            return
        try:
            await self.offer(adapter, offer.current_a, offer.phases)
        except CommandError as err:
            _LOGGER.debug("%s: the first limit: %s", self._station.identity, err)

    def stopped(self) -> None:
        """Note that the transaction is over."""
        self._testing = False
        self._confirm(None, None)

    def disconnected(self) -> None:
        """Note that the station is out of reach: what it has may change without us."""
        self._confirmed = None
