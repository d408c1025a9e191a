"""What a car would take without control: by its own phases and current, not by the charger's."""

import pytest

from custom_components.sunfuse.sessions.full_power import SeenDraw, full_power_w


def seen(*stretches: tuple[tuple[float, ...], float, float]) -> SeenDraw:
    """Return what was seen in stretches of currents, an offer, and seconds."""
    draw = SeenDraw()
    for currents, offer_a, seconds in stretches:
        draw = draw.seen(currents, offer_a, seconds)
    return draw


ONE, THREE = (16.0, 0.1, 0.0), (16.0, 16.1, 15.9)
SUNNY = (6.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("draw", "more", "power_w"),
    [
        # Nothing was seen: the wiring, or what is known of the car.
        (SeenDraw(), {}, 11_040),
        (SeenDraw(), {"car_phases": 1}, 3680),
        (seen((ONE, 16, 600)), {}, 3680),
        (seen((THREE, 16, 600)), {}, 11_040),
        # It begins on one phase.
        (seen((ONE, 16, 20), (THREE, 16, 600)), {}, 11_040),
        # One phase on a charger that switches says nothing of the car; two say something.
        (seen((SUNNY, 6, 600)), {"switches_phases": True}, 11_040),
        (seen(((16, 16, 0), 16, 60)), {"switches_phases": True}, 7360),
        # On the sun it took what it was offered: it could have had 16 A.
        (seen(((6, 6, 6), 6, 9000)), {}, 11_040),
        # Offered 32 A, it takes 16: that is all it can, whatever it was offered at other times.
        (seen((THREE, 32, 600), ((6, 6, 6), 6, 900)), {"max_a": 32}, 16.1 * 690),
        # A reading that is a minute old, and a car that is nearly full, show no limit.
        (seen(((6, 6, 6), 16, 60), (THREE, 16, 60)), {}, 11_040),
        (seen((THREE, 16, 900), ((3, 3, 3), 16, 900)), {}, 11_040),
        # The charger reports a power, or one current.
        (seen(((16.0,), 16, 600)), {}, 11_040),
    ],
)
def test_full_power(draw: SeenDraw, more: dict[str, float], power_w: float) -> None:
    """At a charger of three phases and 16 A."""
    values = {"max_a": 16.0, **more}
    found = full_power_w(draw, wired=3, voltage_v=230.0, **values)  # type: ignore[arg-type]
    assert found == pytest.approx(power_w)
