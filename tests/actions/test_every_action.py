"""Every action about a charger, with simulated chargers of each version, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.simulator import ChargerSpec, Simulation
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..certificates import write_certificate
from ..common import wait_until
from ..site.chargers.test_charger_security import subentry_of
from ..site_fixtures import Home
from .test_charger_actions import device_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
# A setting that each version has.
KEYS = {
    "ocpp1.6": "HeartbeatInterval",
    "ocpp2.0.1": "OCPPCommCtrlr.HeartbeatInterval",
    "ocpp2.1": "OCPPCommCtrlr.HeartbeatInterval",
}

type Act = Callable[..., Any]


class Played:
    """A site with one simulated charger."""

    def __init__(self, home: Home, simulation: Simulation) -> None:
        """Remember both."""
        self.home = home
        self.charger = simulation.chargers["CP1"]

    async def act(self, action: str, *, answers: bool = False, **data: Any) -> Any:
        """Use an action on the charger."""
        return await self.home.hass.services.async_call(
            DOMAIN,
            action,
            {"device_id": device_of(self.home, "CP1"), **data},
            blocking=True,
            return_response=answers,
        )

    async def fails(self, error: str, action: str, /, **data: Any) -> None:
        """Use an action that the charger does not do."""
        with pytest.raises(HomeAssistantError) as raised:
            await self.act(action, **data)
        assert raised.value.translation_key == error


async def live(simulation: Simulation) -> None:
    """Let the charger's time pass."""
    while True:
        simulation.advance(0.2)
        await asyncio.sleep(0.05)


@pytest.fixture(params=VERSIONS)
async def played(
    request: pytest.FixtureRequest, start: Callable[..., Any]
) -> AsyncIterator[Played]:
    """Return a site with a charger of each version that is in service, with no car."""
    home: Home = await start("CP1")
    port = home.entry.runtime_data.central_system.port
    simulation = Simulation(
        url=f"ws://127.0.0.1:{port}/",
        chargers=(ChargerSpec(identity="CP1", name="Garage", protocol=request.param),),
    )
    played = Played(home, simulation)
    played.charger.unplug()
    async with ClientSession() as session:
        tasks = (
            asyncio.create_task(played.charger.station.uplink.run(session)),
            asyncio.create_task(live(simulation)),
        )
        await home.shows("sensor", "CP1/1_status", "available")
        yield played
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_settings(played: Played) -> None:
    """Settings are read, all or by name, and changed; what there is not is None."""
    key = KEYS[played.charger.station.spec.protocol]
    answer = await played.act("set_configuration", answers=True, key=key, value="77")
    assert answer["result"] in ("accepted", "reboot_required")
    answer = await played.act("get_configuration", answers=True, keys=[key])
    assert answer == {"configuration": {key: "77"}}
    everything = await played.act("get_configuration", answers=True)
    assert len(everything["configuration"]) > 10
    unknown = "No.Such"
    answer = await played.act("get_configuration", answers=True, keys=[unknown])
    assert answer == {"configuration": {unknown: None}}
    await played.fails(
        "command_not_supported", "set_configuration", key=unknown, value="1"
    )


async def test_orders(played: Played) -> None:
    """Simple commands to a charger."""
    await played.act("trigger_message", message="Heartbeat")
    await played.act("clear_cache")
    await played.act("unlock")
    schedule = await played.act("get_composite_schedule", answers=True, duration=600)
    assert schedule["duration"] == 600
    assert schedule["schedule"][0]["start"] == 0
    log = await played.act(
        "get_log", answers=True, location="ftp://nas/logs", log="diagnostics"
    )
    assert log["file"] is None or log["file"]
    await played.act("get_log", answers=True, location="ftp://nas/logs", log="security")
    await played.fails("command_refused", "transfer_data", vendor="org.acme")
    # No car draws anything: there is nothing to see.
    await played.fails("command_impossible", "test_fail_safe")
    await played.act("reset")


async def test_availability(played: Played) -> None:
    """Out of service and back: by the action, and by the switch."""
    home = played.home
    await played.act("set_availability", operative=False)
    await home.shows("sensor", "CP1/1_status", "unavailable")
    await played.act("set_availability", operative=True)
    await home.shows("sensor", "CP1/1_status", "available")


