"""The list from which the circuit of a charger, or the parent of a circuit, is chosen."""

from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ...const import MAIN_CIRCUIT
from ...site.circuits import CircuitTree


def circuit_selector(tree: CircuitTree, *moved: str) -> SelectSelector:
    """Return the choice of a circuit; `moved` ones cannot be below themselves."""
    circuits = [
        SelectOptionDict(value=circuit.id, label=circuit.name)
        for circuit in tree.circuits.values()
        if not set(moved) & set(tree.path(circuit.id))
    ]
    main = SelectOptionDict(value=MAIN_CIRCUIT, label=MAIN_CIRCUIT)
    return SelectSelector(
        SelectSelectorConfig(
            options=[main, *circuits] if circuits else [MAIN_CIRCUIT],
            # For the name of the main fuse; the others have their users' names.
            translation_key="circuit",
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
