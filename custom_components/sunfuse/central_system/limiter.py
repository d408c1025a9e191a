"""Keeps a connector at the current that it is offered.

A live limit is a limit on the running transaction that lapses by itself and is renewed for as long as it is
offered. Without a transaction nothing flows and there is nothing to limit: a car that waits gets a transaction,
and the newest offer becomes its limit at once.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
import math
from typing import TYPE_CHECKING

from ..engine.model import ConnectorStatus
from .adapter import Adapter, Limit
from .model import CommandError, ConnectorState

if TYPE_CHECKING:
    from .station import Station

_LOGGER = logging.getLogger(__name__)

# A limit by the station's clock has to be sent again when the clock turns out to be this far off.
_CLOCK_TOLERANCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the connector is to be told, and since when."""

    current_a: float
    phases: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the station took, for which transaction, and by which reckoning of its clock."""

    current_a: float
    phases: int | None
    at: datetime
    skew: timedelta
    transaction_id: str | None


class Limiter:
    """Brings offers to one connector."""

    def __init__(self, station: Station, connector: int) -> None:
        """Serve a connector of the station."""
        self._station = station
        self._connector = connector
        self._turn = asyncio.Lock()
        self._offer: Offer | None = None
        self._confirmed: Confirmed | None = None
        self._no_start_before: datetime | None = None
        self.waiting_since: datetime | None = None

    @property
    def _state(self) -> ConnectorState:
        return self._station.connector(self._connector)

    async def offer(
        self, adapter: Adapter, current_a: float, phases: int | None
    ) -> None:
        """Offer a current; returns when the station has taken it, or needs not be told.

        Raises:
            CommandError: the station did not take it.

        """
        if not math.isfinite(current_a) or current_a < 0:
            raise ValueError(f"Not a current: {current_a}")
        # Never above what the user allowed, and never above what was meant (profiles have one decimal).
        current_a = min(current_a, self._station.config.max_a)
        current_a = math.floor(current_a * 10 + 1e-6) / 10
        offer = Offer(current_a, phases, self._station.now())
        self._offer = offer
        async with self._turn:
            if self._offer is offer:  # else a newer one waits behind us
                await self._bring(adapter, offer)

    async def _bring(self, adapter: Adapter, offer: Offer) -> None:
        state = self._state
        if state.transaction is not None or state.status in _CHARGES:
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
        if self._holds(offer):
            return
        transaction = self._state.transaction
        transaction_id = transaction.id if transaction else None
        now = self._station.now()
        await adapter.limit_transaction(
            self._connector, transaction_id, self._as_limit(offer, now)
        )
        self._confirm(offer, transaction_id, now)

    def _as_limit(self, offer: Offer, now: datetime) -> Limit:
        timing = self._station.timing
        start = self._station.clock.theirs(now) - timedelta(seconds=timing.backdate_s)
        return Limit(
            current_a=offer.current_a,
            phases=offer.phases,
            start=start,
            duration_s=timing.limit_s + timing.backdate_s,
        )

    def _holds(self, offer: Offer) -> bool:
        """Whether the station has this very limit and it is not yet due for renewal."""
        if (held := self._confirmed) is None:
            return False
        transaction = self._state.transaction
        return (
            (held.current_a, held.phases) == (offer.current_a, offer.phases)
            and held.transaction_id == (transaction.id if transaction else None)
            and 0 <= (offer.at - held.at).total_seconds() < self._station.timing.renew_s
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
            offer_until=at + timedelta(seconds=self._station.timing.limit_s),
        )

    def _may_start(self) -> bool:
        """Whether a car waits for a transaction that neither it nor the station has started by itself."""
        if self._state.status is not ConnectorStatus.PREPARING or self._promised():
            return False
        since = self.waiting_since
        grace = timedelta(seconds=self._station.timing.start_grace_s)
        return since is not None and self._station.now() - since >= grace

    async def _start(self, adapter: Adapter, offer: Offer) -> None:
        now = self._station.now()
        retry = timedelta(seconds=self._station.timing.start_retry_s)
        self._no_start_before = now + retry
        await adapter.remote_start(self._connector, self._as_limit(offer, now))
        self._confirm(offer, None, now)

    def status_changed(self) -> None:
        """Note that the connector told another status."""
        preparing = self._state.status is ConnectorStatus.PREPARING
        if not preparing:
            self.waiting_since = None
            self._no_start_before = None
        elif self.waiting_since is None:
            self.waiting_since = self._station.now()

    def started(self, adapter: Adapter | None) -> None:
        """Note that a transaction started: it is at the fail-safe current until it has its limit."""
        self._no_start_before = None
        self._confirmed = None
        if self._state.offer_a is None or not self._state.offer_until:
            self._station.change(
                self._connector,
                offer_a=self._station.config.fail_safe_a,
                offered_at=self._station.now(),
                offer_until=None,
            )
        if adapter is not None and self._offer is not None:
            adapter.link.spawn(self._repeat(adapter, self._offer))

    async def _repeat(self, adapter: Adapter, offer: Offer) -> None:
        """Bring the newest offer to a new transaction, if it is fresh."""
        age = self._station.now() - offer.at
        if age > timedelta(seconds=self._station.timing.renew_s):
            return
        try:
            await self.offer(adapter, offer.current_a, offer.phases)
        except CommandError as err:
            _LOGGER.debug("%s: the first limit: %s", self._station.identity, err)

    def stopped(self) -> None:
        """Note that the transaction is over."""
        self._confirm(None, None)

    def disconnected(self) -> None:
        """Note that the station is out of reach: what it has may change without us."""
        self._confirmed = None


_CHARGES = frozenset(
    (
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
    )
)
