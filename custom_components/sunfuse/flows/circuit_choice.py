"""The list from which a charger's or a circuit's own circuit is chosen."""

from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import MAIN_CIRCUIT
from ..site.circuits import CircuitTree


def circuit_selector(tree: CircuitTree, *moved: str) -> SelectSelector:
    """Return the choice of a circuit; those that are `moved` cannot hang from themselves or from what is below them."""
    circuits = [
        SelectOptionDict(value=circuit.id, label=circuit.name)
        for circuit in tree.circuits.values()
        if not set(moved) & set(tree.path(circuit.id))
    ]
    main = SelectOptionDict(value=MAIN_CIRCUIT, label=MAIN_CIRCUIT)
    return SelectSelector(
        SelectSelectorConfig(
            options=[main, *circuits] if circuits else [MAIN_CIRCUIT],
            # Names the main fuse; the others have the names that their user gave them.
            translation_key="circuit",
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
