"""The fix of a circuit that is gone: another one for what was below it."""

from typing import Any

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry

from ..const import CONF_CIRCUIT, CONF_PARENT, SUBENTRY_CHARGER, SUBENTRY_CIRCUIT
from ..flows.circuits.circuit_choice import circuit_selector
from ..site.circuits import CircuitTree
from ..site.fail_safe_check import chargers_of, fail_safe_problem
from ..site.subentries import usable

# An issue with this is about a circuit that was removed.
CIRCUIT = "circuit"


class RemovedCircuitFlow(RepairsFlow):
    """The user chooses a new parent for what was below a removed circuit."""

    def __init__(self, entry: ConfigEntry, circuit: str) -> None:
        """Remember which circuit is gone."""
        super().__init__()
        self._entry = entry
        self._gone = circuit

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Start. The input of the first step is not the user's: it is the id of the issue."""
        return await self.async_step_circuit()

    async def async_step_circuit(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for the circuit, and make it the parent."""
        tree = CircuitTree.of(self._entry)
        placeholders = {"names": ", ".join(hanging(self._entry, self._gone))}
        errors: dict[str, str] = {}
        if user_input is not None:
            chosen = user_input[CONF_CIRCUIT]
            if problem := self._move(chosen, placeholders):
                errors[CONF_CIRCUIT] = problem
            else:
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="circuit",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(
                    {
                        vol.Required(CONF_CIRCUIT): circuit_selector(
                            tree, *self._below(tree)
                        )
                    }
                ),
                user_input or {CONF_CIRCUIT: tree.at(self._gone)},
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _below(self, tree: CircuitTree) -> list[str]:
        """Return the circuits that were below the one that is gone: they cannot be their own parent."""
        return [
            circuit.id
            for circuit in tree.circuits.values()
            if circuit.data[CONF_PARENT] == self._gone
        ]

    def _move(self, chosen: str, placeholders: dict[str, str]) -> str | None:
        """Change the parents to the chosen circuit, unless that cannot carry them."""
        chargers = [
            {**data, CONF_CIRCUIT: chosen} if data[CONF_CIRCUIT] == self._gone else data
            for data in chargers_of(self._entry)
        ]
        tree = CircuitTree.of(self._entry)
        if problem := fail_safe_problem(tree, chargers, placeholders):
            return problem
        for kind, field in (
            (SUBENTRY_CHARGER, CONF_CIRCUIT),
            (SUBENTRY_CIRCUIT, CONF_PARENT),
        ):
            for subentry in usable(self._entry, kind):
                if subentry.data[field] == self._gone:
                    self.hass.config_entries.async_update_subentry(
                        self._entry, subentry, data={**subentry.data, field: chosen}
                    )
        return None


def hanging(entry: ConfigEntry, circuit: str) -> list[str]:
    """Return the names of the chargers and circuits directly below a circuit."""
    return sorted(
        subentry.title
        for kind, field in (
            (SUBENTRY_CHARGER, CONF_CIRCUIT),
            (SUBENTRY_CIRCUIT, CONF_PARENT),
        )
        for subentry in usable(entry, kind)
        if subentry.data[field] == circuit
    )
