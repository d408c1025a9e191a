"""Which dialog fixes a repair issue, by what the issue carries. Nothing has to be set up again."""

from collections.abc import Awaitable, Callable
from functools import partial

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .central_system.station_state import CommandError
from .data import SunfuseConfigEntry
from .repair_issues.circuit_repair import CIRCUIT, RemovedCircuitFlow
from .repair_issues.fix_actions import (
    FIX,
    FIXES,
    GIVE_BACK,
    WITHOUT_SITE,
    IssueData,
    async_give_back,
)
from .repair_issues.modbus_repair import MODBUS, LostDeviceFlow
from .repair_issues.password_repair import PASSWORD, WrongPasswordFlow
from .repair_issues.plan_repair import PLAN, LateCarFlow
from .repair_issues.price_repair import PRICE_DETAIL, PRICE_PROBLEM, PRICES, PriceFlow
from .repair_issues.sign_repair import SIGNS, TurnSignFlow
from .repair_issues.source_repair import ENTITY, ReplaceSourceFlow
from .site.energy_devices import ENERGY_ENTITY, async_add_energy_device
from .site.ledger.ledger_file import REMOVED_SITE, async_delete_ledger


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


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: dict[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Return the flow that fixes an issue; one that cannot be fixed now is confirmed only."""
    if data is None:
        return ConfirmRepairFlow()
    if flow := _without_entry(hass, data):
        return flow
    entry: SunfuseConfigEntry | None
    entry = hass.config_entries.async_get_entry(str(data["entry_id"]))
    if entry is None:
        return ConfirmRepairFlow()
    flow = _of_configuration(hass, entry, data)
    if flow is None and entry.state is ConfigEntryState.LOADED:
        flow = _of_running_site(hass, entry, data)
    return flow or ConfirmRepairFlow()


def _without_entry(hass: HomeAssistant, data: IssueData) -> RepairsFlow | None:
    """Return the flow for what outlives its site, or does not need it."""
    if removed := data.get(REMOVED_SITE):
        return FixFlow(partial(async_delete_ledger, hass, str(removed)))
    if sensor := data.get(ENERGY_ENTITY):
        return FixFlow(partial(async_add_energy_device, hass, str(sensor)))
    if data.get(FIX) == GIVE_BACK:
        return FixFlow(partial(async_give_back, hass, data))
    return None


def _of_configuration(
    hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> RepairsFlow | None:
    """Return the flow for what can be changed whether the site is set up or not."""
    if (fix := data.get(FIX)) in WITHOUT_SITE:
        return FixFlow(partial(FIXES[fix], hass, entry, data))
    if data.get(SIGNS):
        return TurnSignFlow(entry)
    if device := entry.subentries.get(str(data.get(MODBUS))):
        return LostDeviceFlow(entry, device)
    if entity_id := data.get(ENTITY):
        return ReplaceSourceFlow(entry, str(entity_id))
    if circuit := data.get(CIRCUIT):
        return RemovedCircuitFlow(entry, str(circuit))
    return None


def _of_running_site(
    hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> RepairsFlow | None:
    """Return the flow for what only a site that is set up can do."""
    if fix := FIXES.get(data.get(FIX, "")):
        return FixFlow(partial(fix, hass, entry, data))
    if connector := data.get(PLAN):
        return LateCarFlow(entry, str(connector))
    if identity := data.get(PASSWORD):
        return WrongPasswordFlow(entry, str(identity))
    if part := data.get(PRICES):
        problem, detail = str(data[PRICE_PROBLEM]), str(data[PRICE_DETAIL])
        return PriceFlow(entry, str(part), problem, detail)
    return None
