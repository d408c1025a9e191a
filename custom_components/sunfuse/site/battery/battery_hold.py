"""Prevents the home battery from discharging into cars, through an entity of the user's choice, and always restores it.

The former value of the entity is stored before the entity is changed. So it is restored whatever
happens: when it is no longer needed, when the site is unloaded or removed, when Home Assistant stops; and after a
crash at the next start, even if the options name another entity by then.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
import logging
from math import floor
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...engine.clock_change import move_attributes
from ..engine_options import HoldRule
from ..storage_file import StorageFile
from .battery_orders import SCRIPT, holding_rule
from .battery_values import fitting, is_at, why_unfit

_LOGGER = logging.getLogger(__name__)

# Inverters write such settings to flash, and some need a while to follow.
PAUSE = timedelta(seconds=60)
ANSWER_S = 30.0
# An inverter that is polled over the internet shows a new setting minutes later.
SHOWS_WITHIN = timedelta(minutes=10)

# A reserve that holds follows a battery that charges in steps of so many percent.
_SOC_STEP = 5

# How the entities of a domain are set: the action, and its field for the value. A switch has an action for each value.
_SETTERS = {
    "number": ("set_value", "value"),
    "input_number": ("set_value", "value"),
    "select": ("select_option", "option"),
    "input_select": ("select_option", "option"),
}


class NotDoneError(Exception):
    """The battery's entity cannot be set now. This is for the log; users read the repair issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEntity:
    """An entity that was changed, and its former value. `registry_id` finds it after it was renamed."""

    entity_id: str
    registry_id: str | None
    former: str


