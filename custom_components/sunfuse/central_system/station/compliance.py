"""Whether a connector keeps to what it was told, and falls back when it is told nothing more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..commands import Schedule
from ..model import CommandError, ConnectorState, FailSafe, OfferCheck, Session
from .external import ExternalLimit
from .own_limit import OwnLimit
from .profiles import POWER_IN_ALL

if TYPE_CHECKING:
    from .book import StationBook

_TOLERANCE_A = 1.0
_OFFERED = (
    "Current.Offered"  # whose limit it is: the charger's own, as its meter values tell
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the connector is to be told, and since when."""

    current_a: float
    phases: int | None
    at: datetime
    again: bool = False  # to be told although the station has it
    session: Session | None = None  # for which it was decided


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the station took, for which transaction, and by which reckoning of its clock."""

    current_a: float
    phases: int | None
    at: datetime
    skew: timedelta
    transaction_id: str | None


class Obedience:
    """Compares what one connector draws with what it was offered."""

    def __init__(self, station: StationBook, connector: int) -> None:
        """Watch a connector of the station."""
        self._station = station
        self._connector = connector
        self._confirmed: Confirmed | None = None
        self._testing = False
        self._own = OwnLimit(timedelta(seconds=station.timing.own_limit_s))

    @property
    def _state(self) -> ConnectorState:
        return self._station.connector(self._connector)

    def _check_of(self, offer: Offer) -> OfferCheck:
        """Return how well a limit is known to be kept that the station just took."""
        state = self._state
        if (
            state.offer_a == offer.current_a
            and state.offer_check is not OfferCheck.NONE
        ):
            return state.offer_check  # renewed
        return OfferCheck.ANSWERED

    # A limit that is let lapse on purpose, to see what the station does then

    def test_fail_safe(self) -> None:
        """Let the present limit lapse; the meter tells what came of it.

        Raises:
            CommandError: the car does not draw enough to tell.

        """
        draw_a = self._draw_a()
        if self._confirmed is None or draw_a < self._station.config.fail_safe_a + 2:
            raise CommandError("refused", "The car does not draw enough to tell")
        self._testing = True

    def _lapsing(self, offer: Offer) -> bool:
        """Whether a test is on that this offer does not have to break."""
        if self._testing and (offer.again or offer.current_a < self._draw_a()):
            self._testing = False  # safety first
        return self._testing

    def measured(self) -> None:
        """Compare what is drawn with what was offered."""
        state = self._state
        if (offered := state.offer_a) is None or state.offered_at is None:
            return
        self._believe(state, offered)
        settled = timedelta(seconds=self._station.timing.react_s)
        drawn_a = self._draw_a()
        now = self._station.now()
        if self._testing and state.offer_until and now > state.offer_until + settled:
            self._testing = False
            self._confirmed = None
            falls = drawn_a <= self._station.config.fail_safe_a + _TOLERANCE_A
            self._station.told_fail_safe(
                FailSafe.VERIFIED if falls else FailSafe.DOES_NOT_FALL_BACK
            )
        if state.meter.at is None or state.meter.at < state.offered_at + settled:
            return
        if state.transaction is None or self._testing:
            return
        exceeded = drawn_a > max(offered * 1.1, offered + _TOLERANCE_A)
        if exceeded:
            self._suspect_power()
        check = OfferCheck.EXCEEDED if exceeded else OfferCheck.OBEYED
        if check is not state.offer_check and (exceeded or drawn_a > 0 or not offered):
            self._station.change(self._connector, offer_check=check)

    def _believe(self, state: ConnectorState, offer_a: float) -> None:
        """Believe a charger that says for a while that it lets the car have less, and ask more of it later again."""
        station, meter = self._station, state.meter
        told_a, at = meter.offered_a, meter.offered_at
        if told_a is None or at is None or at != meter.at:
            return
        until = state.offer_until
        if state.transaction is None or self._testing or until is None or at > until:
            self._own.forget()
            return
        limit_a = state.charger_limit_a
        if limit_a is not None and told_a > limit_a + _TOLERANCE_A:
            station.cleared_external(self._connector, _OFFERED)
        elif self._own.sure(told_a, at, offer_a=offer_a, draw_a=self._draw_a()):
            steps = Schedule(
                steps=((0.0, told_a),), duration_s=station.timing.believed_s
            )
            limit = ExternalLimit(schedules=((at, steps),))
            station.reported_external(self._connector, _OFFERED, limit)

    def _suspect_power(self) -> None:
        """Learn that a station takes watts for what all phases draw together, however few they are.

        OCPP has a limit in watts divided by the number of phases that stands beside it. A station that does not
        gives a single-phase car on three phases three times what was meant.
        """
        station = self._station
        if station.shape.unit == "W" and self._phases_in_use() < station.config.phases:
            station.variables[POWER_IN_ALL] = "true"
            self._confirmed = None

    def _phases_in_use(self) -> int:
        """Return on how many phases the car draws; all of them where it draws nothing."""
        currents = self._state.meter.current_a
        used = sum(a is not None and a > _TOLERANCE_A for a in currents)
        return used or self._station.config.phases

    def _draw_a(self) -> float:
        config = self._station.config
        phases = config.phases
        if self._confirmed is not None and self._confirmed.phases is not None:
            phases = self._confirmed.phases
        return self._state.meter.drawn_a(phases, config.voltage_v)
