"""Which car is at which connector: one row for each way to know it, and for each way to be misled."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.drivers.recognition import (
    GUEST,
    Candidate,
    RecognisedBy as By,
    RecognisedCar,
    Sighting,
    recognise,
)

CAME = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)


def at(connector: str = "A", **changes: object) -> Sighting:
    """Return a connector to which a car came at 18:00."""
    return Sighting(**{"connector": connector, "since": CAME} | changes)  # type: ignore[arg-type]


def said(vehicle: str, minutes: float, *, plugged: bool = True) -> Candidate:
    """Return a car whose integration says that it is plugged in, since so many minutes after the car came."""
    return Candidate(
        vehicle=vehicle,
        plugged=plugged,
        plugged_at=CAME + timedelta(minutes=minutes),
    )


def rises(vehicle: str, percent: float, connector: str = "A") -> Candidate:
    """Return a car of 50 kWh whose charge rose since a car came there."""
    return Candidate(vehicle=vehicle, rises={connector: percent}, capacity_wh=50_000)


ZOE = Candidate(vehicle="zoe", tokens=frozenset({"04a2"}))
KONA = Candidate(vehicle="kona", tokens=frozenset({"detc1"}))
USUAL = Candidate(vehicle="zoe", usual="A")


@pytest.mark.parametrize(
    ("sightings", "candidates", "expected"),
    [
        pytest.param([at()], [ZOE, KONA], {}, id="a guest"),
        pytest.param(
            [at(token="04a2")], [ZOE, KONA], {"A": ("zoe", By.CARD)}, id="by card"
        ),
        pytest.param(
            [at(token="detc1", token_is_identity=True)],
            [ZOE, KONA],
            {"A": ("kona", By.IDENTITY)},
            id="by its contract",
        ),
        pytest.param([at(token="else")], [ZOE], {}, id="a stranger's card"),
        pytest.param(
            [at(chosen="kona", token="04a2")],
            [ZOE, KONA],
            {"A": ("kona", By.HAND)},
            id="who chooses knows better than the card",
        ),
        pytest.param(
            [at(chosen=GUEST, token="04a2")],
            [ZOE],
            {"A": (None, By.HAND)},
            id="a guest by hand, whatever the card",
        ),
        pytest.param(
            [at(chosen="sold")],
            [USUAL],
            {"A": ("zoe", By.USUAL)},
            id="chosen, and removed",
        ),
        pytest.param(
            [at()],
            [said("zoe", 0.5)],
            {"A": ("zoe", By.PLUG)},
            id="plugged in that minute",
        ),
        pytest.param(
            [at()],
            [said("zoe", 14)],
            {"A": ("zoe", By.PLUG)},
            id="said at the next poll",
        ),
        pytest.param([at()], [said("zoe", 40)], {}, id="plugged in elsewhere later"),
        pytest.param([at()], [said("zoe", -30)], {}, id="plugged in elsewhere before"),
        pytest.param([at()], [said("zoe", 1, plugged=False)], {}, id="unplugged"),
        pytest.param(
            [at()],
            [said("zoe", 0.2), said("kona", 0.5)],
            {},
            id="two cars at the same minute cannot be told apart",
        ),
        pytest.param(
            [at(), at("B", since=CAME + timedelta(minutes=5))],
            [said("zoe", 0.5), said("kona", 5.5)],
            {"A": ("zoe", By.PLUG), "B": ("kona", By.PLUG)},
            id="two cars, five minutes apart",
        ),
        pytest.param(
            [at(), at("B", since=CAME + timedelta(seconds=20))],
            [said("zoe", 0.5)],
            {},
            id="one car, two connectors at the same minute",
        ),
        pytest.param(
            [at(metered_wh=2000)],
            [rises("zoe", 4)],
            {"A": ("zoe", By.CHARGE)},
            id="rises",
        ),
        pytest.param(
            [at(metered_wh=200)],
            [rises("zoe", 4)],
            {},
            id="rises by more than was metered",
        ),
        pytest.param(
            [at(metered_wh=500)], [rises("zoe", 1)], {}, id="one percent is a rounding"
        ),
        pytest.param(
            [at(metered_wh=2000)],
            [rises("zoe", 4), rises("kona", 4)],
            {},
            id="two that rise",
        ),
        pytest.param(
            [
                at("A", known=RecognisedCar(vehicle="zoe", by=By.PLUG)),
                at("B", metered_wh=2000),
            ],
            [rises("zoe", 4, "B"), rises("kona", 4, "B")],
            {"A": ("zoe", By.PLUG), "B": ("kona", By.CHARGE)},
            id="the other one that rises is known to be at another connector",
        ),
        pytest.param(
            [
                at(
                    "A",
                    metered_wh=9000,
                    known=RecognisedCar(vehicle="zoe", by=By.CHARGE),
                ),
                at("B", metered_wh=2000),
            ],
            [rises("zoe", 4, "B"), rises("kona", 4, "B")],
            {"A": ("zoe", By.CHARGE), "B": ("kona", By.CHARGE)},
            id="the other one that rises was seen to rise at another connector",
        ),
        pytest.param(
            [
                at("A", known=RecognisedCar(vehicle="zoe", by=By.USUAL)),
                at("B", metered_wh=2000),
            ],
            [rises("zoe", 4, "B"), rises("kona", 4, "B")],
            {"A": ("zoe", By.USUAL)},
            id="the other one that rises is only usually at another connector",
        ),
        pytest.param(
            [at(metered_wh=2000)],
            [replace(rises("zoe", 4), plugged=False), rises("kona", 4)],
            {"A": ("kona", By.CHARGE)},
            id="the other one that rises says that it is not plugged in",
        ),
        pytest.param([at()], [USUAL], {"A": ("zoe", By.USUAL)}, id="who charges here"),
        pytest.param(
            [at()],
            [USUAL, said("kona", 0.5)],
            {"A": ("kona", By.PLUG)},
            id="another one says that it is here",
        ),
        pytest.param(
            [at()],
            [Candidate(vehicle="zoe", usual="A", plugged=False)],
            {},
            id="who charges here says that it is not plugged in",
        ),
        pytest.param(
            [at(token="04a2"), at("B", chosen="zoe")],
            [ZOE],
            {"B": ("zoe", By.HAND)},
            id="a car is at one connector, where it is surer",
        ),
        pytest.param(
            [at(token="04a2"), at("B", token="04a2", since=CAME + timedelta(hours=1))],
            [ZOE],
            {"B": ("zoe", By.CARD)},
            id="one card at two connectors: it came to the newer one",
        ),
        pytest.param(
            [at(token="detc1")],
            [Candidate(vehicle="zoe", tokens=frozenset(("detc1",))), KONA],
            {},
            id="a card of two cars",
        ),
        pytest.param(
            [at(token="detc1")],
            [
                Candidate(vehicle="zoe", tokens=frozenset(("detc1",)), plugged=False),
                KONA,
            ],
            {"A": ("kona", By.CARD)},
            id="a card of two cars, of which one is not plugged in",
        ),
        pytest.param(
            [at(token="detc1"), at("B", chosen="kona")],
            [Candidate(vehicle="zoe", tokens=frozenset(("detc1",))), KONA],
            {"A": ("zoe", By.CARD), "B": ("kona", By.HAND)},
            id="a card of two cars, of which one is elsewhere",
        ),
        pytest.param(
            [at(token="detc1")],
            [replace(USUAL, tokens=frozenset(("detc1",))), KONA, said("leaf", 0.5)],
            {"A": ("zoe", By.USUAL)},
            id="a card of two cars, of which one charges here",
        ),
        pytest.param(
            [at(), at("B", chosen="leaf")],
            [said("zoe", 0.1), said("leaf", 0.1)],
            {"A": ("zoe", By.PLUG), "B": ("leaf", By.HAND)},
            id="two cars at the same minute, of which one is chosen",
        ),
        pytest.param(
            [
                at(),
                at("B", known=RecognisedCar(vehicle="leaf", by=By.CARD), token="07"),
            ],
            [
                said("zoe", 0.1),
                replace(said("leaf", 0.1), tokens=frozenset({"07"})),
            ],
            {"A": ("zoe", By.PLUG), "B": ("leaf", By.CARD)},
            id="two cars at the same minute, of which one has a card",
        ),
        pytest.param(
            [at(), at("B", chosen=GUEST)],
            [said("zoe", 0.1)],
            {"A": ("zoe", By.PLUG), "B": (None, By.HAND)},
            id="one car, and a guest at the same minute",
        ),
        pytest.param(
            [at(known=RecognisedCar(vehicle="zoe", by=By.PLUG))],
            [Candidate(vehicle="zoe", plugged=False), said("kona", 3)],
            {"A": ("zoe", By.PLUG)},
            id="what was found stays while the car does",
        ),
        *(
            pytest.param(
                [at(known=RecognisedCar(vehicle="zoe", by=by))],
                [Candidate(vehicle="zoe", plugged=False, gone=True), said("kona", 3)],
                {"A": ("kona", By.PLUG)},
                id=f"by {by}, and it says that it is somewhere else",
            )
            for by in (By.PLUG, By.CHARGE, By.USUAL)
        ),
        pytest.param(
            [at(known=RecognisedCar(vehicle="zoe", by=By.CARD))],
            [Candidate(vehicle="zoe", plugged=False, gone=True), said("kona", 3)],
            {"A": ("zoe", By.CARD)},
            id="who has held a card stays, whatever a car says",
        ),
        pytest.param(
            [at(known=RecognisedCar(vehicle="zoe", by=By.USUAL), token="detc1")],
            [ZOE, KONA],
            {"A": ("kona", By.CARD)},
            id="a surer way corrects it",
        ),
        pytest.param(
            [at(known=RecognisedCar(vehicle="kona", by=By.HAND))],
            [KONA],
            {},
            id="a choice that was taken back",
        ),
    ],
)
def test_recognise(
    sightings: list[Sighting],
    candidates: list[Candidate],
    expected: Mapping[str, tuple[str | None, By]],
) -> None:
    """Each connector has the car that is expected, and its order does not matter."""
    found = {
        connector: (one.vehicle, one.by)
        for connector, one in recognise(sightings, candidates).items()
    }
    assert found == expected
    assert recognise(reversed(sightings), reversed(candidates)) == recognise(
        sightings, candidates
    )
