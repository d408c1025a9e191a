"""A meter that comes and goes: the first time it is back at once, then it has to be steady for a while."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    CircuitDecision,
    CircuitState,
    MeterQuality,
    MeterReading,
)

from .common import NOW, car, offers, site
from .plant import Car, Plant, charger, main

BEGINS_S = 120

type When = Callable[[float], bool]


def gone(for_s: int, every_s: int) -> When:
    """Return when a sensor is silent: for so long, again and again."""
    return lambda at_s: at_s >= BEGINS_S and (at_s - BEGINS_S) % every_s < for_s


def never(_: float) -> bool:
    """Return when a sensor is silent that never is."""
    return False


def plant(
    when: When,
    *,
    whole: bool = False,
    limit_a: float = 40.0,
    load_a: Callable[[float], float] = lambda _: 4.0,
    tick_s: float = 5.0,
) -> Plant:
    """Return a site with two cars of which a sensor, or the whole meter, is silent at times."""
    return Plant(
        cars=[Car(connector=charger(f"car{i}")) for i in range(2)],
        circuits=(main(limit_a),),
        loads={"main": lambda at_s: (load_a(at_s), 4.0 + at_s % 7 / 20, 4.0)},
        broken=when if whole else never,
        silent=lambda at_s: (2,) if not whole and when(at_s) else (),
        tick_s=tick_s,
    )


def changes[T](rows: list[T]) -> int:
    """Return how often something changed from decision to decision."""
    return sum(before != after for before, after in pairwise(rows))


def sent(found: Plant, from_s: int) -> int:
    """Return how often the first car's offer changed from then on."""
    later = found.decisions[int(from_s / found.tick_s) :]
    return changes([one.connectors[0].offer_a for one in later])


@pytest.mark.parametrize(
    ("for_s", "every_s", "tick_s"),
    [
        (10, 20, 1.0),
        (3, 6, 1.0),
        (10, 20, 5.0),
        (3, 6, 5.0),
        (10, 35, 5.0),
        (10, 70, 5.0),
        (10, 110, 5.0),
        (60, 70, 5.0),
    ],
)
def test_offers_do_not_swing_with_a_sensor(
    for_s: int, every_s: int, tick_s: float
) -> None:
    """Every 20 s made 90 offers in a quarter of an hour. Now the cars keep their fail-safe current until it is steady."""
    found = plant(gone(for_s, every_s), tick_s=tick_s)
    found.run(1020)
    # Down, up when it is back for the first time, and down; and the same twice more before it has to be steady for longer.
    assert sent(found, BEGINS_S - 10) <= 7
    assert sent(found, BEGINS_S + 400) == 0
    assert not any(car.stops for car in found.cars)
    assert not found.measures.over_s
    rows = [(d.circuits[0].state, d.connectors[0].reason) for d in found.decisions]
    late = rows[int((BEGINS_S + 400) / tick_s) :]
    assert len({repr(row) for row in late}) == 1
    if late[0][0] is CircuitState.METER_LOST:
        assert ("sensor", "L3") in late[0][1].values
        assert ("quality", "intermittent") in late[0][1].values


