"""What a car has drawn since its last report, by its offers: what the sun leaves depends on it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine.cars.following import drawn_w, learn_following
from custom_components.sunfuse.engine.memory import ConnectorMemory, Draw, Offered
from custom_components.sunfuse.engine.model import Connector, ConnectorStatus, Mode

from .common import NOW, car, site
from .plant import Car, Plant, charger, main, steady


def drew(level_a: float, ago_s: float) -> Draw:
    """Return a draw on three phases."""
    return Draw(at=NOW - timedelta(seconds=ago_s), current_a=(level_a,) * 3)


def told(current_a: float, ago_s: float, took_s: float = 2) -> Offered:
    """Return an offer that was confirmed soon after."""
    at = NOW - timedelta(seconds=ago_s)
    return Offered(
        at=at, current_a=current_a, confirmed_at=at + timedelta(seconds=took_s)
    )


CHARGING = car("a", mode=Mode.SOLAR, offer_a=10.0)


@pytest.mark.parametrize(
    ("connector", "past", "least_a", "most_a"),
    [
        # Settled: what it reported.
        (CHARGING, {"draws": (drew(9.8, 8),), "offers": (told(10, 60),)}, 9.8, 9.8),
        # Raised 3 s ago, confirmed 1 s ago: it has begun at most, or has followed already.
        (
            CHARGING,
            {"draws": (drew(5.88, 8),), "offers": (told(6, 60), told(10, 3))},
            6.88,
            9.8,
        ),
        # Lowered 3 s ago: it has followed, or has begun to.
        (
            CHARGING,
            {"draws": (drew(15.68, 8),), "offers": (told(16, 60), told(6, 3))},
            5.88,
            11.68,
        ),
        # Nobody knows when a car begins.
        (
            CHARGING,
            {"draws": (drew(0, 8),), "offers": (told(0, 60), told(6, 30))},
            0,
            5.88,
        ),
        # It does not comply with its offer: only its report counts.
        (
            CHARGING,
            {"draws": (drew(9, 8),), "offers": (told(6, 60),), "above_since": NOW},
            9,
            9,
        ),
        (replace(CHARGING, status=ConnectorStatus.AVAILABLE), {}, 0, 0),
    ],
)
def test_what_a_car_drew(
    connector: Connector, past: dict[str, object], least_a: float, most_a: float
) -> None:
    """From its report to its offer, no earlier than that was sent and no later than it was confirmed."""
    lived = ConnectorMemory(follows=0.98, **past)  # type: ignore[arg-type]  # fields of it
    drawn = drawn_w([(connector, lived)], NOW, site(connector))
    assert drawn is not None
    assert [w / 690 for w in drawn] == pytest.approx([least_a, most_a])


@pytest.mark.parametrize(
    ("connector", "draws"),
    [
        (replace(CHARGING, reachable=False), (drew(9, 8),)),
        (CHARGING, ()),
        (CHARGING, (drew(9, 90),)),
    ],
)
def test_a_car_of_which_too_little_is_known(
    connector: Connector, draws: tuple[Draw, ...]
) -> None:
    """Out of reach, without reports, or with an old one: the fuse's own bounds have to do."""
    past = ConnectorMemory(draws=draws)
    assert drawn_w([(connector, past)], NOW, site(connector)) is None


@pytest.mark.parametrize(
    ("drawn_a", "offered", "follows"),
    [
        (9.7, (told(10, 60),), 0.97),
        (12.0, (told(12, 60),), 1.0),
        (8.0, (told(10, 60),), None),  # it has a limit of its own
        (9.0, (told(8, 60), told(10, 4)), None),  # it may not have followed yet
        (4.0, (told(4, 60),), None),
        (9.7, (), None),
    ],
)
def test_which_part_of_its_offer_a_car_takes(
    drawn_a: float, offered: tuple[Offered, ...], follows: float | None
) -> None:
    """Many take 97 or 98 %: the offer allows for that, or the rest of the sun would be lost all day."""
    past = ConnectorMemory(draws=(drew(drawn_a, 0),), offers=offered)
    learn_following(CHARGING, past, NOW - timedelta(seconds=5))
    assert past.follows == (None if follows is None else pytest.approx(follows))
    past.follows = None
    learn_following(CHARGING, past, None)
    assert past.follows is None


def test_a_report_of_the_same_second_as_the_meter_may_be_ahead_of_it() -> None:
    """A car starts: what the meter shows is a second older, in which the car rose by 2 A on each phase."""
    errors_w = []

    def watch(at_s: float, plant: Plant) -> None:
        if at_s > 5:
            assert plant.memory.own_w is not None
            errors_w.append(abs(plant.memory.own_w - 5310.0))

    for report_s in (2.0, 10.0):
        Plant(
            cars=[Car(connector=charger("a", mode=Mode.SOLAR))],
            circuits=(main(limit_a=40.0),),
            loads={"main": steady(1.0, 1.0, 1.0)},
            solar_w=lambda _: 6000.0,
            report_s=report_s,
            watch=watch,
        ).run(60)
    assert max(errors_w) < 50.0
