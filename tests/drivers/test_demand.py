"""What a session asks for, from all who have a say; expected values are reckoned by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.drivers.charge_count import (
    ChargeMark,
    counted_soc,
    followed,
    left_with,
)
from custom_components.sunfuse.drivers.demand import (
    CarFacts,
    CarRequest,
    ChargeSource,
    Demand,
    Guess,
    Promise,
    SessionFacts,
    demand_of,
    due_a,
)
from custom_components.sunfuse.drivers.timetable import Said
from custom_components.sunfuse.drivers.wishes import (
    ChargingStrategy,
    OnceDeparture,
    Target,
    TargetKind,
    WeeklyDeparture,
    Wishes,
)

NOW = datetime(2026, 11, 2, 20, 0, tzinfo=ZoneInfo("Europe/Berlin"))
SEVEN = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)  # 07:00 in Berlin
NOTHING = Wishes()
# 50 kWh of which 40 % are there.
CAR = CarFacts(capacity_wh=50_000, charge_efficiency=0.9)
AT_40 = SessionFacts(car=CAR, soc=40)
UNKNOWN = SessionFacts(car=CarFacts(charge_efficiency=0.9))
WEEKLY = Wishes(weekly=(WeeklyDeparture(weekday=1),))


def soc(percent: float) -> Wishes:
    """Return a target as state of charge."""
    return Wishes(target_kind=TargetKind.SOC, target_soc=percent)


def energy(wh: float) -> Wishes:
    """Return a target as energy of the session."""
    return Wishes(target_kind=TargetKind.ENERGY, target_energy_wh=wh)


@pytest.mark.parametrize(
    ("facts", "vehicle", "charger", "expected_wh"),
    [
        (UNKNOWN, NOTHING, NOTHING, None),
        (AT_40, NOTHING, NOTHING, 20_000),  # to the usual 80 %
        (AT_40, soc(90), NOTHING, 25_000),
        (AT_40, soc(30), NOTHING, 0),  # a target below what is there
        (UNKNOWN, soc(90), energy(10_000), 9_000),  # where it cannot be known: the next
        (AT_40, energy(20_000), NOTHING, 18_000),  # metered: 90 % arrive
        (
            SessionFacts(car=CarFacts(charge_efficiency=0.9), charged_wh=15_000),
            NOTHING,
            energy(20_000),
            4_500,
        ),
        # 100 km at 200 Wh are 20 kWh, which is 40 %: it is there.
        (
            SessionFacts(car=CarFacts(capacity_wh=50_000, wh_per_km=200), soc=40),
            Wishes(target_kind=TargetKind.RANGE, target_range_km=150),
            NOTHING,
            10_000,
        ),
        # More than the battery holds.
        (AT_40, energy(90_000), NOTHING, 30_000),
        # Where the car itself stops at 60 %, no more goes in.
        (
            SessionFacts(car=CarFacts(capacity_wh=50_000, limit_soc=60), soc=40),
            soc(90),
            NOTHING,
            10_000,
        ),
    ],
)
def test_energy(
    facts: SessionFacts, vehicle: Wishes, charger: Wishes, expected_wh: float | None
) -> None:
    """What must still go into the battery."""
    assert demand_of(facts, vehicle, charger, NOW).energy_wh == (
        None if expected_wh is None else pytest.approx(expected_wh)
    )


CAR_SAYS = CarRequest(departure=SEVEN + timedelta(hours=2), energy_wh=8_000)
HABIT = Guess(departure=SEVEN - timedelta(hours=1), energy_wh=11_000)


@pytest.mark.parametrize(
    ("facts", "vehicle", "said", "at", "energy_wh", "guessed"),
    [
        (SessionFacts(guess=HABIT), NOTHING, Said.HABIT, HABIT.departure, 9_900, True),
        (
            SessionFacts(guess=HABIT, request=CAR_SAYS),
            NOTHING,
            Said.CAR,
            CAR_SAYS.departure,
            7_200,
            False,
        ),
        (
            SessionFacts(guess=HABIT, request=CAR_SAYS),
            WEEKLY,
            Said.WEEKLY,
            SEVEN,
            7_200,
            False,
        ),
        # A departure that the car said and that has passed is none.
        (
            SessionFacts(request=CarRequest(departure=SEVEN - timedelta(days=1))),
            NOTHING,
            None,
            None,
            None,
            False,
        ),
        # Who skips the night is not expected to leave by habit either.
        (
            SessionFacts(guess=HABIT),
            Wishes(skipped_until=SEVEN),
            None,
            None,
            9_900,
            True,
        ),
    ],
)
def test_a_drivers_word_before_the_cars_before_a_guess(
    facts: SessionFacts,
    vehicle: Wishes,
    said: Said | None,
    at: datetime | None,
    energy_wh: float | None,
    guessed: bool,
) -> None:
    """Each answers only what nobody before it did."""
    demand = demand_of(facts, vehicle, NOTHING, NOW)
    assert (demand.said, demand.departure, demand.guessed) == (said, at, guessed)
    assert demand.energy_wh == (None if energy_wh is None else pytest.approx(energy_wh))


@pytest.mark.parametrize(
    ("late_min", "soc_now", "since_h", "wishes", "day"),
    [
        # Ten minutes late with 60 % of the usual 80 %: still the departure of today.
        (10, 60.0, 10, WEEKLY, 3),
        # It has what it needs, came after seven, or nobody seems to leave: the next one counts, a week ahead.
        (10, 80.0, 10, WEEKLY, 10),
        (10, 60.0, 0.1, WEEKLY, 10),
        (121, 60.0, 20, WEEKLY, 10),
        # Its driver has said another time since, or skips it.
        (
            10,
            60.0,
            10,
            replace(
                WEEKLY,
                once=(OnceDeparture(at=SEVEN + timedelta(days=1), of_session=True),),
            ),
            4,
        ),
        (10, 60.0, 10, replace(WEEKLY, skipped_until=SEVEN), 10),
    ],
)
def test_a_departure_that_passed_unmet_counts_on(
    late_min: float, soc_now: float, since_h: float, wishes: Wishes, day: int
) -> None:
    """A car that is still there charges on for the departure that it missed, not for the one of next week."""
    now = (SEVEN + timedelta(minutes=late_min)).astimezone(NOW.tzinfo)
    facts = replace(AT_40, soc=soc_now, since=now - timedelta(hours=since_h))
    found = demand_of(facts, wishes, NOTHING, now)
    assert found.departure == SEVEN.replace(day=day)


def test_a_reservation_promises_energy() -> None:
    """It comes before a weekly departure, and after a driver's word for this day."""
    promise = Promise(departure=SEVEN + timedelta(hours=1), energy_wh=10_000)
    facts = SessionFacts(car=CAR, promise=promise)
    demand = demand_of(facts, WEEKLY, NOTHING, NOW)
    assert (demand.departure, demand.promised) == (promise.departure, True)
    assert demand.energy_wh == pytest.approx(9_000)
    earlier = Wishes(once=(OnceDeparture(at=SEVEN),))
    demand = demand_of(facts, earlier, NOTHING, NOW)
    assert (demand.departure, demand.promised) == (SEVEN, False)


