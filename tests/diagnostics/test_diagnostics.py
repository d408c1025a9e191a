"""What a diagnostics download holds: what helps, and no secret, however deep it is buried."""

from collections.abc import Callable
import json
import re
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.diagnostics import async_get_config_entry_diagnostics
from homeassistant.core import HomeAssistant

from ..actions.test_charger_actions import device_of
from ..central_system.client import Refused
from ..common import charger
from ..site.people.test_cards import NUMBER, add_card, held
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

BOOT = {
    "chargePointVendor": "ABB",
    "chargePointModel": "TACW22",
    "chargePointSerialNumber": "SERIAL-0815",
    "firmwareVersion": "1.8.32",
    "iccid": "8949020000000000001",
}
STRANGER = "DEADBEEF42"
# Names that makers have for what opens their owner's networks.
NETWORK_KEYS = (
    *("WifiPSK", "wlan_passphrase", "ApnPass", "WPA2Key", "WiFi-Key"),
    *("NetworkKey", "WLAN_Pwd", "SimPinCode", "WifiPass2"),
)


async def test_no_secret_is_shown(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Passwords, numbers of cards and serial numbers: the whole file is searched for them."""
    home: Home = await start("CP1")
    await add_card(home)
    station = await home.connect("CP1")
    await station.call("BootNotification", BOOT)
    await home.tell(station, "Preparing")
    device = {"device_id": device_of(home, "CP1")}

    async def act(action: str, **data: str) -> Any:
        return await hass.services.async_call(
            DOMAIN, action, device | data, blocking=True, return_response=True
        )

    first = (await act("change_password"))["password"]
    second = (await act("change_password", password="AB" * 20))["password"]
    await act("set_configuration", key="AuthorizationKey", value="CD" * 20)
    for number, key in enumerate(NETWORK_KEYS):
        await act("set_configuration", key=key, value=f"network-{number}")
    await held(station, NUMBER)
    await held(station, STRANGER)
    with pytest.raises(Refused):
        await station.call("Rubbish", {"text": f"{NUMBER} and {second}"})
    for data in (
        json.dumps({"deep": [{"idToken": "FEEDF00D99", "note": NUMBER}]}),
        # OCPP 2.x: a driver's second number, and a car's certificates with its contract.
        json.dumps({"additionalInfo": [{"additionalIdToken": "BADC0FFEE1"}]}),
        json.dumps({"exiRequest": "gJgC-CONTRACT"}),
        f"card={NUMBER.lower()};password={first}",
    ):
        await station.call("DataTransfer", {"vendorId": "org.acme", "data": data})
    await station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": STRANGER,
            "meterStart": 1000,
            "timestamp": "2026-11-01T10:00:00Z",
        },
    )
    found = await async_get_config_entry_diagnostics(hass, home.entry)
    text = json.dumps(found).casefold()
    for secret in (
        first,
        second,
        "CD" * 20,
        NUMBER,
        STRANGER,
        "FEEDF00D99",
        "BADC0FFEE1",
        "gJgC-CONTRACT",
        *(f"network-{number}" for number in range(len(NETWORK_KEYS))),
        "SERIAL-0815",
        "8949020000000000001",
        "Anna",
    ):
        assert secret.casefold() not in text, secret

    (state,) = found["stations"]
    assert state["info"]["firmware"] == "1.8.32"
    assert state["quirks"] == ["abb_terra_ac_stack_level", "abb_terra_ac_measurands"]
    assert state["protocol"] == "ocpp1.6"
    assert found["cards"] == [{"kind": "rfid", "blocked": False}]
    actions = [
        message["message"][2]
        for message in state["messages"]
        if isinstance(message["message"], list) and message["message"][0] == 2
    ]
    assert {"BootNotification", "DataTransfer", "ChangeConfiguration"} <= set(actions)


async def test_no_address_names_a_charger(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Chargers that never connected have an address to configure: with a password, without one, with a short identity."""
    secured = {"security": "password", "password": "AB" * 20}
    home: Home = await start(
        "OPEN-4712", charger("SN-4711", **secured), charger("A1", **secured)
    )
    await home.shows("sensor", "SN-4711/1_reason", "never_connected")
    found = await async_get_config_entry_diagnostics(hass, home.entry)
    port = home.entry.data["port"]
    addresses = set(re.findall(rf":{port}/[^\"]*", json.dumps(found["snapshot"])))
    assert addresses == {f":{port}/charger 000{n}" for n in (1, 2, 3)}
    record = json.dumps(found["flight_record"])
    assert f":{port}/charger 0003" in record
    for identity in ("SN-4711", "OPEN-4712", "/A1"):
        assert identity not in record
    assert {state["identity"] for state in found["stations"]} == {
        "A1",
        "SN-4711",
        "charger 0002",
    }
