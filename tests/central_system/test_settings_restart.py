"""Chargers that use a setting only after a restart (WARP; Etrel, lbbrhzn/ocpp issue 1015) are restarted when no car is there."""

import json
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem

from ..common import wait_until
from .charger import VERSIONS, Charger
from .charging import CP1, variables_of
from .client import Payload
from .conftest import Connect, SteppedClock


def _later(charger: Charger) -> Any:
    """Answer a change of what is measured with RebootRequired, and of all else with Accepted."""

    def of_1_6(request: Payload) -> Payload:
        later = request["key"] == "MeterValuesSampledData"
        return {"status": "RebootRequired" if later else "Accepted"}

    def of_2(request: Payload) -> Payload:
        (data,) = request["setVariableData"]
        later = data["variable"]["name"] == "TxUpdatedMeasurands"
        status = "RebootRequired" if later else "Accepted"
        place = {name: data[name] for name in ("component", "variable")}
        return {"setVariableResult": [{**place, "attributeStatus": status}]}

    return of_1_6 if charger.old else of_2


async def _connect(connect: Connect, version: str) -> Charger:
    charger = await Charger.connect(connect, version)
    charger.station.answers[charger.sets] = _later(charger)
    if not charger.old:
        charger.station.answers["GetVariables"] = variables_of(
            {"TxUpdatedMeasurands": "Energy.Active.Import.Register"}
        )
    await charger.boot()
    await charger.set_up()
    return charger


@pytest.mark.parametrize("version", VERSIONS)
async def test_restarts_once_when_no_car_is_connected(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """Not while a car is connected, and not again if the charger forgets its setting, also after our restart."""
    system.accept(CP1)
    charger = await _connect(connect, version)
    await charger.status("Preparing", clock.text())
    await charger.station.call("Heartbeat", {})
    assert not charger.station.received("Reset")
    await charger.status("Available", clock.text())
    await charger.station.call("Heartbeat", {})
    reset = await charger.station.wait_received("Reset")
    assert reset["type"] in ("Soft", "OnIdle")
    for ours in (False, True):
        await charger.station.close()
        await wait_until(
            lambda: not system.stations["CP1"].state.connected, "the disconnection"
        )
        if ours:
            memory = json.loads(json.dumps(system.stations["CP1"].memory()))
            system.forget("CP1")
            await wait_until(lambda: not system.stations, "the station to be gone")
            system.accept(CP1, memory)
        charger = await _connect(connect, version)
        await charger.status("Available", clock.text())
        await charger.station.call("Heartbeat", {})
        assert not charger.station.received("Reset")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refused_restart_is_tried_again(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """An hour later, and once more only if it was refused: a charger that does not answer may have restarted."""
    system.accept(CP1)
    charger = await _connect(connect, version)
    charger.station.answers["Reset"] = {"status": "Rejected"}
    await charger.status("Available", clock.text())
    await charger.station.call("Heartbeat", {})
    await charger.station.wait_received("Reset")
    await charger.station.call("Heartbeat", {})
    charger.station.answers["Reset"] = {"status": "Accepted"}
    resets = []
    for minutes in (5, 50, 6, 70):
        clock.step(minutes * 60)
        await charger.station.call("Heartbeat", {})
        await charger.station.call("Heartbeat", {})
        resets.append(len(charger.station.received("Reset")))
    assert resets == [1, 1, 2, 2]