class BatteryHold:
    """Controls one site's entity. Changes it at most once a minute."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Bind to the site's storage; `async_load` reads it."""
        self._hass = hass
        self._entry = entry
        self._store = _store(hass, entry.entry_id)
        self._hold_rule = holding_rule(entry.options)
        self._rule = self._hold_rule
        self._sent: str | None = None  # what the entity last got
        self._set_at: datetime | None = None  # when the entity was last set
        self._held: HeldEntity | None = None
        self._at_soc: int | None = None  # the percent at which a reserve holds
        self._wanted = False
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._not_before: datetime | None = None
        self._why = ""  # what the log said of it
        self.failed: str | None = None  # the entity that does not accept the value

    async def async_load(self) -> None:
        """Read what was changed and not restored, as after a crash."""
        stored = await self._store.async_load()
        held = stored.fields_of(HeldEntity)
        if held.keys() == {field.name for field in fields(HeldEntity)}:
            self._held = HeldEntity(**held)
            await self._store.async_put_aside()
        elif stored or stored.unread:
            # The former value and its entity are unknown: the repair issue has to suffice.
            stored.note("*")
            await self._store.async_clear()

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        move_attributes(self, by)

    @callback
    def update(
        self,
        wanted: bool,
        planned: HoldRule | None = None,
        *,
        soc: float | None = None,
    ) -> None:
        """Hold the battery, which has this state of charge, from now on, or release it; what is planned goes before that."""
        rule = planned or self._hold_rule
        self._wanted = wanted or planned is not None
        if rule is not None:
            rule = self._at_charge(rule, soc)
            rule = fitting(rule, self._hass.states.get(rule.entity_id))
        self._rule = rule
        # While Home Assistant starts, the entity may not exist yet.
        if self._stopping or self._hass.state is not CoreState.running:
            return
        now = dt_util.utcnow()
        if self._task is not None or (self._not_before and now < self._not_before):
            return
        if (step := self._next_step()) is None:
            return
        # Not cancelled when the site is unloaded: an unfinished change would be remembered wrongly.
        self._task = self._hass.async_create_task(step, "Sunfuse battery hold")
        self._task.add_done_callback(self._done)

    def _next_step(self) -> Coroutine[Any, Any, None] | None:
        held, rule = self._held, self._rule
        if held is not None:
            if (
                not self._wanted
                or rule is None
                or self._entity_of(held) != rule.entity_id
            ):
                return self._give_back(held)
            if not rule.value:
                return None  # until the state of charge is known it stays as it was before a crash
            if self._slipped(rule) or self._is_new(rule):
                return self._change(rule)
        elif self._wanted and rule is not None:
            return self._hold(rule)
        return None

    def _at_charge(self, rule: HoldRule, soc: float | None) -> HoldRule:
        """Return a rule with the state of charge at which a reserve holds: that when it began, or what the sun made of it.

        Rounded down, or the battery would charge up to it.
        """
        if not (self._wanted and rule.at_soc):
            self._at_soc = None
            return rule
        if soc is not None and (
            self._at_soc is None or soc >= self._at_soc + _SOC_STEP
        ):
            self._at_soc = floor(soc)
        return replace(rule, value="" if self._at_soc is None else str(self._at_soc))

    def _is_new(self, rule: HoldRule) -> bool:
        """Whether a script, which shows no value, gets something else now."""
        return _domain(rule.entity_id) == SCRIPT and self._sent != rule.value

    def _slipped(self, rule: HoldRule) -> bool:
        """Whether the inverter reset the value by itself, as some do when they restart, or is to have another one.

        What it showed before the command says neither.
        """
        state = self._hass.states.get(rule.entity_id)
        if (
            state is None
            or state.domain == SCRIPT
            or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN)
            or is_at(state, rule.value)
        ):
            return False
        if self._set_at is None or self._sent != rule.value:
            return True
        overdue = dt_util.utcnow() - self._set_at > SHOWS_WITHIN
        return overdue or state.last_changed >= self._set_at

    @callback
    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        self._not_before = dt_util.utcnow() + PAUSE
        self._note(task)

    def _note(self, task: asyncio.Task[None]) -> bool:
        """Note the result. Another integration may raise any exception."""
        if (error := task.exception()) is None:
            self.failed = None
            return True
        if self._held is not None:
            name = self._entity_of(self._held)
        else:
            name = self._rule.entity_id if self._rule else "?"
        # What we ourselves find wrong is of a few kinds; of what others raise, once is enough.
        why = str(error) if isinstance(error, NotDoneError) else ""
        if (self.failed, self._why) != (name, why):
            _LOGGER.warning(
                "%s does not take the value that it is given: %r. It is tried again every minute; choose another "
                "entity in the options of the site, under Home battery, if this one is wrong",
                name,
                error,
            )
        self._why = why
        self.failed = name
        return False

    async def _hold(self, rule: HoldRule) -> None:
        if not rule.value:
            raise NotDoneError("the battery's state of charge is unknown")
        state = self._hass.states.get(rule.entity_id)
        if state is None or (
            rule.release_value is None
            and state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN)
        ):
            raise NotDoneError(f"{rule.entity_id} has no value to restore")
        self._check_fit(rule, state)
        registered = er.async_get(self._hass).async_get(rule.entity_id)
        held = HeldEntity(
            entity_id=rule.entity_id,
            registry_id=registered.id if registered else None,
            former=state.state if rule.release_value is None else rule.release_value,
        )
        # First stored, then changed: a power cut in between does no harm.
        await self._store.async_save_now(asdict(held))
        self._held = held
        if not is_at(state, rule.value):
            await self._set(rule.entity_id, rule.value)

    def _check_fit(self, rule: HoldRule, state: State) -> None:
        """Check what the form could not know while the entity was not loaded."""
        if (unfit := why_unfit(rule, state)) is not None:
            raise NotDoneError(unfit)

    async def _change(self, rule: HoldRule) -> None:
        """Give an entity that is held another value, or the same again."""
        if (state := self._hass.states.get(rule.entity_id)) is not None:
            self._check_fit(rule, state)
        await self._set(rule.entity_id, rule.value)

    async def _give_back(self, held: HeldEntity) -> None:
        await self._set(self._entity_of(held), held.former)
        # Only now is there nothing left to remember.
        await self._store.async_clear()
        self._held = None
        ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)

    async def _set(self, entity_id: str, value: str) -> None:
        """Set the entity; a script shows no value, and others show it later, so what it got is remembered."""
        set_at = dt_util.utcnow()
        await async_set_entity(self._hass, entity_id, value)
        self._sent, self._set_at = value, set_at

    def _entity_of(self, held: HeldEntity) -> str:
        """Return the entity under its present name."""
        if held.registry_id is None:
            return held.entity_id
        registered = er.async_get(self._hass).entities.get_entry(held.registry_id)
        return registered.entity_id if registered else held.entity_id

    @property
    def _issue_id(self) -> str:
        return f"{self._entry.entry_id}_battery_not_given_back"

    async def async_stop(self) -> None:
        """Release the battery now: the site is unloaded, or Home Assistant stops."""
        self._wanted, self._stopping = False, True
        if self._task is not None:
            await asyncio.wait({self._task})
        if (held := self._held) is None:
            return
        task = self._hass.async_create_task(self._give_back(held))
        await asyncio.wait({task})
        if not self._note(task):
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                self._issue_id,
                is_fixable=True,
                # fix_actions.py knows what that is; it starts from the whole, and this is a part.
                data={
                    "entry_id": self._entry.entry_id,
                    "fix": "give_back",
                    "about": self._entity_of(held),
                    "value": held.former,
                },
                is_persistent=True,
                severity=ir.IssueSeverity.ERROR,
                translation_key="battery_not_given_back",
                translation_placeholders={
                    "entity": self._entity_of(held),
                    "value": held.former,
                    "site": self._entry.title,
                },
            )

    async def async_remove(self) -> None:
        """Restore what could not be restored before, and forget it, when the site is removed."""
        await self.async_load()
        await self.async_stop()
        await self._store.async_remove()


async def async_set_entity(hass: HomeAssistant, entity_id: str, value: str) -> None:
    """Set an entity with its own action.

    Raises:
        NotDoneError: it does not exist.
        HomeAssistantError: it refused.
        TimeoutError: it did not answer.

    """
    state = hass.states.get(entity_id)
    if state is None or state.state == STATE_UNAVAILABLE:
        # Home Assistant silently ignores actions on an unavailable entity.
        raise NotDoneError(f"{entity_id} is unavailable")
    domain = _domain(entity_id)
    data: dict[str, Any] = {ATTR_ENTITY_ID: entity_id}
    if domain == SCRIPT:
        command, power_w, grid_w, *_ = (*value.split(), "0", "0")
        action = "turn_on"
        data["variables"] = {
            "command": command,
            "power_w": float(power_w),
            "grid_w": float(grid_w),
        }
    elif domain in _SETTERS:
        action, field = _SETTERS[domain]
        data[field] = value
    else:
        action = f"turn_{value}"
    async with asyncio.timeout(ANSWER_S):
        await hass.services.async_call(domain, action, data, blocking=True)


def _store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    return StorageFile(hass, entry_id, "battery", every_s=0)


def _domain(entity_id: str) -> str:
    return entity_id.partition(".")[0]
