"""Whether a site carries its chargers when nobody commands them: circuit by circuit and phase by phase."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_CIRCUIT,
    CONF_CONNECTORS,
    CONF_FAIL_SAFE_CURRENT,
    MAIN_CIRCUIT,
    SUBENTRY_CHARGER,
)
from ..engine.limits import fail_safe_sums
from ..engine.model import Snapshot
from ..site.circuits import CircuitConfig, CircuitTree
from ..site.snapshot import site_of, wiring

# What rounding makes of sums that are equal.
_NOTHING_A = 1e-6


def chargers_of(entry: ConfigEntry) -> list[Mapping[str, Any]]:
    """Return the data of a site's chargers."""
    return [
        subentry.data for subentry in entry.get_subentries_of_type(SUBENTRY_CHARGER)
    ]


def with_site(tree: CircuitTree, site: Mapping[str, Any]) -> CircuitTree:
    """Return the circuits of a site that is changed like this."""
    return replace(tree, site={**tree.site, **site})


def with_circuit(tree: CircuitTree, circuit: CircuitConfig) -> CircuitTree:
    """Return the circuits of a site with this one added or changed."""
    return replace(tree, circuits={**tree.circuits, circuit.id: circuit})


def fail_safe_problem(
    tree: CircuitTree,
    chargers: Iterable[Mapping[str, Any]],
    placeholders: dict[str, str],
) -> str | None:
    """Return the error if a circuit does not carry all that is below it at the fail-safe currents.

    The sum on the phase that is nearest to its limit, or furthest above it, goes into the placeholders. A charger
    gives its fail-safe current to each of its connectors.
    """
    site = site_of(tree.site)
    circuits = {circuit.id: circuit for circuit in tree.engine_circuits("")}
    below = [
        (
            tree.at(charger[CONF_CIRCUIT]),
            wiring(charger, site),
            charger[CONF_FAIL_SAFE_CURRENT] * charger.get(CONF_CONNECTORS, 1),
        )
        for charger in chargers
    ]
    empty = Snapshot(now=dt_util.utcnow(), site=site, circuits=tuple(circuits.values()))
    over = [
        (sum_a - carried_a, name != MAIN_CIRCUIT, -phase, sum_a, carried_a, name)
        for name, (sums_a, carried) in fail_safe_sums(empty, below).items()
        for phase, (sum_a, carried_a) in enumerate(zip(sums_a, carried, strict=True))
        # What a phase without a fuse carries is of interest only where a charger is on it.
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
