"""Chargers that wait to be accepted: shows them, and accepts many at once."""

import asyncio
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
import re
from types import MappingProxyType
from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ERR_INVALID_FORMAT, ActiveConnection
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback

from ..central_system.server import MAX_PENDING_PER_ADDRESS
from ..central_system.station_state import StationState
from ..const import (
    CONF_CIRCUIT,
    CONF_FAIL_SAFE_CURRENT,
    CONF_IDENTITY,
    CONF_L1_PHASE,
    CONF_MAX_CURRENT,
    CONF_MIN_CURRENT,
    CONF_MODE,
    CONF_PHASES,
    CONF_SECURITY,
    DOMAIN,
    MAIN_CIRCUIT,
    SECURITY_OPEN,
    SUBENTRY_CHARGER,
)
from ..data import SunfuseConfigEntry
from ..engine.model import Mode
from ..flows.chargers.charger import SITE_PHASE_NAMES, check_identity, suggested_charger
from ..flows.chargers.first_mode import first_modes
from ..site.circuits import CircuitTree
from ..site.fail_safe_check import chargers_of, fail_safe_problem
from ..translated_reasons import async_load_sentences, in_its_language
from .pushing import Push
from .site_commands import site_for

# What stands for the number in a pattern of names; a pattern without it gets the number at its end.
_NUMBER = "{n}"
MOST = 200
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCharger:
    """A charger that is to be accepted: its name, and its data."""

    name: str
    data: Mapping[str, Any]


def names(pattern: str, first: int, taken: Container[str]) -> Iterator[str]:
    """Yield names from a pattern, counting up; those that are taken are passed over."""
    template = pattern if _NUMBER in pattern else f"{pattern} {_NUMBER}"
    for number in count(first):
        name = template.replace(_NUMBER, str(number)).strip()
        if name not in taken:
            yield name


def proposed(
    entry: SunfuseConfigEntry, identities: list[str], form: Mapping[str, Any]
) -> list[NewCharger]:
    """Return these chargers with names, phases in turn, and the fail-safe currents that still fit.

    Each gets 6 A, the least that a car takes, as long as the circuits carry all fail-safe currents together; a charger
    beyond that gets 0 A. Single-phase chargers are spread over the phases.
    """
    tree = CircuitTree.of(entry)
    usual = suggested_charger(entry, "")
    phases = min(form.get("phases", tree.phases), tree.phases)
    others = [*chargers_of(entry)]
    accepted = []
    taken = {subentry.title for subentry in entry.subentries.values()}
    free = names(form["pattern"], form["first"], taken)
    for turn, (identity, name) in enumerate(zip(identities, free, strict=False)):
        start = turn % tree.phases if phases == 1 else 0
        data: dict[str, Any] = {
            CONF_IDENTITY: identity,
            CONF_CIRCUIT: tree.at(form["circuit"]),
            CONF_PHASES: phases,
            CONF_L1_PHASE: SITE_PHASE_NAMES[start],
            CONF_MIN_CURRENT: usual[CONF_MIN_CURRENT],
            CONF_MAX_CURRENT: form.get("max_a", usual[CONF_MAX_CURRENT]),
            CONF_FAIL_SAFE_CURRENT: usual[CONF_FAIL_SAFE_CURRENT],
            CONF_MODE: form["mode"],
            CONF_SECURITY: SECURITY_OPEN,
        }
        if fail_safe_problem(tree, [*others, data], {}):
            data[CONF_FAIL_SAFE_CURRENT] = 0.0
        others.append(data)
        accepted.append(NewCharger(name=name, data=data))
    return accepted


def _in_order(waiting: tuple[str, StationState]) -> str:
    """Return what new chargers are sorted by, and numbered: WB2 comes before WB10."""
    return re.sub(r"\d+", lambda number: number[0].zfill(20), waiting[0].casefold())


