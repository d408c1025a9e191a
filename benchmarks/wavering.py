"""Charge points that charge steadily as real ones do: no two reports of them are the same.

Run by `benchmarks.rows` in a process of their own, and by `benchmarks.restless`.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import json
import random
import sys
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType

MOST_A = 15.0
_NOMINAL_V = 230.0
SWITCHES = "ConnectorSwitch3to1PhaseSupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How the reports of a charger waver: each value evenly within so much above and below its mean."""

    current_a: float = 0.1
    voltage_v: float = 0.5
    power_part: float = 0.001
    version: str = "1.6"
    # Also frequency, temperature, power factor, offered current, and the car's state of charge.
    more: bool = False
    most_a: float = MOST_A
    phases: int = 3
    switches: bool = False  # between one and three phases


KINDS: Mapping[str, Kind] = {
    "last digit": Kind(),
    "0.25 A": Kind(current_a=0.25, voltage_v=2, power_part=0.01),
    "0.5 A": Kind(current_a=0.5, voltage_v=2, power_part=0.01),
    "0.5 A, more": Kind(current_a=0.5, voltage_v=2, power_part=0.01, more=True),
    "0.5 A, 2.0.1": Kind(
        current_a=0.5, voltage_v=2, power_part=0.01, version="2.0.1", more=True
    ),
    "1 A": Kind(current_a=1.0, voltage_v=2, power_part=0.07),
    "2 A": Kind(current_a=2.0, voltage_v=2, power_part=0.13, more=True),
    "2 A of 32, 2.0.1": Kind(
        current_a=2.0, voltage_v=3, power_part=0.06, version="2.0.1", more=True
    ),
}


def kind_of(number: int) -> str:
    """Return the kind of one of several charge points."""
    return tuple(KINDS)[number % len(KINDS)]


def _around(mean: float, by: float, digits: int) -> str:
    return f"{random.uniform(mean - by, mean + by):.{digits}f}"


