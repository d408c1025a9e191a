"""A charger that cannot be limited needs room for all that its car takes, and no more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine.model import ConnectorStatus, ReasonKey
from custom_components.sunfuse.engine.tuning import Policy

from .common import (
    CHARGING,
    NOW,
    car,
    decided,
    of,
    offers,
    reasons,
    settle,
    site,
    values,
)

LONG_AGO = NOW - timedelta(minutes=10)
NEW = NOW - timedelta(seconds=10)


@pytest.mark.parametrize(
    ("changes", "offer_a"),
    [
        # It draws what it draws, in the steps of its charger.
        ({"draw_a": (10.23, 10, 10)}, 10.3),
        ({"draw_a": (10.23, 10, 10), "step_a": 1.0}, 11),
        ({"draw_a": (16.3, 16, 16)}, 16),
        ({"draw_a": (2, 2, 2)}, 6),
        # One that has just begun may yet take all.
        ({"draw_a": (10, 10, 10), "connected_at": NEW}, 16),
        ({"draw_a": (10, 10, 10), "connected_at": None}, 16),
        ({"status": ConnectorStatus.PREPARING, "offer_a": 0.0}, 16),
        # All is no more than what the charger's own switch and the car allow.
        ({"draw_a": (10.4, 10, 10), "charger_limit_a": 10.0}, 10),
        (
            {
                "status": ConnectorStatus.PREPARING,
                "offer_a": 0.0,
                "car_max_a": 12.0,
            },
            12,
        ),
    ],
)
def test_what_it_needs(changes: dict[str, Any], offer_a: float) -> None:
    """What its car draws is offered, and so reserved."""
    connector = car("a", **{"unlimited_a": 16.0, "connected_at": LONG_AGO} | changes)
    decision = decided(site(connector))
    assert offers(decision)["a"] == pytest.approx(offer_a)
    assert reasons(decision)["a"] is ReasonKey.CANNOT_BE_LIMITED
    assert values(decision, "a")["max_a"] == pytest.approx(offer_a)
    assert of(decision, "a").problem is None


@pytest.mark.parametrize(
    ("draw_w", "offer_a"), [(2300.0, 10), (11040.0, 16), (None, 16)]
)
def test_what_it_needs_by_its_power(draw_w: float | None, offer_a: float) -> None:
    """A power alone may be on any one phase; where there is none either, all is reckoned with."""
    connector = car("a", unlimited_a=16.0, connected_at=LONG_AGO)
    told = replace(connector, draw_a=None, draw_w=draw_w)
    assert offers(decided(site(told)))["a"] == pytest.approx(offer_a)


def test_what_it_needs_without_a_draw() -> None:
    """A car that never reported its draw is assumed to take everything."""
    connector = car("a", unlimited_a=16.0, connected_at=LONG_AGO)
    unknown = decided(site(replace(connector, draw_a=None, draw_at=None)))
    assert offers(unknown)["a"] == 16


def test_the_others_get_what_it_leaves() -> None:
    """24 A less the 10 A that it draws leave 14 A for the other car."""
    fixed = car(
        "a",
        unlimited_a=16.0,
        connected_at=LONG_AGO,
        offer_a=16.0,
        draw_a=(10.0, 10.0, 10.0),
    )
    other = car("b", offer_a=14.0)
    assert offers(decided(site(fixed, other))) == {"a": 10, "b": pytest.approx(14)}


@pytest.mark.parametrize(
    ("changes", "house_a", "reason"),
    [
        # There is no room for all of it.
        ({}, 15.0, ReasonKey.WAITING_FOR_CAPACITY),
        # Its user, or the grid operator, wants less than is possible.
        ({"max_a": 10.0}, 0.0, ReasonKey.LIMITED_BY_CHARGER),
        ({"charger_limit_a": 0.0}, 0.0, ReasonKey.LIMITED_BY_CHARGER),
    ],
)
def test_when_it_is_stopped(
    changes: dict[str, Any], house_a: float, reason: ReasonKey
) -> None:
    """Where all is too much it gets nothing."""
    connector = car("a", unlimited_a=16.0, connected_at=LONG_AGO, **changes)
    decision = decided(site(connector, house_a=(house_a, 0, 0)))
    assert offers(decision)["a"] == 0
    assert reasons(decision)["a"] is reason


def test_it_rises_at_once() -> None:
    """There is nothing between nothing and all."""
    waiting = car("a", unlimited_a=16.0, status=CHARGING, offer_a=0.0, draw_a=(0, 0, 0))
    assert offers(decided(site(waiting)))["a"] == 16


@pytest.mark.parametrize("policy", list(Policy))
def test_no_turn_makes_room_for_more_than_the_others_have(policy: Policy) -> None:
    """It takes 16 A; another car's end would leave it the 12 A that the house leaves of 24 A."""
    waits = ConnectorStatus.SUSPENDED_EVSE
    unlimited = car("b", status=waits, offer_a=0.0, draw_a=(0.0,) * 3, unlimited_a=16.0)
    snapshot = site(
        car("a", offer_a=12.0), unlimited, house_a=(12, 3, 3), policy=policy
    )
    _, decision, _ = settle(snapshot, 30)
    assert reasons(decision)["b"] is ReasonKey.WAITING_FOR_CAPACITY
