"""What a charger of 2.x reports in parts on request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    Adapter,
    CentralSystem,
    CommandError,
    StationConfig,
    Timing,
)

from .client import ANSWERS_2, Payload, RawStation
from .conftest import Connect

AT = "2026-06-01T12:00:00Z"
ACCEPTED = {"status": "Accepted"}

pytestmark = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


async def _ready(connect: Connect, system: CentralSystem, version: str) -> RawStation:
    system.accept(StationConfig(identity="CP1"))
    station = await connect(protocols=(f"ocpp{version}",))
    station.answers |= ANSWERS_2
    await station.boot2()
    await station.wait_received("TriggerMessage")
    station.requests.clear()
    return station


def _variable(component: str, variable: str, value: str, **more: Any) -> Payload:
    return {
        "component": {"name": component, **more},
        "variable": {"name": variable},
        "variableAttribute": [
            {"type": "Target", "value": "?"},
            {"value": value},
        ],
    }


def _report(*variables: Payload) -> Payload:
    return {"generatedAt": AT, "reportData": list(variables)}


def _profile(number: int) -> Payload:
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}],
    }
    return {
        "id": number,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }


def _profiles(evse: int) -> Payload:
    return {
        "chargingLimitSource": "CSO",
        "evseId": evse,
        "chargingProfile": [_profile(evse)],
    }


def _message(number: int) -> Payload:
    content = {"format": "UTF8", "content": "Hello"}
    return {"id": number, "priority": "NormalCycle", "message": content}


# What is asked, how the parts are called, the parts, and what comes of them.
CASES: dict[
    str, tuple[Callable[[Adapter], Awaitable[Any]], str, list[Payload], Any]
] = {
    "GetBaseReport": (
        lambda s: s.get_configuration(()),
        "NotifyReport",
        [
            _report(_variable("EVSE", "Power", "11000", evse={"id": 1})),
            _report(_variable("EVSE", "Power", "7400", evse={"id": 2})),
        ],
        {"EVSE.1.Power": "11000", "EVSE.2.Power": "7400"},
    ),
    "GetReport": (
        lambda s: s.report("TxCtrlr"),
        "NotifyReport",
        [_report(_variable("TxCtrlr", "A", "1")), {"generatedAt": AT}],
        {"TxCtrlr.A": "1"},
    ),
    "GetChargingProfiles": (
        lambda s: s.charging_profiles(),
        "ReportChargingProfiles",
        [_profiles(1), _profiles(2)],
        [{"evseId": 1, **_profile(1)}, {"evseId": 2, **_profile(2)}],
    ),
    "GetDisplayMessages": (
        lambda s: s.display_messages(),
        "NotifyDisplayMessages",
        [{"messageInfo": [_message(1)]}, {"messageInfo": [_message(2)]}, {}],
        [_message(1), _message(2)],
    ),
    "GetMonitoringReport": (
        lambda s: s.monitors(),
        "NotifyMonitoringReport",
        [{"generatedAt": AT}],
        [],
    ),
    "CustomerInformation": (
        lambda s: s.customer_information("CARD", clear=True),
        "NotifyCustomerInformation",
        [{"data": "Jane", "generatedAt": AT}, {"data": " Doe", "generatedAt": AT}],
        "Jane Doe",
    ),
}
COUNTED = ("NotifyReport", "NotifyMonitoringReport", "NotifyCustomerInformation")


async def _tell(
    station: RawStation, name: str, parts: list[Payload], request_id: int
) -> None:
    for number, part in enumerate(parts):
        more = number + 1 < len(parts)
        payload = {"requestId": request_id, "tbc": more, **part}
        if name in COUNTED:
            payload["seqNo"] = number
        await station.call(name, payload)


@pytest.mark.parametrize("action", CASES)
async def test_comes_in_parts(
    system: CentralSystem, connect: Connect, version: str, action: str
) -> None:
    """Several parts make one answer; parts that nobody asked for are only answered."""
    do, name, parts, result = CASES[action]
    station = await _ready(connect, system, version)
    station.answers[action] = ACCEPTED
    await _tell(station, name, parts, 99)
    asked = asyncio.ensure_future(do(await system.stations["CP1"].in_service()))
    request = await station.wait_received(action)
    await _tell(station, name, parts, request["requestId"])
    assert await asked == result


@pytest.mark.parametrize(
    "timing", [Timing(settle_s=0, return_s=600, ping_s=600, response_s=1)]
)
@pytest.mark.parametrize(
    ("numbers", "whole"),
    [
        ((2, 0, 1), True),  # the last part overtakes the others
        ((1, 2, 0), True),
        ((0, 0, 0), True),  # all alike
        ((1, 2, 3), True),  # counted from 1
        ((0, 2), False),  # one is lost
    ],
)
async def test_parts_in_any_order(
    system: CentralSystem,
    connect: Connect,
    version: str,
    numbers: tuple[int, ...],
    whole: bool,
) -> None:
    """A report is complete when all of it has arrived; without one of its parts it is none."""
    station = await _ready(connect, system, version)
    station.answers["GetReport"] = ACCEPTED
    adapter = await system.stations["CP1"].in_service()
    asked = asyncio.ensure_future(adapter.report("TxCtrlr"))
    request = await station.wait_received("GetReport")
    for place, number in enumerate(numbers):
        alike = len(set(numbers)) == 1
        more = place + 1 < len(numbers) if alike else number != max(numbers)
        report = _report(_variable("TxCtrlr", f"V{place}", "1"))
        report |= {"requestId": request["requestId"], "tbc": more, "seqNo": number}
        await station.call("NotifyReport", report)
    if whole:
        assert len(await asked) == len(numbers)
    else:
        with pytest.raises(CommandError, match="timeout"):
            await asked


async def test_parts_that_are_repeated(
    system: CentralSystem, connect: Connect, version: str
) -> None:
    """A charger sends a part again whose answer it missed, and one of an earlier report in between: each counts once."""
    station = await _ready(connect, system, version)
    station.answers["CustomerInformation"] = ACCEPTED
    adapter = await system.stations["CP1"].in_service()
    asked = asyncio.ensure_future(adapter.customer_information("CARD", clear=False))
    request = await station.wait_received("CustomerInformation")
    for number, text, at in (
        (0, "Jane", "00"),
        (0, "Jane", "05"),
        (1, " Doe", "06"),
        (0, "Jane", "10"),
        (2, " of Rye", "11"),
    ):
        own, stranger = request["requestId"], request["requestId"] + 7
        for request_id in (stranger, own):
            part = {"requestId": request_id, "tbc": number < 2, "seqNo": number}
            part |= {"data": text, "generatedAt": f"2026-06-01T12:00:{at}Z"}
            await station.call("NotifyCustomerInformation", part)
        await station.call("Heartbeat", {})
    assert await asked == "Jane Doe of Rye"


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("GetBaseReport", "EmptyResultSet"),
        ("GetReport", "EmptyResultSet"),
        ("GetChargingProfiles", "NoProfiles"),
        ("GetDisplayMessages", "Unknown"),
        ("GetMonitoringReport", "EmptyResultSet"),
    ],
)
async def test_there_is_nothing(
    system: CentralSystem, connect: Connect, version: str, action: str, status: str
) -> None:
    """A charger that has nothing of it says so, which is no error."""
    station = await _ready(connect, system, version)
    station.answers[action] = {"status": status}
    assert not await CASES[action][0](await system.stations["CP1"].in_service())


async def test_refused_or_never_reported(
    system: CentralSystem, connect: Connect, version: str
) -> None:
    """A report that is refused, not supported, or promised and not sent is an error."""
    station = await _ready(connect, system, version)
    errors = []
    for status in ("Rejected", "NotSupported", "Accepted"):
        station.answers["GetBaseReport"] = {"status": status}
        with pytest.raises(CommandError) as err:
            await (await system.stations["CP1"].in_service()).get_configuration(())
        errors.append(err.value.key)
    assert errors == ["refused", "not_supported", "timeout"]
