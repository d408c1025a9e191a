"""Repair issues about circuits: one that was removed, and fuses that cannot carry the fail-safe currents."""

from collections.abc import Iterator

from homeassistant.const import CONF_NAME

from ..data import SunfuseConfigEntry
from ..site.circuits import CircuitTree, hangs_from
from ..site.fail_safe_check import (
    beside_house,
    charger_names,
    chargers_of,
    fail_safe_problem,
    fitting_currents,
    named_currents,
)
from .circuit_repair import CIRCUIT, hanging
from .fix_actions import FIX, LOWER_FAIL_SAFE
from .repair_issue import RepairIssue


def circuit_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield what is wrong with the circuits, by the configuration and the usual loads."""
    tree = CircuitTree.of(entry)
    yield from _removed(entry, tree)
    # Where a fuse cannot even carry the fail-safe currents alone, the house beside them is no further issue.
    alone = tuple(_above_a_fuse(entry, tree))
    yield from alone or _above_beside_house(entry, tree)


def _removed(entry: SunfuseConfigEntry, tree: CircuitTree) -> Iterator[RepairIssue]:
    """Yield the circuits that are gone while something still hangs from them."""
    for circuit in sorted(tree.orphaned(hangs_from(entry))):
        at = tree.circuits.get(tree.at(circuit))
        main = entry.runtime_data.sentences["main_circuit"]
        yield RepairIssue(
            translation_key="circuit_removed",
            about=circuit,
            placeholders=(
                ("circuit", tree.removed.get(circuit, {}).get(CONF_NAME, "?")),
                ("names", ", ".join(hanging(entry, circuit))),
                ("parent", at.name if at else main),
            ),
            fix=((CIRCUIT, circuit),),
        )


def _above_a_fuse(
    entry: SunfuseConfigEntry, tree: CircuitTree
) -> Iterator[RepairIssue]:
    sums: dict[str, str] = {}
    chargers, runtime = chargers_of(entry), entry.runtime_data
    if fail_safe_problem(tree, chargers, sums):
        sums["circuit"] = sums["circuit"] or runtime.sentences["main_circuit"]
        fits = fitting_currents(tree, chargers, runtime.usual_loads)
        sums["fits"] = named_currents(fits, charger_names(entry))
        yield RepairIssue(
            translation_key="fail_safe_sum",
            about="circuits",
            placeholders=(("site", entry.title), *sums.items()),
            fix=((FIX, LOWER_FAIL_SAFE),),
        )


def _above_beside_house(
    entry: SunfuseConfigEntry, tree: CircuitTree
) -> Iterator[RepairIssue]:
    loads, names = entry.runtime_data.usual_loads, charger_names(entry)
    for doubt in beside_house(tree, chargers_of(entry), loads, names):
        yield RepairIssue(
            translation_key=f"fail_safe_{'house' if doubt.is_main else 'house_circuit'}",
            about="house" if doubt.is_main else doubt.circuit,
            placeholders=(("site", entry.title), *doubt.placeholders.items()),
            fix=((FIX, LOWER_FAIL_SAFE),),
        )
