"""The actions with which users and automations control a charger."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util

from ..central_system import Station
from ..central_system.station_commands import Firmware, LogKind
from ..central_system.station_state import CommandError
from ..const import DOMAIN
from .targets import connector_of_device
from .values import (
    DURATION_S,
    FILE_ADDRESS,
    POSITIVE_INT,
    YES_OR_NO,
    ActionSchema,
    moment,
    one_of,
)

type CallData = Mapping[str, Any]
type Action = Callable[[Station, int, CallData], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDescription:
    """An action: its fields beside the charger's device, and its command to the station.

    `connector` is 0 if the user named the charger as a whole.
    """

    name: str
    run: Action
    fields: Mapping[vol.Marker, Any] = field(default_factory=dict)
    response: SupportsResponse = SupportsResponse.NONE


async def _get_configuration(
    station: Station, _connector: int, data: CallData
) -> dict[str, Any]:
    adapter = await station.in_service()
    return {"configuration": await adapter.get_configuration(tuple(data["keys"]))}


async def _set_configuration(
    station: Station, _connector: int, data: CallData
) -> dict[str, Any]:
    adapter = await station.in_service()
    result = await adapter.set_configuration(data["key"], data["value"])
    return {"result": result.value}


async def _trigger_message(station: Station, connector: int, data: CallData) -> None:
    adapter = await station.in_service()
    await adapter.trigger(data["message"], connector or None)


async def _reset(station: Station, _connector: int, data: CallData) -> None:
    adapter = await station.in_service()
    await adapter.reset(hard=data["hard"])


async def _unlock(station: Station, connector: int, _data: CallData) -> None:
    adapter = await station.in_service()
    await adapter.unlock(connector or 1)


async def _set_availability(station: Station, connector: int, data: CallData) -> None:
    adapter = await station.in_service()
    await adapter.set_availability(connector, operative=data["operative"])


async def _clear_cache(station: Station, _connector: int, _data: CallData) -> None:
    adapter = await station.in_service()
    await adapter.clear_cache()


async def _get_composite_schedule(
    station: Station, connector: int, data: CallData
) -> dict[str, Any]:
    adapter = await station.in_service()
    schedule = await adapter.schedule(connector or 1, data["duration"])
    return {
        "duration": schedule.duration_s,
        "schedule": [
            {"start": start_s, "limit": limit_a} for start_s, limit_a in schedule.steps
        ],
    }


async def _get_log(station: Station, _connector: int, data: CallData) -> dict[str, Any]:
    adapter = await station.in_service()
    file = await adapter.send_log(data["location"], LogKind(data["log"]))
    return {"file": file}


async def _update_firmware(station: Station, _connector: int, data: CallData) -> None:
    retrieve_at: datetime = data.get("retrieve_at") or dt_util.utcnow()
    adapter = await station.in_service()
    await adapter.update_firmware(
        Firmware(
            location=data["location"],
            retrieve_at=retrieve_at,
            signing_certificate=data.get("signing_certificate"),
            signature=data.get("signature"),
        )
    )


async def _transfer_data(
    station: Station, _connector: int, data: CallData
) -> dict[str, Any]:
    adapter = await station.in_service()
    answer = await adapter.transfer_data(
        data["vendor"], data.get("message"), data.get("data")
    )
    return {"data": answer}


async def _set_display_message(
    station: Station, _connector: int, data: CallData
) -> None:
    adapter = await station.in_service()
    if text := data.get("text"):
        await adapter.display(data["message_id"], text, data.get("language"))
    else:
        await adapter.clear_display(data["message_id"])


ACTIONS: tuple[ActionDescription, ...] = (
    ActionDescription(
        name="get_configuration",
        run=_get_configuration,
        fields={
            vol.Optional("keys", default=list): vol.All(cv.ensure_list, [cv.string])
        },
        response=SupportsResponse.ONLY,
    ),
    ActionDescription(
        name="set_configuration",
        run=_set_configuration,
        fields={
            vol.Required("key"): cv.string,
            vol.Required("value"): cv.string,
        },
        response=SupportsResponse.OPTIONAL,
    ),
    ActionDescription(
        name="trigger_message",
        run=_trigger_message,
        fields={vol.Required("message"): cv.string},
    ),
    ActionDescription(
        name="reset",
        run=_reset,
        fields={vol.Optional("hard", default=False): YES_OR_NO},
    ),
    ActionDescription(name="unlock", run=_unlock),
    ActionDescription(
        name="set_availability",
        run=_set_availability,
        fields={vol.Required("operative"): YES_OR_NO},
    ),
    ActionDescription(name="clear_cache", run=_clear_cache),
    ActionDescription(
        name="get_composite_schedule",
        run=_get_composite_schedule,
        fields={vol.Optional("duration", default=3600): DURATION_S},
        response=SupportsResponse.ONLY,
    ),
    ActionDescription(
        name="get_log",
        run=_get_log,
        fields={
            vol.Required("location"): FILE_ADDRESS,
            vol.Optional("log", default=LogKind.DIAGNOSTICS.value): one_of(
                *(kind.value for kind in LogKind)
            ),
        },
        response=SupportsResponse.OPTIONAL,
    ),
    ActionDescription(
        name="update_firmware",
        run=_update_firmware,
        fields={
            vol.Required("location"): FILE_ADDRESS,
            vol.Optional("retrieve_at"): moment,
            vol.Optional("signing_certificate"): cv.string,
            vol.Optional("signature"): cv.string,
        },
    ),
    ActionDescription(
        name="transfer_data",
        run=_transfer_data,
        fields={
            vol.Required("vendor"): cv.string,
            vol.Optional("message"): cv.string,
            vol.Optional("data"): cv.string,
        },
        response=SupportsResponse.OPTIONAL,
    ),
    ActionDescription(
        name="set_display_message",
        run=_set_display_message,
        fields={
            vol.Required("message_id"): POSITIVE_INT,
            vol.Optional("text"): cv.string,
            vol.Optional("language"): cv.string,
        },
    ),
)


@callback
def async_setup_charger_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    register(hass, ACTIONS)


@callback
def register(hass: HomeAssistant, actions: Iterable[ActionDescription]) -> None:
    """Register actions. They control other people's chargers, so they are for administrators."""
    for action in actions:
        async_register_admin_service(
            hass,
            DOMAIN,
            action.name,
            _handler(hass, action),
            schema=ActionSchema(
                {vol.Required(ATTR_DEVICE_ID): cv.string, **action.fields}
            ),
            supports_response=action.response,
        )


@contextmanager
def command_errors() -> Iterator[None]:
    """Convert a failed command into an error that the user can read."""
    try:
        yield
    except CommandError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=f"command_{err.key}",
            translation_placeholders={"detail": err.detail},
        ) from err


def _handler(
    hass: HomeAssistant, action: ActionDescription
) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    async def handle(call: ServiceCall) -> ServiceResponse:
        entry, key = connector_of_device(hass, call.data[ATTR_DEVICE_ID])
        station = entry.runtime_data.central_system.stations[key.identity]
        with command_errors():
            response = await action.run(station, key.connector, call.data)
        return response if call.return_response else None

    return handle