class ChargePoint:
    """A charge point of any version."""

    def __init__(
        self, name: str, kind: Kind, websocket: ClientWebSocketResponse
    ) -> None:
        """Speak on an open WebSocket."""
        self._name = name
        self._kind = kind
        self._websocket = websocket
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._next = 0
        self._limit_a = 0.0
        self._phases = 3
        self._status = "Charging"
        self._energy_wh = 1000.0
        self._seq = 0

    @property
    def drawn_a(self) -> tuple[float, ...]:
        """What its car takes on each phase."""
        mean_a = min(self._limit_a, self._kind.most_a)
        return tuple(mean_a if phase < self._phases else 0.0 for phase in range(3))

    async def read(self) -> None:
        """Answer what comes in."""
        async for message in self._websocket:
            if message.type is not WSMsgType.TEXT:
                return
            frame = json.loads(message.data)
            if frame[0] == 3:
                self._answers.pop(frame[1]).set_result(frame[2])
            elif frame[0] == 4:
                print(self._name, frame, file=sys.stderr)
                self._answers.pop(frame[1]).set_result({})
            else:
                answer = self._answer(frame[2], frame[3])
                failed = [4, frame[1], "NotImplemented", "", {}]
                await self._websocket.send_str(
                    json.dumps(failed if answer is None else [3, frame[1], answer])
                )

    def _answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        match action:
            case "SetChargingProfile":
                self._follow(payload)
                return {"status": "Accepted"}
            case "ChangeConfiguration":
                return {"status": "Accepted"}
            case "GetConfiguration":
                return self._configuration(payload.get("key", []))
            case "GetVariables":
                return {
                    "getVariableResult": [
                        {**one, "attributeStatus": "UnknownVariable"}
                        for one in payload["getVariableData"]
                    ]
                }
            case "SetVariables":
                return {
                    "setVariableResult": [
                        {
                            "attributeStatus": "Accepted",
                            "component": one["component"],
                            "variable": one["variable"],
                        }
                        for one in payload["setVariableData"]
                    ]
                }
        return None

    def _configuration(self, keys: list[str]) -> dict[str, Any]:
        """Answer whether the charger switches phases; every other variable is unknown."""
        known = {
            "key": SWITCHES,
            "readonly": True,
            "value": str(self._kind.switches).lower(),
        }
        return {
            "configurationKey": [known] if SWITCHES in keys else [],
            "unknownKey": [key for key in keys if key != SWITCHES],
        }

    def _follow(self, payload: dict[str, Any]) -> None:
        profile = payload.get("csChargingProfiles") or payload["chargingProfile"]
        if profile["chargingProfilePurpose"] != "TxProfile":
            return
        schedule = profile["chargingSchedule"]
        first = schedule[0] if isinstance(schedule, list) else schedule
        period = first["chargingSchedulePeriod"][0]
        self._limit_a = period["limit"]
        self._phases = min(period.get("numberPhases", 3), self._kind.phases)

    async def _call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        self._next += 1
        future = asyncio.get_running_loop().create_future()
        self._answers[str(self._next)] = future
        text = json.dumps([2, str(self._next), action, payload])
        await self._websocket.send_str(text)
        result: dict[str, Any] = await future
        return result

    async def charge(self, offset_s: float, interval_s: float) -> None:
        """Boot, start a transaction, and report for ever."""
        report = await (
            self._begin16() if self._kind.version == "1.6" else self._begin2()
        )
        await asyncio.sleep(offset_s)
        while True:
            await report()
            await asyncio.sleep(interval_s)
            if self._kind.version == "1.6":
                await self._report_status()
            self._energy_wh += sum(self.drawn_a) * _NOMINAL_V * interval_s / 3600

    async def _report_status(self) -> None:
        status = "Charging" if self._limit_a else "SuspendedEVSE"
        if status != self._status:
            self._status = status
            told = {"connectorId": 1, "errorCode": "NoError", "status": status}
            await self._call("StatusNotification", told)

    async def _begin16(self) -> Callable[[], Any]:
        boot = {"chargePointVendor": "Bench", "chargePointModel": "Mark"}
        await self._call("BootNotification", boot)
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
        await self._call("StatusNotification", status)
        card = self._name.replace("S", "X")
        start = {
            "connectorId": 1,
            "idTag": card,
            "meterStart": 1000,
            "timestamp": _now(),
        }
        transaction = (await self._call("StartTransaction", start))["transactionId"]

        async def report() -> None:
            sampled = [
                {
                    "value": value,
                    "measurand": measurand,
                    **({"unit": unit} if unit else {}),
                    **({"phase": phase} if phase else {}),
                }
                for value, measurand, unit, phase in self._values()
            ]
            values = {"timestamp": _now(), "sampledValue": sampled}
            message = {"connectorId": 1, "transactionId": transaction}
            await self._call("MeterValues", {**message, "meterValue": [values]})

        return report

    async def _begin2(self) -> Callable[[], Any]:
        station = {"vendorName": "Bench", "model": "Mark"}
        await self._call(
            "BootNotification", {"reason": "PowerUp", "chargingStation": station}
        )
        status = {"evseId": 1, "connectorId": 1, "connectorStatus": "Occupied"}
        await self._call("StatusNotification", {"timestamp": _now(), **status})
        await self._event("Started", "Authorized")

        async def report() -> None:
            await self._event("Updated", "MeterValuePeriodic")

        return report

    async def _event(self, kind: str, trigger: str) -> None:
        sampled = [
            {
                "value": float(value),
                "measurand": measurand,
                **({"unitOfMeasure": {"unit": unit}} if unit else {}),
                **({"phase": phase} if phase else {}),
            }
            for value, measurand, unit, phase in self._values()
        ]
        card = self._name.replace("S", "X")
        await self._call(
            "TransactionEvent",
            {
                "eventType": kind,
                "triggerReason": trigger,
                "timestamp": _now(),
                "seqNo": self._seq,
                "transactionInfo": {"transactionId": "T1", "chargingState": "Charging"},
                "evse": {"id": 1, "connectorId": 1},
                "idToken": {"idToken": card, "type": "ISO14443"},
                "meterValue": [{"timestamp": _now(), "sampledValue": sampled}],
            },
        )
        self._seq += 1

    def _values(self) -> Iterator[tuple[str, str, str | None, str | None]]:
        """Yield value, measurand, unit and phase."""
        kind = self._kind
        mean_a = min(self._limit_a, kind.most_a)
        by_a = kind.current_a if mean_a else 0.0
        for phase, drawn_a in zip(("L1", "L2", "L3"), self.drawn_a, strict=True):
            # No car takes more than it is offered.
            seen_a = float(_around(mean_a - by_a, by_a, 1)) if drawn_a else 0.0
            current_a = min(seen_a, self._limit_a)
            yield f"{current_a:.1f}", "Current.Import", "A", phase
        for phase in ("L1-N", "L2-N", "L3-N"):
            yield _around(_NOMINAL_V, kind.voltage_v, 1), "Voltage", "V", phase
        power_w = self._phases * _NOMINAL_V * max(mean_a - by_a, 0.0)
        yield (
            _around(power_w, kind.power_part * power_w, 0),
            "Power.Active.Import",
            "W",
            None,
        )
        yield f"{self._energy_wh:.0f}", "Energy.Active.Import.Register", "Wh", None
        if kind.more:
            yield _around(50, 0.05, 2), "Frequency", None, None
            yield _around(41, 1, 1), "Temperature", "Celsius", None
            yield _around(0.98, 0.02, 2), "Power.Factor", None, None
            yield f"{self._limit_a:.1f}", "Current.Offered", "A", None
            yield f"{min(20 + self._energy_wh / 600, 100):.0f}", "SoC", "Percent", None


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


async def run(port: int, count: int, interval_s: float) -> None:
    """Run charge points, of all kinds in turn, until the standard input closes."""
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        tasks = []
        for number in range(count):
            kind = KINDS[kind_of(number)]
            websocket = await session.ws_connect(
                f"ws://127.0.0.1:{port}/S{number}", protocols=(f"ocpp{kind.version}",)
            )
            point = ChargePoint(f"S{number}", kind, websocket)
            tasks.append(asyncio.create_task(point.read()))
            offset_s = interval_s * number / count
            tasks.append(asyncio.create_task(point.charge(offset_s, interval_s)))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """Run charge points for a site on loopback."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--chargers", type=int, default=len(KINDS))
    parser.add_argument("--interval", type=float, default=10)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.port, arguments.chargers, arguments.interval))


if __name__ == "__main__":
    main()
