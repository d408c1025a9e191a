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
    chargers = len({session.charger for session in sessions})
    waiting = sorted(sessions, key=lambda s: s.arrives_s, reverse=True)
    everyone: list[Present] = []
    here: list[Present] = []
    offers: dict[str, tuple[float, datetime]] = {}
    memory = Memory()
    over_a, same_s = 0.0, 0
    for minute, load_a in enumerate(load):
        now_s = minute * MINUTE_S
        now = START + timedelta(seconds=now_s)
        here = [car for car in here if car.session.leaves_s > now_s]
        while waiting and waiting[-1].arrives_s <= now_s:
            car = Present(waiting.pop())
            everyone.append(car)
            here.append(car)
        if not here:
            continue
        elapsed_s = 0
        while elapsed_s < MINUTE_S:
            now = START + timedelta(seconds=now_s + elapsed_s)
            for car in here:
                if not car.wants_wh:
                    car.take(0.0, 0.0)  # and its charger and the meter show that
            drawn_a = sum(car.current_a for car in here)
            measured = tuple(a + drawn_a for a in load_a)
            above = zip(measured, circuit.limit_a, strict=True)
            over_a = max(over_a, *(a - most_a for a, most_a in above))
            snapshot = Snapshot(
                now=now,
                site=SITE,
                circuits=(circuit,),
                meters=(("main", MeterReading(at=now, current_a=measured)),),
                connectors=(
                    *(_connector(car, offers, now) for car in here),
                    *_empty(chargers - len(here), circuit),
                ),
                policy=policy,
            )
            decision, memory = decide(snapshot, memory)
            offered_a = {one.id: one.offer_a for one in decision.connectors}
            changed = [n for n, a in offered_a.items() if offers.get(n, (0.0,))[0] != a]
            offers |= {name: (offered_a[name], now) for name in changed}
            same_s = 0 if changed else same_s
            # Where nothing has changed for so long, nothing will until the next minute.
            step_s = TICK_S if same_s < SETTLED_S else MINUTE_S - elapsed_s
            same_s += step_s
            for car in here:
                wanted_a = offered_a[car.session.id] if car.wants_wh else 0.0
                car.take(min(wanted_a, car.session.max_a), step_s)
            elapsed_s += step_s
    return everyone + [Present(session) for session in waiting], over_a


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
