"""Every message that a charger may send gets the answer that the specification asks for."""

import contextlib
from importlib.resources import files
import json
import random
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, StationConfig
from custom_components.sunfuse.central_system.protocol.ocpp_schemas import load_all

from .client import RawStation, Refused
from .conftest import Connect

# What only a charging station sends (OCPP 1.6 section 4, security white paper section 5, OCPP 2.0.1 and 2.1 part 2).
FROM_STATION = {
    "1.6": {
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    },
    "2.0.1": {
        "Authorize",
        "BootNotification",
        "ClearedChargingLimit",
        "DataTransfer",
        "FirmwareStatusNotification",
        "Get15118EVCertificate",
        "GetCertificateStatus",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "NotifyChargingLimit",
        "NotifyCustomerInformation",
        "NotifyDisplayMessages",
        "NotifyEVChargingNeeds",
        "NotifyEVChargingSchedule",
        "NotifyEvent",
        "NotifyMonitoringReport",
        "NotifyReport",
        "PublishFirmwareStatusNotification",
        "ReportChargingProfiles",
        "ReservationStatusUpdate",
        "SecurityEventNotification",
        "SignCertificate",
        "StatusNotification",
        "TransactionEvent",
    },
}
FROM_STATION["2.1"] = FROM_STATION["2.0.1"] | {
    "BatterySwap",
    "ClosePeriodicEventStream",
    "GetCertificateChainStatus",
    "NotifyDERAlarm",
    "NotifyDERStartStop",
    "NotifyPriorityCharging",
    "NotifySettlement",
    "NotifyWebPaymentStarted",
    "OpenPeriodicEventStream",
    "PullDynamicScheduleUpdate",
    "ReportDERControl",
    "VatNumberValidation",
}
CASES = [
    (version, action)
    for version in FROM_STATION
    for action in sorted(FROM_STATION[version])
]


def schema_of(version: str, action: str) -> dict[str, Any]:
    """Return the schema of a request."""
    name = action if version == "1.6" else f"{action}Request"
    folder = files("ocpp") / f"v{version.replace('.', '')}" / "schemas"
    text = (folder / f"{name}.json").read_text(encoding="utf-8-sig")
    schema: dict[str, Any] = json.loads(text)
    return schema


def example(
    schema: dict[str, Any], root: dict[str, Any], full: random.Random | None = None
) -> Any:
    """Return the smallest value that is valid by a schema, or (`full`) one with more in it."""
    if "$ref" in schema:
        return example(root["definitions"][schema["$ref"].split("/")[-1]], root, full)
    if "enum" in schema:
        return full.choice(schema["enum"]) if full else schema["enum"][0]
    match schema.get("type"):
        case "object":
            required = schema.get("required", [])
            return {
                key: example(part, root, full)
                for key, part in schema.get("properties", {}).items()
                if key in required
                or (full and key != "customData" and full.random() < 0.5)
            }
        case "array":
            count = max(schema.get("minItems", 0), 1)
            return [example(schema["items"], root, full) for _ in range(count)]
        case "integer":
            lowest = int(schema.get("minimum", 1))
            highest = int(schema.get("maximum", lowest + 5))
            return full.randint(lowest, highest) if full else max(lowest, 1)
        case "number":
            return min(1.5, schema.get("maximum", 1.5))
        case "boolean":
            return bool(full and full.random() < 0.5)
    if schema.get("format") == "date-time":
        return "2026-06-01T12:00:00Z"
    return "x"[: schema.get("maxLength", 1)]


async def _boot(connect: Connect, system: CentralSystem, version: str) -> RawStation:
    system.accept(StationConfig(identity="CP1"))
    station = await connect(protocols=(f"ocpp{version}",))
    await (station.boot() if version == "1.6" else station.boot2())
    return station


@pytest.mark.parametrize(("version", "action"), CASES)
async def test_every_message_is_answered(
    system: CentralSystem, connect: Connect, version: str, action: str
) -> None:
    """The smallest valid message, and others at random, get a valid answer; the charger stays."""
    station = await _boot(connect, system, version)
    schema = schema_of(version, action)
    schemas = load_all()[version]
    for seed in (None, *range(5)):
        payload = example(schema, schema, None if seed is None else random.Random(seed))
        schemas.check_request(action, payload)
        schemas.check_response(action, await station.call(action, payload))


