"""A charger of OCPP 2.x that is set up, and one whose car charges."""

from typing import Any

from custom_components.sunfuse.central_system import CentralSystem

from .charging import CP1, EVSE
from .client import ANSWERS_2, Payload, RawStation
from .conftest import Connect, SteppedClock

TOKEN: Payload = {"idToken": "CARD", "type": "ISO14443"}


async def ready(
    connect: Connect, system: CentralSystem, version: str, **answers: Any
) -> RawStation:
    """Return a station that is set up."""
    system.accept(CP1)
    station = await connect(protocols=("ocpp1.6", version))
    assert station.websocket.protocol == version
    station.answers |= ANSWERS_2 | answers
    await station.boot2()
    await station.wait_received("TriggerMessage")
    return station


async def charging_car(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    **answers: Any,
) -> RawStation:
    """Return a station whose car charges."""
    station = await ready(connect, system, version, **answers)
    await station.status2("Occupied", clock.text())
    await station.event(
        "Started",
        clock.text(),
        0,
        state="Charging",
        energy_wh=1000,
        evse=EVSE,
        idToken=TOKEN,
    )
    station.requests.clear()
    return station
