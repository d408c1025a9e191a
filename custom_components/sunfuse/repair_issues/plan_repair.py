"""The fix of a departure that the plan will miss: leave later, with less, or charge before all others."""

from datetime import timedelta
from typing import Any

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..drivers.wishes import Target, TargetKind
from ..planner import Shortfall
from ..site.cars.driver_words import (
    Owner,
    connector_owner,
    set_departure,
    vehicle_owner,
)
from ..site.chargers.boosts import start_boost
from ..site.outcome import ConnectorKey
from ..site.planning.plan_slots import shortfall_reason
from ..translated_reasons import explain

# An issue with this is about the car at a connector.
PLAN = "plan"
REMEDY = "remedy"
LATER, LESS, BOOST = "later", "less", "boost"


class LateCarFlow(RepairsFlow):
    """The driver chooses what gives way: the time, the target, or the other cars."""

    def __init__(self, entry: SunfuseConfigEntry, connector_id: str) -> None:
        """Remember which car it is about."""
        super().__init__()
        self._entry = entry
        self._id = connector_id

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Start. The input of the first step is not the user's: it is the id of the issue."""
        return await self.async_step_remedy()

    async def async_step_remedy(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask what is to give way, and set it."""
        runtime = self._entry.runtime_data
        missed = runtime.planning.data.missed.get(self._id)
        key = next(
            (one for one in runtime.chargers.connector_keys() if one.id == self._id),
            None,
        )
        if missed is None or key is None:
            # The plan has found a way meanwhile, or the car has left.
            return self.async_create_entry(data={})
        shortfall = missed.shortfall
        if user_input is not None:
            self._set(user_input[REMEDY], key, shortfall)
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="remedy",
            data_schema=vol.Schema(
                {vol.Required(REMEDY): remedy_selector(_remedies(shortfall))}
            ),
            description_placeholders={
                "why": explain(
                    runtime.sentences,
                    shortfall_reason(shortfall),
                    runtime.planning.clock.now(),
                )
            },
        )

    @callback
    def _set(self, remedy: str, key: ConnectorKey, shortfall: Shortfall) -> None:
        entry, here = self._entry, self._entry.runtime_data.planning.clock.here
        owner = self._owner(key)
        if remedy == BOOST:
            left = here(shortfall.at) - dt_util.utcnow()
            start_boost(entry, key, None, duration=max(left, timedelta(minutes=1)))
        elif remedy == LATER and shortfall.later is not None:
            set_departure(entry, owner, here(shortfall.later))
        elif remedy == LESS:
            set_departure(entry, owner, here(shortfall.at), _reached(shortfall))

    def _owner(self, key: ConnectorKey) -> Owner:
        vehicle = self._entry.runtime_data.demands.vehicle_at(key)
        return (
            vehicle_owner(vehicle.id) if vehicle else connector_owner(self._entry, key)
        )


def remedy_selector(remedies: list[str]) -> SelectSelector:
    """Return the choice of what is to give way."""
    return SelectSelector(
        SelectSelectorConfig(
            options=remedies, translation_key="remedy", mode=SelectSelectorMode.LIST
        )
    )


def _remedies(shortfall: Shortfall) -> list[str]:
    """Return what would help: nobody is offered what changes nothing."""
    return [
        *([LATER] if shortfall.later is not None else []),
        LESS,
        *([BOOST] if shortfall.boost_helps else []),
    ]


def _reached(shortfall: Shortfall) -> Target:
    """Return a target that is reached in time, in whole percents or kilowatt-hours."""
    if shortfall.reaches_soc is not None:
        return Target(
            kind=TargetKind.SOC, value=max(float(int(shortfall.reaches_soc)), 1)
        )
    reaches_wh = max(int(shortfall.reaches_metered_wh / 1000) * 1000.0, 1000.0)
    return Target(kind=TargetKind.ENERGY, value=reaches_wh)
