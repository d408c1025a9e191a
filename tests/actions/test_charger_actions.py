"""The actions: what automations can command a charger, and how a failure is reported."""

from collections.abc import Callable
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr

from ..central_system.client import ANSWERS_2, Payload, RawStation
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")


def device_of(home: Home, identity: str) -> str:
    """Return the device of a charger."""
    device = dr.async_get(home.hass).async_get_device_by_identifier(
        (DOMAIN, f"{home.entry.entry_id}_{identity}"), home.entry.entry_id
    )
    assert device
    return device.id


@pytest.mark.parametrize(
    ("action", "data", "answer", "request_sent", "response"),
    [
        (
            "get_configuration",
            {"keys": ["HeartbeatInterval"]},
            (
                "GetConfiguration",
                {
                    "configurationKey": [
                        {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
                    ]
                },
            ),
            ("GetConfiguration", {"key": ["HeartbeatInterval"]}),
            {"configuration": {"HeartbeatInterval": "300"}},
        ),
        (
            "set_configuration",
            {"key": "LightIntensity", "value": "50"},
            ("ChangeConfiguration", {"status": "RebootRequired"}),
            ("ChangeConfiguration", {"key": "LightIntensity", "value": "50"}),
            {"result": "reboot_required"},
        ),
        (
            "trigger_message",
            {"message": "Heartbeat"},
            ("TriggerMessage", {"status": "Accepted"}),
            ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
            None,
        ),
        (
            "reset",
            {"hard": True},
            ("Reset", {"status": "Accepted"}),
            ("Reset", {"type": "Hard"}),
            None,
        ),
        (
            "unlock",
            {},
            ("UnlockConnector", {"status": "Unlocked"}),
            ("UnlockConnector", {"connectorId": 1}),
            None,
        ),
        (
            "set_availability",
            {"operative": False},
            ("ChangeAvailability", {"status": "Accepted"}),
            ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
            None,
        ),
        (
            "clear_cache",
            {},
            ("ClearCache", {"status": "Accepted"}),
            ("ClearCache", {}),
            None,
        ),
        (
            "get_composite_schedule",
            {"duration": 600},
            (
                "GetCompositeSchedule",
                {
                    "status": "Accepted",
                    "connectorId": 1,
                    "scheduleStart": "2026-11-01T10:00:00Z",
                    "chargingSchedule": {
                        "duration": 600,
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [
                            {"startPeriod": 0, "limit": 10},
                            {"startPeriod": 120, "limit": 6},
                        ],
                    },
                },
            ),
            (
                "GetCompositeSchedule",
                {"connectorId": 1, "duration": 600, "chargingRateUnit": "A"},
            ),
            {
                "duration": 600,
                "schedule": [{"start": 0, "limit": 10}, {"start": 120, "limit": 6}],
            },
        ),
        (
            "get_log",
            {"location": "ftp://nas/logs"},
            ("GetDiagnostics", {"fileName": "log.zip"}),
            ("GetDiagnostics", {"location": "ftp://nas/logs"}),
            {"file": "log.zip"},
        ),
        (
            "cancel_reservation",
            {"reservation_id": 7},
            ("CancelReservation", {"status": "Accepted"}),
            ("CancelReservation", {"reservationId": 7}),
            None,
        ),
        (
            "reserve",
            {
                "reservation_id": 7,
                "card": "ABC",
                "until": "2026-12-01 10:00:00+00:00",
            },
            ("ReserveNow", {"status": "Accepted"}),
            (
                "ReserveNow",
                {
                    "connectorId": 1,
                    "expiryDate": "2026-12-01T10:00:00",
                    "idTag": "ABC",
                    "reservationId": 7,
                },
            ),
            None,
        ),
        (
            "transfer_data",
            {"vendor": "org.acme", "message": "hello", "data": "x"},
            ("DataTransfer", {"status": "Accepted", "data": "y"}),
            (
                "DataTransfer",
                {"vendorId": "org.acme", "messageId": "hello", "data": "x"},
            ),
            {"data": "y"},
        ),
        (
            "update_firmware",
            {
                "location": "https://nas/fw.bin",
                "retrieve_at": "2026-12-01 10:00:00+00:00",
            },
            ("UpdateFirmware", {}),
            (
                "UpdateFirmware",
                {
                    "location": "https://nas/fw.bin",
                    "retrieveDate": "2026-12-01T10:00:00",
                },
            ),
            None,
        ),
    ],
)
async def test_an_action_reaches_the_charger(
    hass: HomeAssistant,
    start: Callable[..., Any],
    action: str,
    data: dict[str, Any],
    answer: tuple[str, Payload],
    request_sent: tuple[str, Payload],
    response: dict[str, Any] | None,
) -> None:
    """The message that the specification has for it goes out, and the answer comes back."""
    home = await start("CP1")
    station = await home.boot("CP1")
    await home.shows("sensor", "CP1/1_status", "available")
    station.answers[answer[0]] = answer[1]
    result = await hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": device_of(home, "CP1"), **data},
        blocking=True,
        return_response=response is not None,
    )
    assert result == response
    name, payload = request_sent
    sent = [found for sent_name, found in station.requests if sent_name == name]
    # The station's clock is a few milliseconds off ours; times go out to the second or finer.
    assert any(_matches(found, payload) for found in sent), sent


