"""Whether a site can carry its chargers when they lose their connection: circuit by circuit and phase by phase."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_CIRCUIT,
    CONF_FAIL_SAFE_CURRENT,
    CONF_IDENTITY,
    CONF_MIN_CURRENT,
    MAIN_CIRCUIT,
    SUBENTRY_CHARGER,
)
from ..engine.limits.limits import fail_safe_sums
from ..engine.model import PerPhase, Snapshot
from .circuits import CircuitConfig, CircuitTree
from .entry_data import site_of, wiring
from .outcome import connector_numbers
from .subentries import usable
from .uncontrolled_chargers import async_loads
from .usual_loads import UsualLoads

# Rounding of equal sums.
_NOTHING_A = 1e-6


def chargers_of(entry: ConfigEntry) -> list[Mapping[str, Any]]:
    """Return the data of a site's chargers."""
    return [subentry.data for subentry in usable(entry, SUBENTRY_CHARGER)]


def charger_names(entry: ConfigEntry) -> dict[str, str]:
    """Return what a site's chargers are called, by their identity."""
    return {
        subentry.data[CONF_IDENTITY]: subentry.title
        for subentry in usable(entry, SUBENTRY_CHARGER)
    }


def with_site(tree: CircuitTree, site: Mapping[str, Any]) -> CircuitTree:
    """Return the circuits of a site with these changes."""
    return replace(tree, site={**tree.site, **site})


def with_circuit(tree: CircuitTree, circuit: CircuitConfig) -> CircuitTree:
    """Return the circuits of a site with this one added or changed."""
    return replace(tree, circuits={**tree.circuits, circuit.id: circuit})


def fail_safe_problem(
    tree: CircuitTree,
    chargers: Iterable[Mapping[str, Any]],
    placeholders: dict[str, str],
) -> str | None:
    """Return an error if a circuit cannot carry everything below it at the fail-safe currents.

    The sum on the phase that is nearest to its limit, or furthest above it, is added to the placeholders. A charger
    allows its fail-safe current at each of its connectors.
    """
    circuits = {circuit.id: circuit for circuit in tree.engine_circuits("")}
    over = [
        (sum_a - carried_a, name != MAIN_CIRCUIT, -phase, sum_a, carried_a, name)
        for name, (sums_a, carried) in _sums(tree, chargers).items()
        for phase, (sum_a, carried_a) in enumerate(zip(sums_a, carried, strict=True))
        # A phase without a fuse only matters if a charger is on it.
        if sum_a > 0 or phase in tree.wired(name)
    ]
    if not over:
        return None
    most_a, _, phase, sum_a, carried_a, name = max(over)
    placeholders |= {
        "sum": f"{sum_a:g}",
        "carried": f"{carried_a:g}",
        "circuit": circuits[name].name,
        "phase": f"L{1 - phase}",
    }
    if most_a <= _NOTHING_A:
        return None
    return "fail_safe_sum" if name == MAIN_CIRCUIT else "fail_safe_sum_circuit"


def _sums(
    tree: CircuitTree, chargers: Iterable[Mapping[str, Any]]
) -> dict[str, tuple[PerPhase, PerPhase]]:
    """Return the sum of fail-safe currents of each circuit, and what it can carry, per phase."""
    site = site_of(tree.site)
    below = [
        (tree.at(charger[CONF_CIRCUIT]), wiring(charger, site), _falls_back_a(charger))
        for charger in chargers
    ]
    circuits = tuple(tree.engine_circuits(""))
    empty = Snapshot(now=dt_util.utcnow(), site=site, circuits=circuits)
    return fail_safe_sums(empty, below)


def _falls_back_a(charger: Mapping[str, Any]) -> float:
    """Return the fail-safe current of all connectors of a charger together."""
    each_a: float = charger[CONF_FAIL_SAFE_CURRENT]
    return each_a * len(connector_numbers(charger))


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseDoubt:
    """A circuit that usually has less left than the fail-safe currents below it, on the phase that lacks most."""

    circuit: str
    lacks_a: float
    placeholders: Mapping[str, str]

    @property
    def is_main(self) -> bool:
        """Whether it is the main fuse."""
        return self.circuit == MAIN_CIRCUIT


async def async_doubt_chargers(
    hass: HomeAssistant,
    entry: ConfigEntry,
    chargers: Iterable[Mapping[str, Any]],
    names: Mapping[str, str],
) -> HouseDoubt | None:
    """Return a doubt if some circuit usually leaves less than the fail-safe currents of these chargers, of which some have other names."""
    if entry.state is not ConfigEntryState.LOADED:
        return None
    loads = await async_loads(hass, entry)
    names = {**charger_names(entry), **names}
    return next(beside_house(CircuitTree.of(entry), chargers, loads, names), None)


