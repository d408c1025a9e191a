"""The engine itself: it decides each minute, and every five seconds until its offers have settled.

Meters and chargers answer within that, and cars take what they are offered.
"""

from datetime import UTC, datetime, timedelta
import math

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    Connector,
    ConnectorStatus,
    MeterReading,
    Mode,
    PerPhase,
    Site,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Policy

from .building import MINUTE_S
from .rivals import Present
from .sessions import MOST_A, VOLTAGE_V, Session

TICK_S = 5
# Offers that have not changed for so long have settled: a rise may wait for a tick or two, until it is seen what the last one did.
SETTLED_S = 15
START = datetime(2026, 11, 1, tzinfo=UTC)
SITE = Site(phases=3, voltage_v=VOLTAGE_V)


def simulate(
    policy: Policy, sessions: list[Session], load: list[PerPhase], circuit: Circuit
) -> tuple[list[Present], float]:
    """Let the engine share a fuse beside a load; returns the cars and the most that the fuse was above its limit."""
    garage = _SharedFuse(
        policy, circuit, chargers=len({one.charger for one in sessions})
    )
    waiting = sorted(sessions, key=lambda s: s.arrives_s, reverse=True)
    everyone: list[Present] = []
    for minute, load_a in enumerate(load):
        now_s = minute * MINUTE_S
        garage.here = [car for car in garage.here if car.session.leaves_s > now_s]
        while waiting and waiting[-1].arrives_s <= now_s:
            car = Present(waiting.pop())
            everyone.append(car)
            garage.here.append(car)
        if garage.here:
            garage.pass_minute(now_s, load_a)
    return everyone + [Present(session) for session in waiting], garage.over_a


class _SharedFuse:
    """The cars behind a fuse, and the engine that shares it."""

    def __init__(self, policy: Policy, circuit: Circuit, *, chargers: int) -> None:
        """Begin without cars."""
        self.here: list[Present] = []
        self.over_a = 0.0  # the most that the fuse was above its limit
        self._policy = policy
        self._circuit = circuit
        self._chargers = chargers
        self._offers: dict[str, tuple[float, datetime]] = {}
        self._memory = Memory()
        self._same_s = 0  # since when no offer has changed

    def pass_minute(self, now_s: int, load_a: PerPhase) -> None:
        """Let a minute pass beside a load."""
        elapsed_s = 0
        while elapsed_s < MINUTE_S:
            now = START + timedelta(seconds=now_s + elapsed_s)
            for car in self.here:
                if not car.wants_wh:
                    car.take(0.0, 0.0)  # and its charger and the meter show that
            offered_a = self._decide(self._snapshot(now, load_a))
            # Where nothing has changed for so long, nothing will until the next minute.
            settled = self._same_s >= SETTLED_S
            step_s = MINUTE_S - elapsed_s if settled else TICK_S
            self._same_s += step_s
            for car in self.here:
                wanted_a = offered_a[car.session.id] if car.wants_wh else 0.0
                car.take(min(wanted_a, car.session.max_a), step_s)
            elapsed_s += step_s

    def _snapshot(self, now: datetime, load_a: PerPhase) -> Snapshot:
        drawn_a = sum(car.current_a for car in self.here)
        measured = tuple(a + drawn_a for a in load_a)
        above = zip(measured, self._circuit.limit_a, strict=True)
        self.over_a = max(self.over_a, *(a - most_a for a, most_a in above))
        return Snapshot(
            now=now,
            site=SITE,
            circuits=(self._circuit,),
            meters=(("main", MeterReading(at=now, current_a=measured)),),
            connectors=(
                *(_connector(car, self._offers, now) for car in self.here),
                *_empty(self._chargers - len(self.here), self._circuit),
            ),
            policy=self._policy,
        )

    def _decide(self, snapshot: Snapshot) -> dict[str, float]:
        """Return what each connector is offered, in amperes."""
        decision, self._memory = decide(snapshot, self._memory)
        offered_a = {one.id: one.offer_a for one in decision.connectors}
        for name, offer_a in offered_a.items():
            if self._offers.get(name, (0.0,))[0] != offer_a:
                self._offers[name] = (offer_a, snapshot.now)
                self._same_s = 0
        return offered_a


def _empty(count: int, circuit: Circuit) -> list[Connector]:
    """Return the chargers without a car; of many only as many as could take all that the fuse carries: more change nothing."""
    enough = math.ceil(max(circuit.limit_a) / MOST_A)
    return [
        Connector(
            id=f"empty {number}",
            circuit="main",
            phases=(0, 1, 2),
            max_a=MOST_A,
            mode=Mode.FAST,
        )
        for number in range(min(count, enough))
    ]


def _connector(
    car: Present, offers: dict[str, tuple[float, datetime]], now: datetime
) -> Connector:
    session = car.session
    offer_a, offered_at = offers.get(session.id, (0.0, None))
    return Connector(
        id=session.id,
        circuit="main",
        phases=(0, 1, 2),
        max_a=session.max_a,
        mode=Mode.FAST,
        status=_status(car, offer_a),
        offer_a=offer_a,
        offer_until=now + timedelta(seconds=600),
        offered_at=offered_at,
        draw_a=(car.current_a,) * 3,
        draw_at=now,
        connected_at=START + timedelta(seconds=session.arrives_s),
        departure=START + timedelta(seconds=session.leaves_s),
        energy_needed_wh=car.wants_wh,
    )


def _status(car: Present, offer_a: float) -> ConnectorStatus:
    if car.current_a > 0:
        return ConnectorStatus.CHARGING
    if offer_a >= 6 and not car.wants_wh:
        return ConnectorStatus.SUSPENDED_EV
    return ConnectorStatus.SUSPENDED_EVSE
