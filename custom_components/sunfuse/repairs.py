"""The fixes of repair issues: another sensor, another circuit. Nothing has to be set up again."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import voluptuous as vol

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .central_system.station_state import CommandError
from .const import (
    CONF_CIRCUIT,
    CONF_PARENT,
    CONF_SOURCES,
    CONF_TEMPERATURE,
    SUBENTRY_CHARGER,
    SUBENTRY_CIRCUIT,
)
from .data import SunfuseConfigEntry
from .flows.checks import check_entities
from .flows.circuits.circuit_choice import circuit_selector
from .flows.fail_safe_check import chargers_of, fail_safe_problem
from .flows.form_fields import grid_form, meter_form, sun_form
from .flows.meters.meter_sign import async_meter_now
from .repair_issues.fix_actions import (
    FIX,
    FIXES,
    GIVE_BACK,
    TURN_GRID,
    TURN_PHASES,
    WITHOUT_SITE,
    async_give_back,
)
from .repair_issues.modbus_repair import MODBUS, LostDeviceFlow
from .repair_issues.password_repair import PASSWORD, WrongPasswordFlow
from .repair_issues.plan_repair import PLAN, LateCarFlow
from .repair_issues.price_repair import PRICE_DETAIL, PRICE_PROBLEM, PRICES, PriceFlow
from .site.circuits import CircuitTree
from .site.energy_devices import ENERGY_ENTITY, async_add_energy_device
from .site.entity_use import entities_of, replace_entity
from .site.ledger.ledger_file import delete_ledger, ledger_path
from .site.subentries import usable
from .sources.config import CircuitSources, SourcesConfig

REPLACEMENT = "replacement"
# An issue with this is fixed by saying which sign is wrong.
SIGNS = "signs"
WRONG = "wrong"
SIGN_SCHEMA = vol.Schema(
    {
        vol.Required(WRONG): SelectSelector(
            SelectSelectorConfig(
                options=["total", "phases"],
                translation_key="wrong_sign",
                mode=SelectSelectorMode.LIST,
            )
        )
    }
)


class ReplaceSourceFlow(RepairsFlow):
    """The user chooses what a site is to be read from instead of an entity that is gone."""

    def __init__(self, entry: ConfigEntry, entity_id: str) -> None:
        """Remember which entity is gone."""
        super().__init__()
        self._entry = entry
        self._gone = entity_id

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Start. The input of the first step is not the user's: it is the id of the issue."""
        return await self.async_step_successor()

    async def async_step_successor(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for the successor, and read from it from now on."""
        errors: dict[str, str] = {}
        if user_input is not None:
            new = user_input[REPLACEMENT]
            if problem := self._problem(new):
                errors[REPLACEMENT] = problem
            else:
                replace_entity(self.hass, self._entry, self._gone, new)
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="successor",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(REPLACEMENT): self._selector()}),
                user_input or {},
            ),
            errors=errors,
            description_placeholders={
                "entity": self._gone,
                "site": self._entry.title,
            },
        )

    def _selector(self) -> EntitySelector:
        domain, _ = split_entity_id(self._gone)
        return EntitySelector(EntitySelectorConfig(filter={"domain": [domain]}))

    def _problem(self, new: str) -> str | None:
        """Return why an entity cannot replace the one that is gone."""
        used = entities_of(self._entry) - {self._gone}
        for field in _fields_of(self._entry, self._gone):
            for problem in check_entities(self.hass, {field: new}, used).values():
                return problem
        return None


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


class AddEnergyDeviceFlow(ConfirmRepairFlow):
    """Adds a charger to the individual devices of the Energy dashboard at a press."""

    def __init__(self, entity_id: str) -> None:
        """Remember which sensor it is."""
        super().__init__()
        self._entity_id = entity_id

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and add it."""
        if user_input is not None:
            await async_add_energy_device(self.hass, self._entity_id)
        return await super().async_step_confirm(user_input)


class DeleteSessionsFlow(ConfirmRepairFlow):
    """Deletes the sessions of a site that was removed."""

    def __init__(self, path: Path) -> None:
        """Remember which file they are in."""
        super().__init__()
        self._path = path

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and delete them."""
        if user_input is not None:
            await self.hass.async_add_executor_job(delete_ledger, self._path)
        return await super().async_step_confirm(user_input)


class FixFlow(ConfirmRepairFlow):
    """Does what the text of an issue announces, at a press."""

    def __init__(self, fix: Callable[[], Awaitable[None]]) -> None:
        """Remember what is to be done."""
        super().__init__()
        self._fix = fix

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and do it."""
        if user_input is not None:
            try:
                await self._fix()
            except CommandError as err:
                return self.async_abort(
                    reason="command_failed",
                    description_placeholders={"detail": err.detail or err.key},
                )
        return await super().async_step_confirm(user_input)


class TurnSignFlow(RepairsFlow):
    """The user says which of two meters that contradict each other has the wrong sign."""

    def __init__(self, entry: ConfigEntry) -> None:
        """Remember the site."""
        super().__init__()
        self._entry = entry

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Start. The input of the first step is not the user's: it is the id of the issue."""
        return await self.async_step_sign()

    async def async_step_sign(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask which one is wrong, and turn it."""
        if user_input is not None:
            fix = TURN_GRID if user_input[WRONG] == "total" else TURN_PHASES
            await FIXES[fix](self.hass, self._entry, {})
            return self.async_create_entry(data={})
        meter = SourcesConfig.from_dict(self._entry.data[CONF_SOURCES]).meter
        return self.async_show_form(
            step_id="sign",
            data_schema=SIGN_SCHEMA,
            description_placeholders={
                "site": self._entry.title,
                "entities": ", ".join(meter.entities),
                "reading": await async_meter_now(self.hass, meter),
            },
        )


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


def _fields_of(entry: ConfigEntry, entity_id: str) -> set[str]:
    """Return the fields of the forms in which an entity was chosen."""
    forms: list[dict[str, Any]] = [
        {CONF_TEMPERATURE: entry.options.get(CONF_TEMPERATURE)}
    ]
    sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
    forms += [grid_form(sources), sun_form(sources)]
    for circuit in usable(entry, SUBENTRY_CIRCUIT):
        read_from = CircuitSources.from_dict(circuit.data.get(CONF_SOURCES, {}))
        forms.append({CONF_TEMPERATURE: read_from.temperature})
        if read_from.meter:
            forms.append(meter_form(read_from.meter))
    return {
        field
        for form in forms
        for field, value in form.items()
        if entity_id == value or (isinstance(value, list) and entity_id in value)
    }


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: dict[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Return the flow that fixes an issue."""
    if data is not None and (removed := data.get("removed")):
        return DeleteSessionsFlow(ledger_path(hass, str(removed)))
    if data is not None and (energy_entity := data.get(ENERGY_ENTITY)):
        return AddEnergyDeviceFlow(str(energy_entity))
    if data is not None and data.get(FIX) == GIVE_BACK:
        # The site may be removed by now.
        return FixFlow(partial(async_give_back, hass, data))
    entry: SunfuseConfigEntry | None
    if data is not None and (
        entry := hass.config_entries.async_get_entry(str(data["entry_id"]))
    ):
        is_loaded = entry.state is ConfigEntryState.LOADED
        if (fix := data.get(FIX)) in FIXES and (is_loaded or fix in WITHOUT_SITE):
            return FixFlow(partial(FIXES[str(fix)], hass, entry, data))
        if data.get(SIGNS):
            return TurnSignFlow(entry)
        if (connector := data.get(PLAN)) and is_loaded:
            return LateCarFlow(entry, str(connector))
        if (identity := data.get(PASSWORD)) and is_loaded:
            return WrongPasswordFlow(entry, str(identity))
        if (part := data.get(PRICES)) and is_loaded:
            return PriceFlow(
                entry, str(part), str(data[PRICE_PROBLEM]), str(data[PRICE_DETAIL])
            )
        device = entry.subentries.get(str(data.get(MODBUS)))
        if device is not None:
            return LostDeviceFlow(entry, device)
        if entity_id := data.get("entity_id"):
            return ReplaceSourceFlow(entry, str(entity_id))
        if circuit := data.get("circuit"):
            return RemovedCircuitFlow(entry, str(circuit))
    return ConfirmRepairFlow()