async def test_reservation(played: Played) -> None:
    """A connector is kept for a card, and free again."""
    until = dt_util.utcnow() + timedelta(hours=1)
    await played.act("reserve", reservation_id=7, card="CARD1234", until=until)
    await played.home.shows("sensor", "CP1/1_status", "reserved")
    await played.act("cancel_reservation", reservation_id=7)
    await played.home.shows("sensor", "CP1/1_status", "available")
    await played.fails("command_refused", "cancel_reservation", reservation_id=8)


async def test_a_reservation_that_the_charger_forgot(played: Played) -> None:
    """It refuses to cancel what it does not know; the reservation here ends all the same, with what it promises."""
    until = dt_util.utcnow() + timedelta(hours=1)
    promise: dict[str, Any] = {"energy": 5, "departure": until}
    await played.act("reserve", reservation_id=7, card="CARD1", until=until, **promise)
    await played.home.shows("sensor", "CP1/1_status", "reserved")
    for connector in played.charger.station.connectors:
        connector.reservation = None
    await played.act("cancel_reservation", reservation_id=7)
    assert played.home.entry.runtime_data.departures.reservations == ()
    half = {"reservation_id": 7, "card": "A", "until": until, "energy": 5}
    await played.fails("promise_incomplete", "reserve", **half)
    blank = {"reservation_id": 7, "card": " ", "until": until}
    await played.fails("text_length", "reserve", **blank)


async def test_display(played: Played) -> None:
    """From 2.0.1 on there may be a display."""
    if played.charger.station.spec.protocol == "ocpp1.6":
        await played.fails(
            "command_not_supported", "set_display_message", message_id=1, text="Hello"
        )
        return
    await played.act("set_display_message", message_id=1, text="Hello", language="en")
    await played.act("set_display_message", message_id=1)
    await played.fails("command_refused", "set_display_message", message_id=1)


async def test_password(hass: HomeAssistant, played: Played) -> None:
    """It is changed through OCPP, stored, and shown once; afterwards the charger connects only with it."""
    answer = await played.act("change_password", answers=True)
    password = answer["password"]
    data = subentry_of(played.home, "CP1").data
    assert (data["security"], data["password"]) == ("password", password)
    assert played.charger.station.uplink.password == password
    await played.act("change_password", password="ab" * 16)
    assert subentry_of(played.home, "CP1").data["password"] == "ab" * 16
    await played.fails("password_form", "change_password", password="secret")
    await played.act("reset", hard=True)
    await played.home.shows("binary_sensor", "CP1_connected", "off")
    await played.home.shows("binary_sensor", "CP1_connected", "on")


async def test_certificates(played: Played, tmp_path: Path) -> None:
    """Installed, listed and deleted."""
    path, _ = write_certificate(tmp_path, "root")
    certificate = Path(path).read_text("utf-8")
    if played.charger.station.spec.protocol != "ocpp1.6":
        # The simulated chargers of 2.x have no certificates.
        for action, data in (
            ("install_certificate", {"kind": "v2g_root", "certificate": certificate}),
            ("get_certificates", {"answers": True}),
        ):
            await played.fails("command_not_supported", action, **data)
        return
    await played.act(
        "install_certificate", kind="central_system_root", certificate=certificate
    )
    answer = await played.act("get_certificates", answers=True)
    found = answer["certificates"][0]
    assert found["kind"]
    await played.fails("no_such_certificate", "delete_certificate", serial_number="no")
    await played.act("delete_certificate", serial_number=found["serial_number"])
    answer = await played.act("get_certificates", answers=True)
    assert answer == {"certificates": []}


async def test_network_profile(played: Played) -> None:
    """From 2.0.1 on a charger can be configured where to connect; an invalid address never reaches it."""
    profile: dict[str, Any] = {
        "slot": 2,
        "url": "wss://home:9000/",
        "security_profile": 3,
    }
    # The simulated chargers have one way to connect.
    await played.fails("command_not_supported", "set_network_profile", **profile)
    wrongs: tuple[dict[str, Any], ...] = (
        {"url": "https://home"},
        {"security_profile": 4},
        {"slot": -1},
    )
    for wrong in wrongs:
        with pytest.raises(ServiceValidationError):
            await played.act("set_network_profile", **(profile | wrong))


async def test_firmware(played: Played) -> None:
    """The charger reports its progress, and the update entity shows that it is busy."""
    await played.act("update_firmware", location="https://nas/firmware.bin")

    def told() -> str | None:
        stations = played.home.entry.runtime_data.central_system.stations
        status: str | None = stations["CP1"].state.firmware_status
        return status

    await wait_until(told, "a status of the firmware")