async def async_doubt_site(
    hass: HomeAssistant, entry: ConfigEntry, changes: Mapping[str, Any]
) -> Mapping[str, str] | None:
    """Return a warning if the site with these changes carries less than before, and the house leaves too little of it.

    What does not carry less is not asked: the repair issue already says it.
    """
    if entry.state is not ConfigEntryState.LOADED:
        return None
    chargers, before = chargers_of(entry), CircuitTree.of(entry)
    tree = with_site(before, changes)
    carried_a, before_a = (
        _sums(each, chargers)[MAIN_CIRCUIT][1] for each in (tree, before)
    )
    if len(carried_a) != len(before_a):
        return None
    more_a = [new - old for new, old in zip(carried_a, before_a, strict=True)]
    loads = await async_loads(hass, entry) if min(more_a) < 0 else UsualLoads()
    unwatched_a = loads.unwatched_a
    if unwatched_a is None or len(unwatched_a) != len(more_a):
        return None
    left_a = [left + more for left, more in zip(unwatched_a, more_a, strict=True)]
    main = UsualLoads(unwatched_a=tuple(left_a))
    doubt = next(beside_house(tree, chargers, main, charger_names(entry)), None)
    return doubt.placeholders if doubt else None


async def async_doubt_circuit(
    hass: HomeAssistant, entry: ConfigEntry, changed: CircuitConfig
) -> HouseDoubt | None:
    """Return a doubt if a circuit as entered makes one below the main fuse lack more beside its usual load than before."""
    if entry.state is not ConfigEntryState.LOADED:
        return None
    chargers, before = chargers_of(entry), CircuitTree.of(entry)
    tree = with_circuit(before, changed)
    loads, names = await async_loads(hass, entry, tree), charger_names(entry)
    lacked_a = {
        doubt.circuit: doubt.lacks_a
        for doubt in beside_house(before, chargers, loads, names)
    }
    return next(
        (
            doubt
            for doubt in beside_house(tree, chargers, loads, names)
            if doubt.circuit != MAIN_CIRCUIT
            and doubt.lacks_a > lacked_a.get(doubt.circuit, 0.0) + _NOTHING_A
        ),
        None,
    )


def beside_house(
    tree: CircuitTree,
    chargers: Iterable[Mapping[str, Any]],
    loads: UsualLoads,
    names: Mapping[str, str],
) -> Iterator[HouseDoubt]:
    """Yield the circuits that usually leave less than the fail-safe currents below them, the one that lacks most first."""
    chargers = list(chargers)
    sums = _sums(tree, chargers)
    left = {
        circuit: known
        for circuit, (_, carried_a) in sums.items()
        if (known := _left(tree, loads, circuit, carried_a)) is not None
    }
    lacks = sorted(
        (
            max(
                (sum_a - left_a, -phase)
                for phase, (sum_a, left_a) in enumerate(
                    zip(sums[circuit][0], left[circuit], strict=True)
                )
            ),
            circuit,
        )
        for circuit in left
    )
    for (lacks_a, phase), circuit in reversed(lacks):
        sum_a, left_a = sums[circuit][0][-phase], left[circuit][-phase]
        if lacks_a > _NOTHING_A and sum_a > 0:
            yield HouseDoubt(
                circuit=circuit,
                lacks_a=lacks_a,
                placeholders={
                    "circuit": "" if circuit == MAIN_CIRCUIT else tree.name_of(circuit),
                    "sum": f"{sum_a:g}",
                    "left": f"{max(0.0, left_a):.0f}",
                    "phase": f"L{1 - phase}",
                    "fits": named_currents(dict(_fitting(tree, chargers, left)), names),
                },
            )


def _left(
    tree: CircuitTree, loads: UsualLoads, circuit: str, carried_a: PerPhase
) -> PerPhase | None:
    """Return what a circuit usually leaves to uncontrolled chargers; None if that is not known."""
    if circuit != MAIN_CIRCUIT:
        return loads.left_a(tree, circuit, carried_a)
    left_a = loads.unwatched_a
    return None if left_a is None or len(left_a) != len(carried_a) else left_a


def fitting_currents(
    tree: CircuitTree, chargers: Iterable[Mapping[str, Any]], loads: UsualLoads
) -> dict[str, float]:
    """Return fail-safe currents that the circuits carry beside their usual loads, as far as these are known."""
    chargers = list(chargers)
    left: dict[str, PerPhase] = {}
    for circuit, (_, carried_a) in _sums(tree, chargers).items():
        usual_a = _left(tree, loads, circuit, carried_a)
        left[circuit] = carried_a if usual_a is None else usual_a
    return dict(_fitting(tree, chargers, left))


def named_currents(currents_a: Mapping[str, float], names: Mapping[str, str]) -> str:
    """Return currents as a text, each with the name of its charger."""
    return ", ".join(
        f"{names.get(identity, identity)}: {current:g} A"
        for identity, current in currents_a.items()
    )


def _fitting(
    tree: CircuitTree, chargers: list[Mapping[str, Any]], left: Mapping[str, PerPhase]
) -> Iterator[tuple[str, float]]:
    """Yield which chargers can be at the minimum current of a car, one after the other, and which must be at 0 A."""
    site = site_of(tree.site)
    rooms = {circuit: list(left_a) for circuit, left_a in left.items()}
    for charger in chargers:
        wired = wiring(charger, site)
        needs_a = charger[CONF_MIN_CURRENT] * len(connector_numbers(charger))
        path = [
            rooms[name] for name in tree.path(charger[CONF_CIRCUIT]) if name in rooms
        ]
        fits = all(room[phase] >= needs_a for room in path for phase in wired)
        for room in path if fits else ():
            for phase in wired:
                room[phase] -= needs_a
        yield charger[CONF_IDENTITY], charger[CONF_MIN_CURRENT] if fits else 0.0