def _matches(found: Payload, wanted: Payload) -> bool:
    """Whether a request says what was wanted; times may be written finer."""
    return found.keys() >= wanted.keys() and all(
        str(found[key]).startswith(str(value)) if "Date" in key else found[key] == value
        for key, value in wanted.items()
    )


async def test_what_a_charger_cannot_do(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """OCPP 1.6 has no display messages; a refusal is reported, and so is a device that is not a charger."""
    home = await start("CP1")
    station = await home.boot("CP1")
    await home.shows("sensor", "CP1/1_status", "available")
    device_id = device_of(home, "CP1")
    for extra in ({"text": "Hello"}, {}):
        with pytest.raises(HomeAssistantError) as error:
            await hass.services.async_call(
                DOMAIN,
                "set_display_message",
                {"device_id": device_id, "message_id": 1, **extra},
                blocking=True,
            )
        assert error.value.translation_key == "command_not_supported"
    station.answers["ClearCache"] = {"status": "Rejected"}
    with pytest.raises(HomeAssistantError) as error:
        await hass.services.async_call(
            DOMAIN, "clear_cache", {"device_id": device_id}, blocking=True
        )
    assert error.value.translation_key == "command_refused"
    site = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, home.entry.entry_id), home.entry.entry_id
    )
    assert site
    for stranger in (site.id, "no-such-device"):
        with pytest.raises(ServiceValidationError) as wrong:
            await hass.services.async_call(
                DOMAIN, "clear_cache", {"device_id": stranger}, blocking=True
            )
        assert wrong.value.translation_key == "no_such_charger"
    await hass.config_entries.async_unload(home.entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(
            DOMAIN, "clear_cache", {"device_id": device_id}, blocking=True
        )


@pytest.mark.parametrize(
    ("version", "word"), [("ocpp2.0.1", "OCPP20"), ("ocpp2.1", "OCPP21")]
)
async def test_another_way_to_connect(
    hass: HomeAssistant, start: Callable[..., Any], version: str, word: str
) -> None:
    """A charger of 2.x is configured where to connect with which security profile, and a refusal is reported."""
    home = await start("CP1")
    port = home.entry.runtime_data.central_system.port
    station = await RawStation.connect(home.session, port, protocols=(version,))
    station.answers = ANSWERS_2 | {"SetNetworkProfile": {"status": "Accepted"}}
    await station.boot2()
    await home.shows("binary_sensor", "CP1_connected", "on")

    async def act() -> None:
        await hass.services.async_call(
            DOMAIN,
            "set_network_profile",
            {
                "device_id": device_of(home, "CP1"),
                "slot": 2,
                "url": "wss://home.local:9000/",
                "security_profile": 3,
            },
            blocking=True,
        )

    await act()
    assert await station.wait_received("SetNetworkProfile") == {
        "configurationSlot": 2,
        "connectionData": {
            "ocppVersion": word,
            "ocppTransport": "JSON",
            "ocppCsmsUrl": "wss://home.local:9000/",
            "messageTimeout": 30,
            "securityProfile": 3,
            "ocppInterface": "Wired0",
        },
    }
    station.answers["SetNetworkProfile"] = {"status": "Rejected"}
    with pytest.raises(HomeAssistantError) as error:
        await act()
    assert error.value.translation_key == "command_refused"
