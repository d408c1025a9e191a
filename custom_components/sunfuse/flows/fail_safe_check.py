"""Whether a site can carry its chargers when they lose their connection: circuit by circuit and phase by phase."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_CIRCUIT,
    CONF_CONNECTORS,
    CONF_FAIL_SAFE_CURRENT,
    CONF_IDENTITY,
    CONF_MIN_CURRENT,
    MAIN_CIRCUIT,
    SUBENTRY_CHARGER,
)
from ..engine.limits import fail_safe_sums
from ..engine.model import PerPhase, Snapshot
from ..site.circuits import CircuitConfig, CircuitTree
from ..site.snapshot import site_of, wiring
from ..site.subentries import usable
from ..site.uncontrolled_chargers import async_unwatched

# Rounding of equal sums.
_NOTHING_A = 1e-6


def chargers_of(entry: ConfigEntry) -> list[Mapping[str, Any]]:
    """Return the data of a site's chargers."""
    return [subentry.data for subentry in usable(entry, SUBENTRY_CHARGER)]


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
    return each_a * float(charger.get(CONF_CONNECTORS, 1))


async def async_doubt_chargers(
    hass: HomeAssistant, entry: ConfigEntry, chargers: Iterable[Mapping[str, Any]]
) -> Mapping[str, str] | None:
    """Return a warning if the house usually leaves less than the fail-safe currents of these chargers."""
    if entry.state is not ConfigEntryState.LOADED:
        return None
    unwatched_a = await async_unwatched(hass, entry)
    return beside_house(CircuitTree.of(entry), chargers, unwatched_a)


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
    unwatched_a = await async_unwatched(hass, entry) if min(more_a) < 0 else None
    if unwatched_a is None or len(unwatched_a) != len(more_a):
        return None
    left_a = [left + more for left, more in zip(unwatched_a, more_a, strict=True)]
    return beside_house(tree, chargers, tuple(left_a))


def beside_house(
    tree: CircuitTree,
    chargers: Iterable[Mapping[str, Any]],
    unwatched_a: PerPhase | None,
) -> Mapping[str, str] | None:
    """Return a warning if the house usually leaves less than the fail-safe currents; None if it does not.

    `unwatched_a` is what uncontrolled chargers may share, according to the site report.
    """
    chargers = list(chargers)
    sums_a, _ = _sums(tree, chargers)[MAIN_CIRCUIT]
    if unwatched_a is None or len(unwatched_a) != len(sums_a):
        return None
    over_a, phase = max(
        (sum_a - left_a, -phase)
        for phase, (sum_a, left_a) in enumerate(zip(sums_a, unwatched_a, strict=True))
    )
    if over_a <= _NOTHING_A or sums_a[-phase] <= 0:
        return None
    return {
        "sum": f"{sums_a[-phase]:g}",
        "left": f"{max(0.0, unwatched_a[-phase]):.0f}",
        "phase": f"L{1 - phase}",
        "fits": ", ".join(_fitting(tree, chargers, unwatched_a)),
    }


def _fitting(
    tree: CircuitTree, chargers: list[Mapping[str, Any]], unwatched_a: PerPhase
) -> Iterator[str]:
    """Yield which chargers can be at the minimum current of a car, one after the other, and which must be at 0 A."""
    site = site_of(tree.site)
    left_a = list(unwatched_a)
    for charger in chargers:
        wired = wiring(charger, site)
        needs_a = charger[CONF_MIN_CURRENT] * charger.get(CONF_CONNECTORS, 1)
        fits = all(left_a[phase] >= needs_a for phase in wired)
        for phase in wired if fits else ():
            left_a[phase] -= needs_a
        each_a = charger[CONF_MIN_CURRENT] if fits else 0
        yield f"{charger[CONF_IDENTITY]}: {each_a:g} A"
