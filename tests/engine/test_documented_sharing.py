"""The sites that docs/sharing.md shows share as it says. The numbers are calculated by hand: 25 A less 1 A of margin, less the house."""

import pytest

from benchmarks.sharing.examples import evening, examples


@pytest.mark.parametrize(
    ("name", "currents_a"),
    [
        ("two cars", [8, 8]),  # (24 - 8) / 2 on L1, the fullest phase
        ("oven", [6.5, 6.5]),  # (24 - 11) / 2
        ("scarce", [7, 7, 0]),  # 14 A is less than three times 6 A: (24 - 10) / 2
        ("rotated", [16, 20, 18]),  # 24 less 8, 4 and 6: each car has its own phase
        ("not rotated", [8, 8, 0]),  # all on L1: 16 A is less than three times 6 A
        ("mixed", [8, 8]),
        ("garage", [8, 8]),  # (20 - 1 - 3) / 2, although the main fuse has more
    ],
)
def test_what_the_page_shows(name: str, currents_a: list[float]) -> None:
    """Each car draws what the page says."""
    plant = examples()[name].settle()
    assert [car.current_a for car in plant.cars] == pytest.approx(currents_a)


def test_the_evening_of_the_page() -> None:
    """The step of the oven, 10 A, is above the fuse until meter, charger and cars have followed; nothing else is."""
    measures = evening().run(3600)
    assert measures.worst_a == pytest.approx(24 + 10 - 25)
    assert measures.over_s == measures.longest_over_s <= 8
