"""EVSEs, connectors and their statuses, as chargers of 2.x report them."""

from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem
from custom_components.sunfuse.engine.model import ConnectorStatus

from .charging import CP1, EVSE, connector
from .client import ANSWERS_2, Payload
from .conftest import Connect, SteppedClock, Watched
from .v2_station import ready

pytestmark = pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])


async def test_a_status_in_an_event(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """OCPP 2.0.1 (G01) lets a charger report AvailabilityState in NotifyEvent instead of StatusNotification."""
    station = await ready(connect, system, version)

    async def tell(value: str, variable: str = "AvailabilityState") -> None:
        event = {
            "eventId": 1,
            "timestamp": clock.text(),
            "trigger": "Delta",
            "actualValue": value,
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "Connector", "evse": EVSE},
            "variable": {"name": variable},
        }
        payload = {"generatedAt": clock.text(), "seqNo": 0, "eventData": [event]}
        assert await station.call("NotifyEvent", payload) == {}

    await tell("Occupied")
    assert connector(system).status is ConnectorStatus.PREPARING
    await tell("Available")
    assert connector(system).status is ConnectorStatus.AVAILABLE
    # What is none of it changes nothing.
    await tell("Asleep")
    await tell("Faulted", "Problem")
    assert connector(system).status is ConnectorStatus.AVAILABLE


@pytest.mark.parametrize(
    "component",
    [
        {"name": "Connector", "evse": EVSE},
        {"name": "Connector", "evse": {"id": 1}},
        {"name": "EVSE", "evse": {"id": 1}},
    ],
)
async def test_a_status_in_a_report(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    component: Payload,
) -> None:
    """A report on the device model contains the status of a connector, or of its EVSE; it hides no more exact one."""
    station = await ready(connect, system, version)

    async def tell(value: str, **changes: Any) -> None:
        entry = {
            "component": component,
            "variable": {"name": "AvailabilityState"},
            "variableAttribute": [{"value": value, **changes}],
        }
        payload = {"requestId": 1, "generatedAt": clock.text(), "seqNo": 0}
        assert (
            await station.call("NotifyReport", payload | {"reportData": [entry]}) == {}
        )

    await tell("Occupied", type="Target")
    await tell("Asleep")
    assert connector(system).status is not ConnectorStatus.PREPARING
    await tell("Occupied")
    assert connector(system).status is ConnectorStatus.PREPARING
    await station.event("Started", clock.text(), 0, state="SuspendedEV", evse=EVSE)
    await tell("Occupied")
    assert connector(system).status is ConnectorStatus.SUSPENDED_EV
    await tell("Available")
    assert connector(system).status is ConnectorStatus.AVAILABLE
    assert len(system.stations["CP1"].state.connectors) == 1


async def test_a_status_that_is_asked_for(
    watched: Watched, connect: Connect, version: str
) -> None:
    """A charger that refuses to report a status on request is asked for its variable."""

    def variables(request: Payload) -> Payload:
        (data,) = request["getVariableData"]
        answer = {key: data[key] for key in ("component", "variable")}
        if data["variable"]["name"] == "AvailabilityState":
            assert data["component"] == {"name": "Connector", "evse": EVSE}
            answer |= {"attributeStatus": "Accepted", "attributeValue": "Occupied"}
        else:
            answer["attributeStatus"] = "UnknownComponent"
        return {"getVariableResult": [answer]}

    watched.system.accept(CP1)
    station = await connect(protocols=(version,))
    station.answers |= ANSWERS_2 | {
        "TriggerMessage": {"status": "Rejected"},
        "GetVariables": variables,
    }
    await station.boot2()
    await watched.until(
        lambda: connector(watched.system).status is ConnectorStatus.PREPARING
    )


async def test_several_evses(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """Connectors of several EVSEs have numbers of their own, and limits go to their EVSE."""
    station = await ready(connect, system, version)
    for evse, number in ((1, 1), (2, 1), (2, 2)):
        await station.status2("Available", clock.text(), evse, number)
    numbers = {
        (state.evse_id, state.id) for state in system.stations["CP1"].state.connectors
    }
    assert numbers == {(1, 1), (2, 2), (2, 3)}
    await station.status2("Occupied", clock.text(), 2, 2)
    await station.event(
        "Started", clock.text(), 0, state="Charging", evse={"id": 2, "connectorId": 2}
    )
    assert connector(system, 3).transaction is not None
    station.requests.clear()
    await system.stations["CP1"].offer(3, 9)
    assert station.received("SetChargingProfile")[0]["evseId"] == 2
    await (await system.stations["CP1"].in_service()).unlock(3)
    assert station.received("UnlockConnector") == [{"evseId": 2, "connectorId": 2}]


@pytest.mark.parametrize("has", [None, 2])
async def test_connectors_by_the_device_model(
    watched: Watched,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    has: int | None,
) -> None:
    """Statuses of 32 EVSEs are believed as far as the device model has them; without one, none of so many."""

    def variables(request: Payload) -> Payload:
        (data,) = request["getVariableData"]
        evse = data["component"].get("evse", {"id": 99})["id"]
        answer = {key: data[key] for key in ("component", "variable")}
        if has is None or evse > has:
            answer["attributeStatus"] = "UnknownComponent"
        else:
            answer |= {"attributeStatus": "Accepted", "attributeValue": "true"}
        return {"getVariableResult": [answer]}

    system = watched.system
    system.accept(CP1)
    station = await connect(protocols=(version,))
    station.answers |= ANSWERS_2 | {"GetVariables": variables}
    await station.boot2()
    for evse in range(1, 33):
        await station.status2("Available", clock.text(), evse)

    def known() -> tuple[int, ...]:
        return system.stations["CP1"].state.known_connectors

    believed = tuple(range(1, (has or 1) + 1))
    await watched.until(lambda: known() == believed)
    for evse in range(1, 33):
        await station.status2("Available", clock.text(), evse)
    assert known() == believed
    assert system.stations["CP1"].state.counts_connectors is (has is not None)
    await station.event(
        "Started", clock.text(), 0, state="Charging", evse={"id": 3, "connectorId": 1}
    )
    assert set(known()) == {*believed, 3}


async def test_statuses_are_asked_for_one_by_one(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """Of the charger as a whole, none may be asked for (part 2, F06.FR.12); libocpp refuses that."""
    station = await ready(connect, system, version)
    await station.status2("Available", clock.text(), evse=1)
    await station.status2("Available", clock.text(), evse=2)
    station.requests.clear()
    station.answers["TriggerMessage"] = {"status": "Accepted"}
    adapter = await system.stations["CP1"].in_service()
    await adapter.trigger("StatusNotification", None)
    await adapter.trigger("Heartbeat", None)
    asked = [
        request.get("evse")
        for request in station.received("TriggerMessage")
        if request["requestedMessage"] != "MeterValues"  # a part of the setup
    ]
    assert asked == [EVSE, {"id": 2, "connectorId": 1}, None]