def test_a_departure_brings_its_own_target() -> None:
    """Today's target counts for that departure alone."""
    target = Target(kind=TargetKind.SOC, value=100)
    once = Wishes(once=(OnceDeparture(at=SEVEN, target=target),))
    demand = demand_of(AT_40, soc(80), once, NOW)
    assert demand.energy_wh == pytest.approx(30_000)
    assert demand.target_soc == 100


def test_minimum_pause_and_limits() -> None:
    """What is wanted at once, and what ends or pauses a session."""
    vehicle = Wishes(minimum_soc=50, strategy=ChargingStrategy.LATE, price_limit=0.1)
    charger = Wishes(paused_until=SEVEN, limit_energy_wh=10_000, price_limit=0.2)
    demand = demand_of(AT_40, vehicle, charger, NOW)
    assert demand.minimum_wh == pytest.approx(5_000)
    assert demand.strategy is ChargingStrategy.LATE
    assert demand.price_limit == 0.1
    assert demand.paused_until == SEVEN
    assert not demand.limit_reached
    # 10 kWh that the charger meters are 9 in the battery; the lowest limit counts.
    assert demand.limit_wh == pytest.approx(9_000)
    both = demand_of(AT_40, Wishes(limit_soc=50), charger, NOW)
    assert both.limit_wh == pytest.approx(5_000)
    assert demand_of(AT_40, NOTHING, NOTHING, NOW).limit_wh is None
    charged = SessionFacts(car=CAR, soc=40, charged_wh=10_000)
    assert demand_of(charged, vehicle, charger, NOW).limit_wh == 0
    assert demand_of(charged, vehicle, charger, NOW).limit_reached
    assert demand_of(AT_40, Wishes(limit_soc=40), NOTHING, NOW).limit_reached
    assert demand_of(AT_40, NOTHING, charger, SEVEN).paused_until is None