def _waiting(entry: SunfuseConfigEntry, texts: Mapping[str, str]) -> dict[str, Any]:
    strangers = entry.runtime_data.central_system.pending
    return {
        "waiting": [
            {
                "identity": identity,
                "vendor": state.info.vendor,
                "model": state.info.model,
            }
            for identity, state in sorted(strangers.items(), key=_in_order)
            if state.info.vendor
        ],
        # The central system keeps no more of one address; the others try again.
        "more": len(strangers) >= MAX_PENDING_PER_ADDRESS,
        "circuits": [
            {"id": circuit.id, "name": in_its_language(texts, circuit.name)}
            for circuit in entry.runtime_data.coordinator.data.snapshot.circuits
        ],
        "modes": [mode.value for mode in first_modes(entry.data)],
        "phases": CircuitTree.of(entry).phases,
    }


@websocket_api.websocket_command(
    {
        vol.Required("type"): "sunfuse/new_chargers/subscribe",
        vol.Optional("entry_id"): str,
        vol.Optional("language"): vol.All(str, vol.Length(max=20)),
    }
)
@websocket_api.require_admin
@websocket_api.async_response
async def subscribe_new_chargers(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Push which chargers wait to be accepted."""
    texts = await async_load_sentences(hass, msg.get("language"))
    if (entry := site_for(hass, connection, msg)) is None:
        return

    push = Push(
        hass,
        connection,
        msg["id"],
        entry.entry_id,
        lambda: _waiting(entry, texts),
        lambda changed: entry.runtime_data.central_system.subscribe(
            lambda _state: changed()
        ),
    )
    connection.subscriptions[msg["id"]] = push.stop
    connection.send_result(msg["id"])
    push.start()


@websocket_api.websocket_command(
    {
        vol.Required("type"): "sunfuse/new_chargers/accept",
        vol.Optional("entry_id"): str,
        vol.Required("identities"): vol.All([str], vol.Length(min=1, max=MOST)),
        vol.Required("pattern"): vol.All(str, vol.Strip, vol.Length(min=1, max=60)),
        vol.Required("mode"): vol.In(list(Mode)),
        vol.Optional("first", default=1): vol.All(int, vol.Range(min=0, max=100_000)),
        vol.Optional("circuit", default=MAIN_CIRCUIT): str,
        vol.Optional("phases"): vol.All(int, vol.Range(min=1, max=3)),
        vol.Optional("max_a"): vol.All(vol.Coerce(float), vol.Range(min=6, max=500)),
        vol.Optional("preview", default=False): bool,
    }
)
@websocket_api.require_admin
@callback
def accept_chargers(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Accept chargers that wait, or show with which settings they would be accepted."""
    if (entry := site_for(hass, connection, msg)) is None:
        return
    if any(check_identity(entry, identity) for identity in msg["identities"]):
        connection.send_error(msg["id"], ERR_INVALID_FORMAT, "A charger is known")
        return
    chargers = proposed(entry, msg["identities"], msg)
    if not msg["preview"]:
        hass.async_create_background_task(
            _async_accept(hass, entry, chargers), f"{DOMAIN} accepts chargers"
        )
    connection.send_result(
        msg["id"],
        [
            {
                "identity": charger.data[CONF_IDENTITY],
                "name": charger.name,
                "phase": charger.data[CONF_L1_PHASE],
                "fail_safe_a": charger.data[CONF_FAIL_SAFE_CURRENT],
            }
            for charger in chargers
        ],
    )


async def _async_accept(
    hass: HomeAssistant, entry: SunfuseConfigEntry, chargers: list[NewCharger]
) -> None:
    """Accept one after the other: the entities of fifty at once are more changes than a browser's connection takes."""
    for charger in chargers:
        await asyncio.sleep(_PAUSE_S)
        identity = charger.data[CONF_IDENTITY]
        hass.config_entries.async_add_subentry(
            entry,
            ConfigSubentry(
                data=MappingProxyType(dict(charger.data)),
                subentry_type=SUBENTRY_CHARGER,
                title=charger.name,
                unique_id=identity,
            ),
        )
        flows = hass.config_entries.flow
        for flow in flows.async_progress_by_handler(
            DOMAIN, match_context={"unique_id": f"{entry.entry_id}_{identity}"}
        ):
            flows.async_abort(flow["flow_id"])
