"""Watches whether a connector complies with its limit, and falls back when the limit expires."""

from datetime import timedelta

from ....engine.cars.confirmed_offer import exceeds
from ...station_commands import Schedule
from ...station_state import CommandError, ConnectorState, FailSafe, OfferCheck
from .charger_limits import ChargerLimit, ChargerLimits
from .connector_offer import Offer, OfferedConnector
from .fail_safe_watch import FailSafeWatch
from .less_than_offered import LessThanOffered
from .profile_shape import POWER_IN_ALL

_TOLERANCE_A = 1.0
# The source of the limit: the charger itself, through its meter values.
_OFFERED = "Current.Offered"


class Compliance:
    """Compares what one connector draws with what it was offered."""

    def __init__(
        self,
        connector: OfferedConnector,
        charger_limits: ChargerLimits,
        fail_safe: FailSafeWatch,
    ) -> None:
        """Watch a connector; report the charger's own limits, and the result of a fail-safe test."""
        self._connector = connector
        self._shared = connector.shared
        self._charger_limits = charger_limits
        self._fail_safe = fail_safe
        self._testing = False
        self.own = LessThanOffered(timedelta(seconds=self._shared.timing.own_limit_s))

    # A limit that expires on purpose, to see what the station does then

    def test_fail_safe(self) -> None:
        """Let the present limit expire; the meter shows the result.

        Raises:
            CommandError: the car does not draw enough for a test.

        """
        least_a = self._shared.config.fail_safe_a + 2
        if self._connector.confirmed is None or self._connector.draw_a() < least_a:
            raise CommandError("impossible", "The car draws too little for the test")
        self._testing = True

    @property
    def is_testing(self) -> bool:
        """Whether a test is running."""
        return self._testing

    def end_test(self) -> None:
        """End a test without a result."""
        self._testing = False

    def lapsing(self, offer: Offer) -> bool:
        """Whether a test is running that this offer need not interrupt."""
        draw_a = self._connector.draw_a()
        if self._testing and (offer.again or offer.current_a < draw_a):
            self._testing = False  # safety first
        return self._testing

    # What is measured

    def measured(self) -> None:
        """Compare the draw with the offer."""
        connector, shared = self._connector, self._shared
        state = connector.state
        if (offered := state.offer_a) is None or state.offered_at is None:
            return
        self._believe(state, offered)
        settled = timedelta(seconds=shared.timing.react_s)
        drawn_a = connector.draw_a()
        now = shared.now()
        if self._testing and state.offer_until and now > state.offer_until + settled:
            self._testing = False
            connector.confirmed = None
            falls = not exceeds(drawn_a, shared.config.fail_safe_a)
            self._fail_safe.conclude(
                FailSafe.VERIFIED if falls else FailSafe.DOES_NOT_FALL_BACK
            )
        if state.meter.at is None or state.meter.at < state.offered_at + settled:
            return
        if state.transaction is None or self._testing:
            return
        exceeded = exceeds(drawn_a, offered)
        if exceeded:
            self._suspect_power()
        check = OfferCheck.EXCEEDED if exceeded else OfferCheck.OBEYED
        if check is not state.offer_check and (exceeded or drawn_a > 0 or not offered):
            connector.change(offer_check=check)

    def _believe(self, state: ConnectorState, offer_a: float) -> None:
        """Believe a charger that reports for a while that it allows the car less; try a higher offer again later."""
        meter = state.meter
        reported_a, at = meter.offered_a, meter.offered_at
        if reported_a is None or at is None or at != meter.at:
            return
        until = state.offer_until
        if state.transaction is None or self._testing or until is None or at > until:
            self.own.forget()
            return
        limit_a, draw_a = state.charger_limit_a, self._connector.draw_a()
        if limit_a is not None and reported_a > limit_a + _TOLERANCE_A:
            self._charger_limits.clear(state.id, _OFFERED)
        elif self.own.sure(reported_a, at, offer_a=offer_a, draw_a=draw_a):
            steps = Schedule(
                steps=((0.0, reported_a),), duration_s=self._shared.timing.believed_s
            )
            limit = ChargerLimit(schedules=((at, steps),))
            self._charger_limits.set(state.id, _OFFERED, limit)

    def _suspect_power(self) -> None:
        """Learn that a station takes watts as the draw of all phases together, however few they are.

        OCPP divides a limit in watts by the number of phases that is given with it. A station that does not do so
        gives a single-phase car on three phases three times the intended current.
        """
        shared, phases = self._shared, self._connector.phases_in_use()
        if shared.shape.unit == "W" and phases < shared.config.phases:
            shared.variables[POWER_IN_ALL] = "true"
            self._connector.confirmed = None