@pytest.mark.parametrize(
    ("register_wh", "expected"),
    [(None, 40), (1_000, 40), (11_000, 58), (900, 40), (101_000, 100)],
)
def test_a_state_of_charge_is_counted_on(
    register_wh: float | None, expected: float
) -> None:
    """10 kWh metered are 9 kWh of 50 kWh: 18 %; no more than full, and never less."""
    mark = ChargeMark(
        soc=40, at=NOW, source=ChargeSource.TYPED, connector="A", register_wh=1_000
    )
    assert counted_soc(mark, register_wh, 50_000, 0.9) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hours", "wh", "expected_a"),
    [
        # 9 kWh metered in two hours, a tenth to spare, at 690 V: 7.2 A.
        (2, 8_100, 7.17),
        # Where less than the minimum would do on average, it waits,
        (10, 8_100, 0),
        # and where more is needed than there is, it gets all.
        (0.5, 8_100, 16),
        (-1, 8_100, 16),
        (2, 0, 0),
    ],
)
def test_what_a_promise_needs_now(hours: float, wh: float, expected_a: float) -> None:
    """As late as it can be kept, evenly."""
    demand = Demand(
        departure=NOW + timedelta(hours=hours),
        energy_wh=wh,
        promised=True,
        charge_efficiency=0.9,
    )
    needed_a = due_a(demand, NOW, volts=690, min_a=6, max_a=16, offer_a=None)
    assert needed_a == pytest.approx(expected_a, abs=0.01)
    guessed = replace(demand, guessed=True)
    assert not due_a(guessed, NOW, volts=690, min_a=6, max_a=16, offer_a=None)


@pytest.mark.parametrize("needs_wh", [2_000.0, 8_000.0, 10_500.0, 20_000.0])
def test_who_charges_for_a_promise_starts_once(needs_wh: float) -> None:
    """Three hours, 6 to 16 A at 690 V, which the battery stores without a loss: what is in reserve makes it stop and start for nothing."""
    leaves, now, missing_wh = NOW + timedelta(hours=3), NOW, needs_wh
    offer_a, starts = 0.0, 0
    while now < leaves:
        demand = Demand(
            departure=leaves,
            energy_wh=missing_wh,
            charge_efficiency=1.0,
            promised=True,
        )
        next_a = due_a(demand, now, volts=690, min_a=6, max_a=16, offer_a=offer_a)
        starts += next_a > 0 and offer_a == 0
        offer_a = next_a
        missing_wh = max(missing_wh - offer_a * 690 / 60, 0.0)
        now += timedelta(minutes=1)
    assert missing_wh == 0
    assert starts == 1


