"""Commands limits, pauses and stops to the station of a connector, by what it has accepted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
import logging

from ...adapter import Adapter
from ...station_commands import Limit
from ...station_state import CommandError
from ..quirks import Pause
from ..refused_commands import LIMITS, RefusedCommands
from .connector_offer import Offer, OfferedConnector
from .highest_limit import HighestLimit
from .refused_pauses import RefusedPauses

_LOGGER = logging.getLogger(__name__)


class LimitCommands:
    """What one connector's running transaction is commanded. Each command raises CommandError if the station does not accept it."""

    def __init__(
        self,
        connector: OfferedConnector,
        refusals: RefusedCommands,
        highest: HighestLimit,
        confirmed: Callable[[bool], None],
    ) -> None:
        """Serve a connector; `confirmed` is called with whether the station accepted a limit."""
        self._connector = connector
        self._shared = connector.shared
        self._refusals = refusals
        self._highest = highest
        self._limit_confirmed = confirmed
        self._refused_pauses = RefusedPauses(connector)

    def forget_refused_pauses(self) -> None:
        """Forget that the station refused to pause: another transaction, or another connection."""
        self._refused_pauses.forget()

    def as_limit(self, offer: Offer, now: datetime) -> Limit:
        """Return an offer as a limit that begins now and expires by itself."""
        shared = self._shared
        backdate_s = shared.timing.backdate_s
        phases = offer.phases
        if shared.shape.power_in_all:
            in_use = self._connector.phases_in_use()
            phases = min(phases or in_use, in_use)
        return Limit(
            current_a=offer.current_a,
            phases=phases,
            start=shared.clock.theirs(now) - timedelta(seconds=backdate_s),
            duration_s=shared.config.expiry_s + backdate_s,
        )

    async def limit(
        self, adapter: Adapter, offer: Offer, transaction_id: str | None, now: datetime
    ) -> Offer:
        """Command a limit, unless the station is known not to take any; return what it has then."""
        if not self._refusals.may_ask(LIMITS):
            return offer
        known = not self._shared.state.takes_limits
        try:
            accepted = await self._as_accepted(adapter, offer, transaction_id, now)
        except CommandError as err:
            if not _is_refusal(err):
                raise
            self._limit_confirmed(False)
            if not known:
                raise
            return offer
        self._limit_confirmed(True)
        return accepted

    async def _as_accepted(
        self, adapter: Adapter, offer: Offer, transaction_id: str | None, now: datetime
    ) -> Offer:
        """Command a limit, and less if the station refuses that much; return what it accepts."""
        asked = offer
        while True:
            try:
                await self._command(adapter, asked, transaction_id, now)
            except CommandError as err:
                if err.key != "refused":
                    raise
                if (less_a := self._highest.instead_of(asked.current_a)) is None:
                    raise
                asked = replace(asked, current_a=less_a)
            else:
                self._highest.accepted(asked.current_a, less=asked is not offer)
                return asked

    async def _command(
        self, adapter: Adapter, offer: Offer, transaction_id: str | None, now: datetime
    ) -> None:
        limit, connector = self.as_limit(offer, now), self._connector.connector
        await adapter.limit_transaction(connector, transaction_id, limit)
        held = self._connector.confirmed
        again = self._shared.behaviour.repeat_after_pause
        if again and held and held.current_a == 0 and offer.current_a > 0:
            await adapter.limit_transaction(connector, transaction_id, limit)
        self._refused_pauses.forget()

    async def pause(
        self, adapter: Adapter, offer: Offer, transaction_id: str, now: datetime
    ) -> None:
        """Let nothing flow: by a limit of 0 A, or by stopping the transaction if the station does not accept that."""
        if not self._refused_pauses.may_ask(transaction_id, now):
            raise CommandError("refused", "it refused 0 A and to stop")
        behaviour, takes_limits = (
            self._shared.behaviour,
            self._shared.state.takes_limits,
        )
        if not behaviour.restarts and not takes_limits:
            self._refused_pauses.refused(transaction_id, now)
            raise CommandError("not_supported", "neither a limit nor another start")
        try:
            if behaviour.pause is Pause.ZERO and takes_limits:
                try:
                    await self._command(adapter, offer, transaction_id, now)
                except CommandError as err:
                    if not _is_refusal(err) or not behaviour.restarts:
                        raise
                    _LOGGER.debug("%s: 0 A: %s", self._shared.identity, err)
                else:
                    return
            await self.stop(adapter, transaction_id)
        except CommandError as err:
            if _is_refusal(err):
                self._refused_pauses.refused(transaction_id, now)
            raise

    async def stop(self, adapter: Adapter, transaction_id: str) -> None:
        """Stop the transaction to start another one later, and remember that we did it."""
        self._connector.change(paused=True)
        try:
            await adapter.remote_stop(transaction_id)
        except CommandError as err:
            if _is_refusal(err):
                self._connector.change(paused=False)
            raise


def _is_refusal(error: CommandError) -> bool:
    return error.key in ("refused", "not_supported")
