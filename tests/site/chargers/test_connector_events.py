"""What happens at a connector, from tick to tick: once each, and nothing that was so before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.central_system.station_state import (
    ConnectorState,
    MeterSample,
    StationState,
)
from custom_components.sunfuse.drivers.demand import Demand
from custom_components.sunfuse.engine.model import (
    ConnectorDecision,
    ConnectorStatus,
    Mode,
    Reason,
    ReasonKey,
)
from custom_components.sunfuse.planner import (
    CarIntention,
    CarSlot,
    PlanKey,
    Shortfall,
    SlotAdvice,
    Why,
)
from custom_components.sunfuse.site.cars.readiness import (
    Readiness,
    missing_wh,
    readiness_of,
)
from custom_components.sunfuse.site.chargers.connector_events import ConnectorEvents
from custom_components.sunfuse.site.outcome import ConnectorData, ConnectorKey
from custom_components.sunfuse.site.settings import ConnectorSettings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FREE = Reason(key=ReasonKey.FULL_POWER)
FUSE = Reason(
    key=ReasonKey.LIMITED_BY_CIRCUIT, values=(("circuit", "Home"), ("phase", "L1"))
)


class Watch:
    """A connector and what was said of it."""

    def __init__(self, status: ConnectorStatus | None) -> None:
        """Begin with this status."""
        self.state = ConnectorState(id=1, status=status, offer_a=16.0)
        self.reason = FREE
        self.at = NOON
        self.events = ConnectorEvents(self.data())

    def data(self) -> ConnectorData:
        """Return what a tick shows."""
        return ConnectorData(
            key=ConnectorKey(identity="CP1", connector=1),
            station=StationState(identity="CP1", accepted=True, connected=True),
            connector=self.state,
            decision=ConnectorDecision(
                id="CP1/1", offer_a=10.0, phases=3, reason=self.reason
            ),
            settings=ConnectorSettings(mode=Mode.FAST),
        )

    def tick(self, seconds: float = 5, **changes: Any) -> list[str]:
        """Let time pass and something change; return what is said."""
        return [event.value for event, _ in self.told(seconds, **changes)]

    def told(self, seconds: float = 5, **changes: Any) -> list[tuple[Any, Any]]:
        """Return what is said, with its attributes."""
        self.reason = changes.pop("reason", self.reason)
        self.state = replace(self.state, **changes)
        self.at += timedelta(seconds=seconds)
        now = self.data()
        return list(self.events.see(now, self.at))


def test_a_fault() -> None:
    """Once, with what the charger calls it; and again once it was gone."""
    watch = Watch(ConnectorStatus.CHARGING)
    faulted: dict[str, Any] = {
        "status": ConnectorStatus.FAULTED,
        "error_code": "GroundFailure",
    }
    assert watch.told(**faulted) == [("fault", {"error": "GroundFailure"})]
    assert watch.tick() == []
    assert watch.tick(status=ConnectorStatus.AVAILABLE) == []
    assert watch.tick(**faulted) == ["fault"]


def test_what_was_so_before_is_no_event() -> None:
    """Neither a fault nor a full car: Home Assistant has merely started."""
    watch = Watch(None)
    assert watch.tick(status=ConnectorStatus.FAULTED) == []
    full = Watch(ConnectorStatus.SUSPENDED_EV)
    full.state = replace(full.state, session_energy_wh=9000.0)
    full.events = ConnectorEvents(full.data())
    assert full.tick(600) == []


def draw(amperes: float) -> MeterSample:
    """Return what a charger reports of its car."""
    return MeterSample(current_a=(amperes, 0.0, 0.0), power_w=amperes * 230)


@pytest.mark.parametrize(
    "stops",
    [
        # The charger says that the car takes nothing, or merely measures it.
        {"status": ConnectorStatus.SUSPENDED_EV},
        {"meter": draw(0.0)},
    ],
)
def test_full_once(stops: dict[str, Any]) -> None:
    """A car that has charged and takes no more for two minutes is full; heating in the morning changes nothing."""
    watch = Watch(ConnectorStatus.CHARGING)
    watch.tick(meter=draw(10.0), session_energy_wh=5000.0)
    assert watch.tick(119, **stops) == []
    assert watch.tick(119) == []
    assert watch.tick(1) == ["full"]
    charging: dict[str, Any] = {"status": ConnectorStatus.CHARGING, "meter": draw(10.0)}
    assert watch.tick(3600, **charging) == []
    assert watch.tick(3600, **stops) + watch.tick(3600) == []
    assert watch.tick(status=ConnectorStatus.AVAILABLE) == []
    assert watch.tick(**charging) == []
    assert watch.tick(5, **stops) + watch.tick(120) == ["full"]


@pytest.mark.parametrize(
    "changes",
    [
        {"session_energy_wh": 20.0},  # its own timer makes it wait
        {"paused": True},  # we stopped it
        {"offer_a": 0.0},  # nothing is offered
        {"meter": draw(6.0)},
        {"meter": MeterSample()},  # nobody measures
    ],
)
def test_not_full(changes: dict[str, Any]) -> None:
    """A car that waits, or is made to, is not full."""
    watch = Watch(ConnectorStatus.CHARGING)
    usual: dict[str, Any] = {"session_energy_wh": 5000.0, "meter": draw(0.0)}
    watch.tick(**(usual | changes))
    assert watch.tick(600) + watch.tick(600) == []


def test_full_by_its_own_word() -> None:
    """A car that was plugged in with a full battery says so itself."""
    watch = Watch(ConnectorStatus.PREPARING)
    watch.tick(status=ConnectorStatus.SUSPENDED_EV, meter=MeterSample(soc=100.0))
    assert watch.tick(120) == ["full"]


def test_limited_once_until_it_has_been_free() -> None:
    """A limit that lasts a minute, once; a kettle is none, nor is the same limit a moment later. Another one is."""
    watch = Watch(ConnectorStatus.CHARGING)
    assert watch.tick(reason=FUSE) + watch.tick(30) == []
    assert watch.tick(reason=FREE) + watch.tick(reason=FUSE) == []
    # What it has on the way to less, or to more again, says nothing.
    assert watch.tick(55, reason=Reason(key=ReasonKey.RAMPING)) == []
    assert watch.told(5, reason=FUSE) == [
        (
            "limited",
            {"limited_by": "circuit", "circuit": "Home", "offered_current": 10.0},
        )
    ]
    assert watch.tick(300) == []
    assert watch.tick(reason=FREE) + watch.tick(300) == []
    assert watch.tick(reason=FUSE) + watch.tick(300) == []
    dimmed = Reason(key=ReasonKey.LIMITED_BY_DIMMING)
    watch.tick(reason=dimmed)
    ((_, attributes),) = watch.told(60)
    assert attributes["limited_by"] == "dimming"
    assert watch.tick(reason=FREE) + watch.tick(600) == []
    assert watch.tick(reason=FUSE) + watch.tick(60) == ["limited"]


def test_waiting_for_the_sun_is_no_limit() -> None:
    """What a mode or a plan waits for is a choice."""
    watch = Watch(ConnectorStatus.CHARGING)
    for key in (ReasonKey.LIMITED_BY_SUN, ReasonKey.WAITING_FOR_PRICE):
        assert watch.tick(reason=Reason(key=key)) + watch.tick(600) == []


SEVEN = NOON + timedelta(hours=19)
WANTS = Demand(departure=SEVEN, energy_wh=9000.0)
CHEAPER = Why(key=PlanKey.WAITS_FOR_PRICE)
AIMS = CarIntention(id="CP1/1", slots=(), why=CHEAPER, departure=SEVEN)
WAS_AWAY = replace(AIMS, why=Why(key=PlanKey.AWAY))
WAITS = ReasonKey.WAITING_FOR_PRICE


def follows_sun(until_evening_wh: float) -> CarIntention:
    """Return what the sun is forecast to give a car that nothing is planned for."""
    slot = CarSlot(
        start=NOON,
        end=NOON + timedelta(hours=8),
        power_w=0.0,
        sun_w=0.0,
        energy_wh=until_evening_wh,
        advice=SlotAdvice(at_least_w=0.0, at_most_w=0.0, why=CHEAPER),
    )
    later = replace(slot, start=SEVEN, end=SEVEN + timedelta(hours=8), energy_wh=5e4)
    return replace(AIMS, departure=None, slots=(slot, later))


NEXT_WEEK = replace(WANTS, departure=SEVEN + timedelta(days=5), energy_wh=6e4)
NEXT_HOURS = replace(follows_sun(5000.0), slots=follows_sun(5000.0).slots[:1])


@pytest.mark.parametrize(
    ("demand", "car", "reason", "missed", "expected"),
    [
        (Demand(), AIMS, WAITS, False, None),
        (replace(WANTS, departure=NOON), AIMS, WAITS, False, None),
        (WANTS, None, WAITS, False, None),
        (WANTS, AIMS, WAITS, False, Readiness.ON_TRACK),
        (WANTS, AIMS, WAITS, True, Readiness.WILL_MISS),
        # The plan was made before the car came.
        (WANTS, WAS_AWAY, WAITS, True, None),
        (WANTS, AIMS, ReasonKey.CAR_FINISHED, True, Readiness.READY),
        # What needs nothing has no plan.
        (replace(WANTS, energy_wh=20.0), None, WAITS, False, Readiness.READY),
        # Nobody knows how much it needs: it is ready when it takes no more.
        (replace(WANTS, energy_wh=None), AIMS, WAITS, False, Readiness.ON_TRACK),
        # A mode that only follows the sun promises nothing: the forecast says.
        (WANTS, follows_sun(9000.0), WAITS, False, Readiness.ON_TRACK),
        (WANTS, follows_sun(5000.0), WAITS, False, Readiness.WILL_MISS),
        (replace(WANTS, energy_wh=None), follows_sun(5000.0), WAITS, False, None),
        # Nobody knows the sun of next week, nor that of tomorrow from a plan of which a restart left the next hours.
        (NEXT_WEEK, follows_sun(5000.0), WAITS, False, None),
        (WANTS, NEXT_HOURS, WAITS, False, None),
    ],
)
def test_readiness(
    demand: Demand,
    car: CarIntention | None,
    reason: ReasonKey,
    missed: bool,
    expected: Readiness | None,
) -> None:
    """A car is ready, will be, or will not be; without a departure there is nothing to be ready for."""
    mode = Mode.SOLAR if car and car.slots else Mode.ECO
    found = readiness_of(demand, car, reason, mode=mode, missed=missed, now=NOON)
    assert found is expected


def test_a_plan_from_before_the_departure_was_said_says_nothing_of_it() -> None:
    """In a mode that plans departures there is a new plan in seconds: nobody is alarmed until then."""
    found = readiness_of(
        WANTS, follows_sun(0.0), WAITS, mode=Mode.ECO, missed=False, now=NOON
    )
    assert found is None


def test_what_is_missing_is_said_in_every_mode() -> None:
    """Also where only the sun is followed, and the planner promises nothing; a hundred watt-hours are nothing."""
    assert missing_wh(WANTS, follows_sun(5000.0)) == 4000.0
    assert missing_wh(WANTS, follows_sun(8950.0)) == 0.0
    assert missing_wh(replace(WANTS, energy_wh=None), follows_sun(0.0)) == 0.0
    assert missing_wh(WANTS, NEXT_HOURS) == 0.0
    short = Shortfall(at=SEVEN, wanted_wh=9000.0, reaches_wh=2000.0)
    assert missing_wh(WANTS, replace(AIMS, shortfalls=(short,))) == 7000.0
