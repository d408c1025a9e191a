"""The list from which a charger's or a circuit's own circuit is chosen."""

from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..circuits import CircuitTree
from ..const import MAIN_CIRCUIT


def circuit_selector(tree: CircuitTree, below: str | None = None) -> SelectSelector:
    """Return the choice of a circuit; one that is changed cannot hang from itself or from what is `below` it."""
    circuits = [
        SelectOptionDict(value=circuit.id, label=circuit.name)
        for circuit in tree.circuits.values()
        if below not in tree.path(circuit.id)
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
