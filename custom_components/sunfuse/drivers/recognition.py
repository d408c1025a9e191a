"""Which car is at which connector: by hand, by card, by its own identity, by its integration, by its state of charge.

Recognition only becomes more certain while a car stays: a result is kept until the car leaves, and is replaced only by
a more certain one. What was only concluded ends when the car says for a while that it is not plugged in; a car that says
nothing changes nothing. A car is at one connector at most.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A car's integration reports that it was plugged in when it polls next, and some poll every quarter of an hour
# (kia_uvo: every 30 minutes by default, but then a card or the rising charge identifies it). Clocks differ a little.
SAID_LATER = timedelta(minutes=16)
SAID_EARLIER = timedelta(minutes=2)
# A car's integration may report that it was unplugged before the charger does. If the charger has not reported it by then, it
# has another car.
GONE_AFTER = timedelta(minutes=2)
# Two cars that were plugged in within this time cannot be distinguished by it.
APART = timedelta(minutes=1)
# A rise of one percent can be rounding; this much is a charge.
LEAST_RISE = 2.0
# The energy computed from the rise and the metered energy agree within this, as capacities and losses are only roughly
# known.
MOST_RATIO = 2.0


class RecognisedBy(StrEnum):
    """How a car was recognised; the most certain way first."""

    HAND = "hand"
    CARD = "card"
    IDENTITY = "identity"  # ISO 15118: its contract, or the car's own id
    PLUG = "plug"  # its integration said plugged in at the same minute
    CHARGE = "charge"  # its state of charge rises as this connector charges
    USUAL = "usual"  # the one that usually charges here, if nothing else is known


_SAID = frozenset((RecognisedBy.HAND, RecognisedBy.CARD, RecognisedBy.IDENTITY))
# Known from the car itself.
_TOLD = frozenset((RecognisedBy.PLUG, RecognisedBy.CHARGE))
_SURE = {by: place for place, by in enumerate(reversed(RecognisedBy))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A connector with a car. `rise_wh` is what it metered since each car's charge was first seen here."""

    connector: str
    since: datetime  # when the car came
    token: str | None = None  # folded
    token_is_identity: bool = False
    chosen: str | None = None  # set by hand: a vehicle, or `GUEST`
    known: RecognisedCar | None = None  # what was found before
    metered_wh: float = 0.0  # since the car came


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A vehicle, and what is known about where it is."""

    vehicle: str
    tokens: frozenset[str] = frozenset()  # folded
    plugged: bool | None = None
    plugged_at: datetime | None = None  # since when that is said
    gone: bool = False  # it has said for `GONE_AFTER` that it is not plugged in
    # By connector: how many percent its charge rose since a car came there.
    rises: Mapping[str, float] | None = None
    capacity_wh: float | None = None
    usual: str | None = None  # the connector where it charges as a rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedCar:
    """A car that was recognised; without a vehicle it was set by hand to be a guest."""

    vehicle: str | None
    by: RecognisedBy


GUEST = "guest"


def recognise(
    sightings: Iterable[Sighting], candidates: Iterable[Candidate]
) -> dict[str, RecognisedCar]:
    """Return which car is at which connector; a connector that is left out has a guest."""
    sightings, candidates = list(sightings), list(candidates)
    claims = sorted(
        (claim for one in sightings for claim in _claims(one, candidates, sightings)),
        key=lambda claim: claim[0],
        reverse=True,
    )
    found: dict[str, RecognisedCar] = {}
    placed: set[str] = set()
    for _, connector, recognised in claims:
        if connector in found or recognised.vehicle in placed:
            continue
        found[connector] = recognised
        if recognised.vehicle is not None:
            placed.add(recognised.vehicle)
    return found


type _Claim = tuple[tuple[int, bool, datetime], str, RecognisedCar]


def _claims(
    sighting: Sighting, candidates: list[Candidate], sightings: list[Sighting]
) -> list[_Claim]:
    """Return who could be at a connector, by each way; of two equals the newer one, but what was concluded stays."""
    vehicles = {candidate.vehicle for candidate in candidates}
    found: list[RecognisedCar] = []
    if sighting.chosen == GUEST:
        return [_claim(sighting, RecognisedCar(vehicle=None, by=RecognisedBy.HAND))]
    if sighting.chosen in vehicles:
        found.append(RecognisedCar(vehicle=sighting.chosen, by=RecognisedBy.HAND))
    known = sighting.known
    gone = {candidate.vehicle for candidate in candidates if candidate.gone}
    if (
        known is not None
        and (known.by in _SAID or known.vehicle not in gone)
        and known.vehicle in vehicles
        # What was chosen by hand and is not any more is forgotten.
        and known.by is not RecognisedBy.HAND
    ):
        found.append(known)
    by_token = (
        RecognisedBy.IDENTITY if sighting.token_is_identity else RecognisedBy.CARD
    )
    holders = [c for c in candidates if sighting.token and sighting.token in c.tokens]
    if len(holders) > 1:
        # Of a card of several cars, it can be those that are not known to be elsewhere.
        candidates, holders = holders, _not_elsewhere(holders, sighting, sightings)
    if len(holders) == 1:
        found.append(RecognisedCar(vehicle=holders[0].vehicle, by=by_token))
    away = {c.vehicle for c in candidates if c.plugged is False}
    # Who is said to be at another connector is not here; and where somebody is said to be, no other car is.
    here = _not_said_elsewhere(candidates, sighting, sightings)
    open_ones = [one for one in sightings if one is sighting or _said(one) is None]
    for by, vehicle in (
        (RecognisedBy.PLUG, _by_plug(sighting, here, open_ones)),
        (
            RecognisedBy.CHARGE,
            _by_charge(sighting, _not_found_elsewhere(here, sighting, sightings)),
        ),
        (RecognisedBy.USUAL, _usual(sighting, here)),
    ):
        if vehicle is not None and vehicle not in away:
            found.append(RecognisedCar(vehicle=vehicle, by=by))
    return [_claim(sighting, recognised) for recognised in found]


def _not_elsewhere(
    candidates: list[Candidate], sighting: Sighting, sightings: list[Sighting]
) -> list[Candidate]:
    """Return the cars that say nothing else and that nobody said to be at another connector."""
    return [
        candidate
        for candidate in _not_said_elsewhere(candidates, sighting, sightings)
        if candidate.plugged is not False
    ]


def _not_said_elsewhere(
    candidates: list[Candidate], sighting: Sighting, sightings: list[Sighting]
) -> list[Candidate]:
    """Return the cars that nobody said to be at another connector."""
    elsewhere = {_said(other) for other in sightings if other is not sighting}
    return [one for one in candidates if one.vehicle not in elsewhere]


def _not_found_elsewhere(
    candidates: list[Candidate], sighting: Sighting, sightings: list[Sighting]
) -> list[Candidate]:
    """Return the cars that are not known to be away, or at another connector by their own plug or charge."""
    elsewhere = {
        other.known.vehicle
        for other in sightings
        if other is not sighting and other.known and other.known.by in _TOLD
    }
    return [
        one
        for one in candidates
        if one.plugged is not False and one.vehicle not in elsewhere
    ]


def _said(sighting: Sighting) -> str | None:
    """Return the car that somebody said to be at a connector, by hand, card or identity; or `GUEST`."""
    if sighting.chosen is not None:
        return sighting.chosen
    known = sighting.known
    return known.vehicle if known is not None and known.by in _SAID else None


def _claim(sighting: Sighting, recognised: RecognisedCar) -> _Claim:
    # Who holds a card to another charger has moved the car; what is only concluded does not move it.
    stays = sighting.known == recognised and recognised.by not in _SAID
    return (
        (_SURE[recognised.by], stays, sighting.since),
        sighting.connector,
        recognised,
    )


def _by_plug(
    sighting: Sighting, candidates: list[Candidate], sightings: list[Sighting]
) -> str | None:
    """Return the only car that was reported to be plugged in when the car here arrived."""
    near = [
        (abs(candidate.plugged_at - sighting.since), candidate)
        for candidate in candidates
        if candidate.plugged
        and candidate.plugged_at is not None
        and _fits(candidate.plugged_at, sighting)
    ]
    if not near:
        return None
    near.sort(key=lambda one: (one[0], one[1].vehicle))
    if len(near) > 1 and near[1][0] - near[0][0] < APART:
        return None
    away, candidate = near[0]
    assert candidate.plugged_at is not None
    others = [
        abs(candidate.plugged_at - other.since)
        for other in sightings
        if other is not sighting and _fits(candidate.plugged_at, other)
    ]
    if others and min(others) - away < APART:
        # It could also be the car at the other connector.
        return None
    return candidate.vehicle


def _fits(plugged_at: datetime, sighting: Sighting) -> bool:
    return -SAID_EARLIER <= plugged_at - sighting.since <= SAID_LATER


def _by_charge(sighting: Sighting, candidates: list[Candidate]) -> str | None:
    """Return the only car whose charge rose by what was metered here."""
    risen = [
        candidate.vehicle
        for candidate in candidates
        if candidate.rises is not None
        and candidate.capacity_wh is not None
        and (rise := candidate.rises.get(sighting.connector, 0.0)) >= LEAST_RISE
        and _agree(rise / 100 * candidate.capacity_wh, sighting.metered_wh)
    ]
    return risen[0] if len(risen) == 1 else None


def _agree(risen_wh: float, metered_wh: float) -> bool:
    return metered_wh / MOST_RATIO <= risen_wh <= metered_wh * MOST_RATIO


def _usual(sighting: Sighting, candidates: list[Candidate]) -> str | None:
    """Return the only car that usually charges here; with two it would be a guess."""
    usual = [c.vehicle for c in candidates if c.usual == sighting.connector]
    return usual[0] if len(usual) == 1 else None
