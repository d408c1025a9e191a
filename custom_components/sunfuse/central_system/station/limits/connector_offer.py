"""The offer of a connector, and what its station confirmed of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ....engine.cars.drawing import is_used
from ...station_state import ConnectorState, OfferCheck, Session
from ..shared_state import SharedState

_DRAWS_A = 1.0  # on a phase in use
# A transaction that ends this soon after its limit became 0 A has ended because of it.
_ENDS_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Offer:
    """The offer to the connector, and since when."""

    current_a: float
    phases: int | None
    at: datetime
    again: bool = False  # to be commanded even if the station has it
    session: Session | None = None  # for which it was decided


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the station accepted, for which transaction, and with which skew of its clock."""

    current_a: float
    phases: int | None
    at: datetime
    skew: timedelta
    transaction_id: str | None


class OfferedConnector:
    """A connector with the confirmed part of its offer: what its limiter and its compliance watch share."""

    def __init__(self, shared: SharedState, connector: int) -> None:
        """Begin with nothing confirmed."""
        self.shared = shared
        self.connector = connector
        self.confirmed: Confirmed | None = None
        self._zero_since: datetime | None = None  # since when 0 A is commanded

    @property
    def state(self) -> ConnectorState:
        """The connector as last heard of."""
        return self.shared.connector(self.connector)

    def change(self, **changes: Any) -> None:
        """Change the state of the connector."""
        self.shared.change(self.connector, **changes)

    def phases_in_use(self) -> int:
        """Return on how many phases the car draws; all of them if it draws nothing."""
        currents = self.state.meter.current_a
        used = sum(a is not None and is_used(a) for a in currents)
        return used or self.shared.config.phases

    def draw_a(self) -> float:
        """Return what the car draws from the phase that it uses most."""
        config = self.shared.config
        phases = config.phases
        if self.confirmed is not None and self.confirmed.phases is not None:
            phases = self.confirmed.phases
        return self.state.meter.drawn_a(phases, config.voltage_v)

    def command(self, offer: Offer, at: datetime) -> None:
        """Note that an offer is sent: a station that ends its transaction because of it may say so before it answers."""
        self._zero_since = None if offer.current_a else self._zero_since or at

    def confirm(self, offer: Offer, transaction_id: str | None, at: datetime) -> None:
        """Note that the station accepted an offer."""
        shared = self.shared
        self.confirmed = Confirmed(
            offer.current_a, offer.phases, at, shared.clock.skew, transaction_id
        )
        self.change(
            offer_a=offer.current_a,
            offered_at=at,
            offer_check=self._check_of(offer),
            offer_until=at + timedelta(seconds=shared.config.expiry_s),
        )

    def ended_for_a_pause(self, reason: str, at: datetime) -> bool:
        """Whether the station ended its transaction, at `at` by our clock, because it was limited to 0 A.

        Some do that instead of pausing: NEcharge, EN+ and Huawei (evcc pull request 33020). A driver's stop is Local, too.
        """
        if self._zero_since is None or at < self._zero_since - _ENDS_WITHIN:
            return False  # it was stored while it could not be reported
        if reason == "Local":
            return self.shared.now() - self._zero_since <= _ENDS_WITHIN
        return reason == "Other"

    def confirm_nothing(self) -> None:
        """Note that there is no transaction: nothing flows."""
        self.confirmed = self._zero_since = None
        if self.state.offer_a != 0:
            self.change(
                offer_a=0.0,
                offered_at=self.shared.now(),
                offer_until=None,
                offer_check=OfferCheck.NONE,
            )

    def doubt(self, offer: Offer, now: datetime) -> None:
        """Assume a higher limit that the station may have accepted although its answer did not arrive."""
        self.confirmed = None
        if offer.current_a > (self.state.offer_a or 0.0):
            self.change(
                offer_a=offer.current_a,
                offered_at=now,
                offer_until=now + timedelta(seconds=self.shared.config.expiry_s),
                offer_check=OfferCheck.NONE,
            )

    def _check_of(self, offer: Offer) -> OfferCheck:
        """Return how well compliance with a limit that the station just accepted is known."""
        state = self.state
        if (
            state.offer_a == offer.current_a
            and state.offer_check is not OfferCheck.NONE
        ):
            return state.offer_check  # renewed
        return OfferCheck.ANSWERED
