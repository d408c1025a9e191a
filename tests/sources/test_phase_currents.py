"""The sign of currents that have none."""

import pytest

from custom_components.sunfuse.sources.meters.phase_currents import (
    on_the_site,
    signed_by_phase,
    signed_by_total,
)


@pytest.mark.parametrize(
    ("currents_a", "total_a", "expected_a"),
    [
        # All of them are drawn, or all are fed in.
        ((5, 6, 7), 18, (5, 6, 7)),
        ((5, 6, 7), -18, (-5, -6, -7)),
        # The sun on L1 feeds in 10 A while the house draws on the others.
        ((10, 3, 3), -4, (-10, 3, 3)),
        # Two ways fit nearly as well: of each phase the higher counts.
        ((10, 1, 1), -8, (-10, 1, 1)),
        # Watts are less than amperes times volts where the power factor is low: still all drawn.
        ((4, 4, 4), 9, (4, 4, 4)),
        ((12,), -12, (-12,)),
        ((0, 0, 0), 0, (0, 0, 0)),
    ],
)
def test_signs_that_fit_the_total(
    currents_a: tuple[float, ...], total_a: float, expected_a: tuple[float, ...]
) -> None:
    """What cannot be distinguished counts as import."""
    assert signed_by_total(currents_a, total_a * 230, 230) == expected_a


def test_signs_of_each_phase() -> None:
    """The power of a phase knows the sign of its current."""
    assert signed_by_phase((5, 6, 7), (-1000, 900, 0)) == (-5, 6, 7)


def test_a_circuit_on_two_phases_of_the_site() -> None:
    """The phase that does not feed it carries nothing."""
    assert on_the_site((5, 6), (1, 2), 3) == (0, 5, 6)