def test_two_sensors_that_are_silent_by_turns() -> None:
    """Each for ten seconds while the other speaks: what is said names both, and does not change with them."""
    found = plant(never)
    found.silent = lambda at_s: (
        () if at_s < BEGINS_S else (2,) if at_s % 20 < 10 or at_s >= 600 else (1,)
    )
    found.run(740)
    rows = [(d.circuits[0].sensors, d.connectors[0].reason) for d in found.decisions]
    by_turns = rows[(BEGINS_S + 20) // 5 : 600 // 5]
    assert len({repr(row) for row in by_turns}) == 1
    assert by_turns[0][0] == ("L2", "L3")
    # One that speaks again for two minutes is named no longer.
    assert rows[-1][0] == ("L3",)


def test_a_sensor_that_was_silent_is_not_blamed_for_an_impossible_value() -> None:
    """L2 has a value again, and L1 shows more than can flow there."""
    good = MeterReading(at=NOW, current_a=(4.0, 4.0, 4.0))
    later = NOW + timedelta(seconds=20)
    silent = MeterReading(at=later, known_a=(4.0, None, 4.0), silent=("L2",))
    impossible = replace(
        good, at=later + timedelta(seconds=10), current_a=(4000.0, 4.0, 4.0)
    )
    memory, told = Memory(), []
    for reading in (good, silent, impossible):
        snapshot = replace(site(car("a")), now=reading.at, meters=(("main", reading),))
        decision, memory = decide(snapshot, memory)
        told.append((decision.circuits[0].meter, decision.circuits[0].sensors))
    assert told == [
        (MeterQuality.GOOD, ()),
        (MeterQuality.MISSING, ("L2",)),
        (MeterQuality.OUT_OF_RANGE, ()),
    ]


def test_a_whole_meter_that_comes_and_goes() -> None:
    """It says nothing for 40 of 50 s: so far older than half a minute for some seconds each time."""
    found = plant(gone(40, 50), whole=True)
    found.run(1020)
    assert sent(found, BEGINS_S - 10) <= 7
    assert sent(found, BEGINS_S + 400) == 0
    assert found.decisions[-1].circuits[0].meter is MeterQuality.INTERMITTENT


@pytest.mark.parametrize("every_s", [140, 400])
def test_a_sensor_that_is_rarely_lost(every_s: int) -> None:
    """Losing it for 10 s costs the cars 10 s: waiting would not spare them anything."""
    found = plant(gone(10, every_s), tick_s=1.0)
    found.run(BEGINS_S + 5 * every_s)
    lost = [one.circuits[0].state is CircuitState.METER_LOST for one in found.decisions]
    assert 0 < sum(lost) <= 5 * 10


def test_what_it_shows_counts_at_once() -> None:
    """The house rises to 20 of 25 A while the sensor is back, and not believed yet: the cars make room as with a good meter."""

    def load_a(at_s: float) -> float:
        return 4.0 if at_s < BEGINS_S + 94 else 20.0

    over_s = []
    for when in (gone(10, 20), never):
        found = plant(when, limit_a=25.0, load_a=load_a)
        found.run(BEGINS_S + 200)
        over_s.append(found.measures.longest_over_s)
    flaps_s, good_s = over_s
    assert 0 < flaps_s <= good_s


class Meter:
    """A meter of a house of 4 A with one car, told by the second."""

    def __init__(self) -> None:
        """Begin with a meter that is good."""
        self.memory = Memory()
        self.at_s = 0
        self.told(20)

    def told(self, for_s: int, *, silent: str | None = None) -> CircuitDecision:
        """Let seconds pass in which a sensor may be silent, and return what is said of the meter at the last one."""
        for _ in range(for_s):
            self.at_s += 1
            now = NOW + timedelta(seconds=self.at_s)
            current_a = (4.0, 4.0 + self.at_s % 2, 4.0)
            reading = MeterReading(at=now, current_a=current_a)
            if silent is not None:
                known = (4.0, 4.0 + self.at_s % 2, None)
                reading = MeterReading(at=now, known_a=known, silent=(silent,))
            snapshot = replace(site(car("a")), now=now, meters=(("main", reading),))
            decision, self.memory = decide(snapshot, self.memory)
        self.offered_a = offers(decision)["a"]
        return decision.circuits[0]

    def lost(self) -> CircuitDecision:
        """Let the sensor be silent for ten seconds."""
        return self.told(10, silent="L3")

    def back_after_s(self) -> int:
        """Return after how many seconds it is believed again."""
        for second in range(400):
            if self.told(1).meter is MeterQuality.GOOD:
                return second
        raise AssertionError


def test_longer_each_time_and_bounded() -> None:
    """At once, then after half a minute, one and two; one that was there for two minutes begins anew."""
    meter = Meter()
    waits = []
    for _ in range(5):
        meter.lost()
        waits.append(meter.back_after_s())
        meter.told(20)
    assert waits == [0, 29, 59, 119, 0]


def test_no_longer_than_two_minutes() -> None:
    """However often it was lost before."""
    meter = Meter()
    for _ in range(10):
        meter.lost()
        meter.told(10)
    assert meter.back_after_s() == 119 - 10


def test_what_is_said_of_it() -> None:
    """What it lacks the first time, then that it comes and goes, also while it is there; and what it lacks if it is gone for good."""
    meter = Meter()
    first = meter.lost()
    assert (first.meter, first.sensors) == (MeterQuality.MISSING, ("L3",))
    assert meter.told(10).state is CircuitState.OK
    for one in (meter.lost(), meter.told(10), meter.lost(), meter.told(10)):
        assert one.state is CircuitState.METER_LOST
        assert (one.meter, one.sensors) == (MeterQuality.INTERMITTENT, ("L3",))
        assert meter.offered_a == 6.0
    assert meter.told(110, silent="L3").meter is MeterQuality.INTERMITTENT
    assert meter.told(20, silent="L3").meter is MeterQuality.MISSING
