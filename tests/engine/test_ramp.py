"""How offers rise: step by step, and none beyond a command that is still on its way."""

from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory
from custom_components.sunfuse.engine.cars.ramp import calm_a
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import Mode, PowerReading

from .common import NOW, car, decided, offers, site


@pytest.mark.parametrize(
    ("target_a", "since_s", "expected_a"),
    [
        (32.0, 2.0, 8.0),  # the last step is not over
        (32.0, 5.0, 13.0),  # 1 A/s in steps of five seconds
        (32.0, 60.0, 18.0),  # two steps at most, however long ago the last one was
        (8.3, 60.0, 8.0),  # less than half an ampere is not worth a message
        (13.4, 5.0, 13.4),  # a step does not leave what is not worth another one
        (13.5, 5.0, 13.0),
    ],
)
def test_a_rise_comes_in_steps(
    target_a: float, since_s: float, expected_a: float
) -> None:
    """A car at 8 A that may have 32 A."""
    past = ConnectorMemory(raised_at=NOW - timedelta(seconds=since_s))
    offer_a = calm_a(
        target_a,
        before_a=8.0,
        min_a=6.0,
        most_a=32.0,
        past=past,
        snapshot=site(car("a")),
    )
    assert offer_a == expected_a


@pytest.mark.parametrize(("asked_s", "expected_a"), [(5.0, 8.0), (20.0, 14.0)])
def test_a_slow_charger_on_sun_is_not_raised_before_it_has_obeyed(
    asked_s: float, expected_a: float
) -> None:
    """It confirms after 15 s, and the sun is enough for 14 A. A higher command behind one on its way makes offers swing."""
    asked_at = NOW - timedelta(seconds=asked_s)
    solar = car(
        "a",
        mode=Mode.SOLAR,
        offer_a=8.0,
        draw_a=(8.0,) * 3,
        offered_at=asked_at,
    )
    known = ConnectorMemory(
        confirms_s=15.0, asked_at=asked_at, on_since=NOW - timedelta(minutes=5)
    )
    snapshot = site(
        solar, house_a=(-14.0,) * 3, solar=PowerReading(at=NOW, power_w=12_000)
    )
    decision = decided(snapshot, Memory(connectors={"a": known}))
    assert offers(decision)["a"] == pytest.approx(expected_a)