def test_who_charges_although_it_could_wait_goes_on_without_a_promise() -> None:
    """2 kWh in five hours: sun that it takes meanwhile is no reason to take the rest from the grid."""
    demand = Demand(
        departure=NOW + timedelta(hours=5),
        energy_wh=2_000.0,
        charge_efficiency=1.0,
        promised=True,
    )
    assert due_a(demand, NOW, volts=690, min_a=6, max_a=16, offer_a=8.0) == 0


SLEEPS = ChargeMark(
    soc=40, at=NOW, source=ChargeSource.ENTITY, connector="A", register_wh=500
)
TYPED = ChargeMark(soc=60, at=NOW, source=ChargeSource.TYPED)


@pytest.mark.parametrize(
    ("mark", "said", "where", "hours", "expected"),
    [
        (None, None, "A", 0, None),
        (None, 40, None, 0, (40, None, None)),
        # A car that repeats itself sleeps: what it was given is counted on.
        (SLEEPS, 40, "A", 1, (40, "A", 500)),
        (SLEEPS, 47, "A", 1, (47, "A", 900)),
        (SLEEPS, None, None, 1, (40, None, None)),
        # What is typed counts from the moment that the car is there, unless it has driven since.
        (TYPED, 40, "A", 1, (60, "A", 900)),
        (TYPED, None, "A", 13, None),
        # Moved to another connector, it has what it was given at the first one; driven, it has what it says.
        (left_with(TYPED, 70, NOW), 40, "B", 0.4, (70, "B", 900)),
        (left_with(TYPED, 70, NOW), None, "B", 0.6, None),
        (
            left_with(TYPED, 70, NOW + timedelta(hours=13)),
            None,
            "B",
            13.2,
            (70, "B", 900),
        ),
        (left_with(SLEEPS, 70, NOW), 40, "B", 0.4, (70, "B", 900)),
        (left_with(SLEEPS, 70, NOW), 40, "B", 0.6, (40, "B", 900)),
        (left_with(SLEEPS, 70, NOW), 72, "B", 0.4, (72, "B", 900)),
    ],
)
def test_what_is_known_of_a_cars_charge(
    mark: ChargeMark | None,
    said: float | None,
    where: str | None,
    hours: float,
    expected: tuple[float, str | None, float | None] | None,
) -> None:
    """A change counts, and where the meter stood then."""
    now = NOW + timedelta(hours=hours)
    found = followed(
        mark,
        said=said,
        said_at=now,
        where=where,
        register_wh=900 if where else None,
        now=now,
    )
    assert (found and (found.soc, found.connector, found.register_wh)) == expected


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"weekly_on": False}, None),
        ({"weekly_paused_until": SEVEN + timedelta(days=7)}, None),
        # Of the day of coming back on, habits count again.
        ({"weekly_paused_until": SEVEN - timedelta(hours=7)}, HABIT.departure),
    ],
)
def test_on_a_holiday_nobody_leaves_as_usual(
    changes: dict[str, object], at: datetime | None
) -> None:
    """Whoever pauses the departures of the week does not mean that habits take their place; what the car itself says counts."""
    paused = Wishes(**changes)  # type: ignore[arg-type]
    for wishes in ((paused, NOTHING), (NOTHING, paused)):
        assert demand_of(SessionFacts(guess=HABIT), *wishes, NOW).departure == at
        facts = SessionFacts(guess=HABIT, request=CAR_SAYS)
        assert demand_of(facts, *wishes, NOW).departure == CAR_SAYS.departure


def test_what_is_missing_to_a_target_is_known_unless_it_is_a_guess() -> None:
    """A car at 85 % is above the usual target of 80; what a guest took on other days is no target."""
    leaf = SessionFacts(car=CarFacts(capacity_wh=40_000), soc=85.0)
    guest = SessionFacts(guess=Guess(energy_wh=12_000))
    of_leaf = demand_of(leaf, Wishes(), Wishes(), NOW)
    of_guest = demand_of(guest, Wishes(), Wishes(), NOW)
    assert of_leaf.target_wh == 0
    assert of_guest.energy_wh == pytest.approx(10_800)
    assert of_guest.target_wh is None