@pytest.mark.parametrize("version", list(FROM_STATION))
async def test_messages_of_the_other_side(
    system: CentralSystem, connect: Connect, version: str
) -> None:
    """What only a central system may send is known and not supported from a charger."""
    station = await _boot(connect, system, version)
    for action in sorted(load_all()[version].actions - FROM_STATION[version]):
        if action == "NotifyPeriodicEventStream":
            continue  # sent without waiting for an answer
        schema = schema_of(version, action)
        with pytest.raises(Refused, match="NotSupported"):
            await station.call(action, example(schema, schema))


async def test_message_without_answer(system: CentralSystem, connect: Connect) -> None:
    """A periodic event stream of 2.1 is taken in silently, rubbish included."""
    station = await _boot(connect, system, "2.1")
    schema = json.loads(
        (
            files("ocpp") / "v21" / "schemas" / "NotifyPeriodicEventStream.json"
        ).read_text(encoding="utf-8-sig")
    )
    before = len(station.frames)
    await station.send([6, "s1", "NotifyPeriodicEventStream", example(schema, schema)])
    await station.send([6, "s2", "NotifyPeriodicEventStream", {}])
    await station.send([6, "s3", "Rubbish", {}])
    await station.call("Heartbeat", {})
    assert [f[1] for f in station.frames[before:] if f[0] in (3, 4)] == ["cp-2"]
    # A charger that sends it as a request waits for an answer; the schemas have none.
    stream = example(schema, schema)
    assert await station.call("NotifyPeriodicEventStream", stream) == {}


WILD_TEXTS = (
    "",
    " ",
    "\0",
    "\ud800",
    "𝔘\u202e",
    "NaN",
    "-1e308",
    "1,5",
    "x" * 20,
)
WILD_TIMES = (
    "2026-06-01T12:00:00Z",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999+00:00",
    "0001-01-01T00:00:00+14:00",
    "2026-06-01T12:00:00",
    "2026-06-01",
    "20260601T120000Z",
    "yesterday",
)
WILD_NUMBERS = (0, -1, 1, 2, 33, 10**9, -(10**9), 1e300, -1e300, 1e-300, 10**17)


def wild(schema: dict[str, Any], root: dict[str, Any], chance: random.Random) -> Any:
    """Return a value that has the right shape and strange contents."""
    if "$ref" in schema:
        return wild(root["definitions"][schema["$ref"].split("/")[-1]], root, chance)
    if "enum" in schema:
        return chance.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            required = schema.get("required", [])
            return {
                key: wild(part, root, chance)
                for key, part in schema.get("properties", {}).items()
                if key in required or chance.random() < 0.6
            }
        case "array":
            return [
                wild(schema["items"], root, chance) for _ in range(chance.randint(1, 3))
            ]
        case "integer":
            return chance.choice([n for n in WILD_NUMBERS if isinstance(n, int)])
        case "number":
            return chance.choice(WILD_NUMBERS)
        case "boolean":
            return chance.random() < 0.5
    if schema.get("format") == "date-time":
        return chance.choice(WILD_TIMES)
    return chance.choice(WILD_TEXTS)


@pytest.mark.parametrize("version", list(FROM_STATION))
async def test_strange_contents(
    system: CentralSystem, connect: Connect, version: str
) -> None:
    """Whatever a charger puts into its messages, each is answered, and the charger stays."""
    station = await _boot(connect, system, version)
    chance = random.Random(7)
    for action in sorted(FROM_STATION[version]) * 12:
        schema = schema_of(version, action)
        with contextlib.suppress(Refused):
            await station.call(action, wild(schema, schema, chance))
    codes = {frame[2] for frame in station.frames if frame[0] == 4}
    assert "InternalError" not in codes
    await station.call("Heartbeat", {})
    cp1 = system.stations["CP1"]
    assert len(cp1.state.connectors) <= 32
    json.dumps(cp1.diagnostics())
    again = CentralSystem()
    again.accept(cp1.config, json.loads(json.dumps(cp1.memory())))
