"""A car at a connector: what is remembered of it while it stays."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from ...central_system.security.card_policy import folded
from ...central_system.station_state import ConnectorState
from ...drivers.demand import Promise
from ...drivers.recognition import RecognisedBy, RecognisedCar, Sighting
from ..people.cards import is_own


def register_of(state: ConnectorState) -> float | None:
    """Return what a connector's meter has counted; before it reports anything, what the transaction began with."""
    if state.meter.energy_wh is not None or state.transaction is None:
        return state.meter.energy_wh
    return state.transaction.meter_start_wh


def _register_at_start(state: ConnectorState) -> float | None:
    """Return what a connector's meter had counted when its transaction began.

    The charger's own register may have begun again, with each transaction at some chargers: what the meter counts has not.
    """
    if state.meter.energy_wh is None:
        return register_of(state)
    return state.meter.energy_wh - (state.session_energy_wh or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarSession:
    """A car at a connector. `first_soc` is the lowest that each car said since, by which one is seen to rise."""

    since: datetime
    transaction: str | None = None
    token: str | None = None  # folded
    register_wh: float | None = None  # of the meter, when the car came
    vehicle: str | None = None
    by: RecognisedBy | None = None
    chosen: str | None = None  # by hand
    first_soc: tuple[tuple[str, float], ...] = ()
    promise: Promise | None = None
    # When the car last said what it needs, and what the meter had counted then.
    asked_at: datetime | None = None
    asked_register_wh: float | None = None

    def charged_wh(self, state: ConnectorState) -> float:
        """Return what was metered since the car came."""
        now_wh = register_of(state)
        if now_wh is not None and self.register_wh is not None:
            return max(now_wh - self.register_wh, 0.0)
        return state.session_energy_wh or 0.0 if state.transaction else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoLeft:
    """Who has left a connector just now, and when."""

    at: datetime
    vehicle: str | None = None
    token: str | None = None  # folded

    @classmethod
    def of(cls, session: CarSession, now: datetime) -> Self:
        """Return who was there."""
        return cls(at=now, vehicle=session.vehicle, token=session.token)

    def is_another(self, session: CarSession) -> bool:
        """Return whether who is there now is certainly somebody else: by the car, else by the card."""
        for before, now in (
            (self.vehicle, session.vehicle),
            (self.token, session.token),
        ):
            if before is not None and now is not None:
                return before != now
        return False


def with_transaction(session: CarSession, state: ConnectorState) -> CarSession:
    """Return a session with what its transaction says."""
    transaction = state.transaction
    assert transaction is not None
    token = transaction.id_token
    known = token is not None and not is_own(token)
    register_wh = session.register_wh
    if register_wh is None:
        register_wh = _register_at_start(state)
    return changed(
        session,
        transaction=transaction.id,
        # What we started after a pause has our own token: the driver's is remembered.
        token=folded(token) if token and known else session.token,
        register_wh=register_wh,
    )


def changed(session: CarSession, **changes: Any) -> CarSession:
    """Return a session with these changes; itself if it has them already, as in most ticks."""
    if all(getattr(session, name) == value for name, value in changes.items()):
        return session
    return replace(session, **changes)


def with_needs(session: CarSession, state: ConnectorState) -> CarSession:
    """Return a session with when the car last said what it needs."""
    needs = state.needs
    if needs is None or needs.at == session.asked_at or needs.at < session.since:
        return session
    return replace(session, asked_at=needs.at, asked_register_wh=register_of(state))


def sighting_of(
    connector: str,
    session: CarSession,
    metered_wh: float,
    identities: frozenset[str],
) -> Sighting:
    """Return a session as recognition sees it."""
    known = (
        RecognisedCar(vehicle=session.vehicle, by=session.by) if session.by else None
    )
    return Sighting(
        connector=connector,
        since=session.since,
        token=session.token,
        token_is_identity=session.token in identities,
        chosen=session.chosen,
        known=known,
        metered_wh=metered_wh,
    )
