"""How much the central system can take: charge points in another process, each sending meter values every 5 s.

Run `python -m benchmarks.central_system`; `--stations 10 100 500` and `--seconds 30` are the defaults. Prints, for each
number of stations: messages per second, CPU time per message in the central system, memory per station, and the time
from a decision (a call of `Station.offer`) to the frame at the station, median and 99th percentile. Prints too what
checking a message by its schema costs, against `jsonschema`.
"""

import argparse
import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
import json
from pathlib import Path
import random
import socket
import statistics
import sys
import time
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType
from jsonschema import Draft4Validator

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    StationConfig,
    Timing,
)
from custom_components.sunfuse.central_system.protocol.validation import compile_schema

INTERVAL_S = 5.0
MOST_A = 15.9  # what the cars draw, if they may
_MEASURANDS = (
    ("Current.Import", "A", ("L1", "L2", "L3")),
    ("Voltage", "V", ("L1-N", "L2-N", "L3-N")),
    ("Power.Active.Import", "W", (None,)),
    ("Energy.Active.Import.Register", "Wh", (None,)),
)


def meter_values(
    transaction_id: int,
    energy_wh: int,
    *,
    current_a: float = MOST_A,
    wavers: bool = False,
) -> dict[str, Any]:
    """Return the meter values of a charging three-phase car, which waver by a digit or so if asked for."""
    steps = random.randint(-2, 1) if wavers else 0
    values = {
        "A": f"{current_a + steps / 10:.1f}",
        "V": f"{230.1 - steps / 5:.1f}",
        "W": f"{current_a * 690 + 20 * steps:.0f}",
        "Wh": str(energy_wh),
    }
    return {
        "connectorId": 1,
        "transactionId": transaction_id,
        "meterValue": [
            {
                "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
                "sampledValue": [
                    {
                        "value": values[unit],
                        "measurand": measurand,
                        "unit": unit,
                        **({"phase": phase} if phase else {}),
                    }
                    for measurand, unit, phases in _MEASURANDS
                    for phase in phases
                ],
            }
        ],
    }


# The charge points, in a process of their own


class ChargePoint:
    """A charge point of OCPP 1.6 that charges."""

    def __init__(self, name: str, websocket: ClientWebSocketResponse) -> None:
        """Speak on an open WebSocket."""
        self.name = name
        # Monotonic nanoseconds: when each limit arrived, and when meter values were sent.
        self.limits: list[int] = []
        self.sent: list[int] = []
        self.current_a = 0.0  # until it is let draw more
        self._websocket = websocket
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._next = 0

    async def read(self) -> None:
        """Answer what comes in."""
        async for message in self._websocket:
            if message.type is not WSMsgType.TEXT:
                return
            arrived = time.monotonic_ns()
            frame = json.loads(message.data)
            if frame[0] == 3:
                self._answers.pop(frame[1]).set_result(frame[2])
                continue
            if frame[2] == "SetChargingProfile":
                profile = frame[3]["csChargingProfiles"]
                if profile["chargingProfilePurpose"] == "TxProfile":
                    self.limits.append(arrived)
                    (period,) = profile["chargingSchedule"]["chargingSchedulePeriod"]
                    self.current_a = min(period["limit"], MOST_A)
            await self._websocket.send_str(json.dumps(self._answer(frame)))

    def _answer(self, frame: list[Any]) -> list[Any]:
        if frame[2] == "GetConfiguration":
            return [3, frame[1], {"unknownKey": frame[3]["key"]}]
        if frame[2] in ("SetChargingProfile", "ChangeConfiguration"):
            return [3, frame[1], {"status": "Accepted"}]
        return [4, frame[1], "NotImplemented", "", {}]

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return its answer."""
        self._next += 1
        message_id = str(self._next)
        future = asyncio.get_running_loop().create_future()
        self._answers[message_id] = future
        text = json.dumps([2, message_id, action, payload])
        await self._websocket.send_str(text)
        result: dict[str, Any] = await future
        return result

    async def rest(self, offset_s: float, *, interval_s: float) -> None:
        """Boot, and send heartbeats for ever."""
        await self.call(
            "BootNotification",
            {"chargePointVendor": "Bench", "chargePointModel": "Mark"},
        )
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
        await self.call("StatusNotification", status)
        await asyncio.sleep(offset_s)
        while True:
            self.sent.append(time.monotonic_ns())
            await self.call("Heartbeat", {})
            await asyncio.sleep(interval_s)

    async def charge(
        self, offset_s: float, *, interval_s: float = INTERVAL_S, wavers: bool = False
    ) -> None:
        """Boot, start a transaction, and send meter values for ever."""
        await self.call(
            "BootNotification",
            {"chargePointVendor": "Bench", "chargePointModel": "Mark"},
        )
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
        await self.call("StatusNotification", status)
        started = await self.call(
            "StartTransaction",
            {
                "connectorId": 1,
                "idTag": self.name.replace("S", "X"),
                "meterStart": 1000,
                "timestamp": datetime.now(UTC).isoformat(),
            },
        )
        await asyncio.sleep(offset_s)
        energy_wh = 1000
        while True:
            energy_wh += round(3 * interval_s)
            payload = meter_values(
                started["transactionId"],
                energy_wh,
                current_a=self.current_a,
                wavers=wavers,
            )
            self.sent.append(time.monotonic_ns())
            await self.call("MeterValues", payload)
            await asyncio.sleep(interval_s)


async def run_stations(
    port: int,
    count: int,
    *,
    interval_s: float = INTERVAL_S,
    wavers: bool = False,
    idle: bool = False,
) -> None:
    """Run charge points until the standard input closes; then print what happened when."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            ClientSession(connector=TCPConnector(limit=0))
        )
        points = []
        tasks = []
        for number in range(count):
            websocket = await session.ws_connect(
                f"ws://127.0.0.1:{port}/S{number}", protocols=("ocpp1.6",)
            )
            point = ChargePoint(f"S{number}", websocket)
            points.append(point)
            tasks.append(asyncio.create_task(point.read()))
            offset_s = interval_s * number / count
            runs = (
                point.rest(offset_s, interval_s=interval_s)
                if idle
                else point.charge(offset_s, interval_s=interval_s, wavers=wavers)
            )
            tasks.append(asyncio.create_task(runs))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        limits = {point.name: point.limits for point in points}
        sent = [moment for point in points for moment in point.sent]
        print(json.dumps({"limits": limits, "sent": sent}))


# The central system


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured with so many stations."""

    stations: int
    messages_per_s: float
    cpu_us_per_message: float
    memory_kb_per_station: float
    offer_median_ms: float
    offer_p99_ms: float


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def memory_kb() -> float:
    """Return the memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4.0


async def measure(count: int, seconds: float) -> Figures:
    """Run so many stations for a while."""
    system = CentralSystem(timing=Timing(settle_s=0.5))
    await system.start("127.0.0.1", 0)
    before_kb = memory_kb()
    for number in range(count):
        system.accept(StationConfig(identity=f"S{number}"))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.central_system",
        "--port",
        str(system.port),
        "--stations",
        str(count),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        while not all(
            station.state.connectors[0].transaction
            for station in system.stations.values()
        ):
            await asyncio.sleep(0.1)
    await asyncio.sleep(INTERVAL_S + 2)  # all set up, all sending
    started, cpu = time.monotonic_ns(), time.process_time()
    await asyncio.sleep(seconds)
    ended, cpu = time.monotonic_ns(), time.process_time() - cpu
    memory = (memory_kb() - before_kb) / count
    offered = await _offer(system, rounds=max(3, 500 // count))
    process_output, _ = await process.communicate(b"")
    measured = json.loads(process_output)
    latencies = sorted(_latencies(offered, measured["limits"]))
    handled = sum(started <= moment < ended for moment in measured["sent"])
    await system.stop()
    return Figures(
        stations=count,
        messages_per_s=handled / seconds,
        cpu_us_per_message=cpu / handled * 1e6,
        memory_kb_per_station=memory,
        offer_median_ms=statistics.median(latencies),
        offer_p99_ms=latencies[int(len(latencies) * 0.99)],
    )


async def _offer(system: CentralSystem, rounds: int) -> dict[str, list[int]]:
    """Offer every station another current, all at once, again and again; return when."""
    offered: dict[str, list[int]] = {name: [] for name in system.stations}

    async def offer(name: str, current_a: float) -> None:
        offered[name].append(time.monotonic_ns())
        try:
            await system.stations[name].offer(1, current_a)
        except CommandError as err:
            print(f"{name}: {err}", file=sys.stderr)

    for number in range(rounds):
        current_a = 8.0 + number % 2
        await asyncio.gather(*(offer(name, current_a) for name in offered))
        await asyncio.sleep(0.2)
    return offered


def _latencies(
    offered: dict[str, list[int]], arrived: dict[str, list[int]]
) -> list[float]:
    """Return the milliseconds from each offer to its frame."""
    return [
        (end - start) / 1e6
        for name, starts in offered.items()
        for start, end in zip(starts, arrived[name], strict=True)
    ]


def validation_us() -> tuple[float, float]:
    """Return the microseconds to check a MeterValues: compiled, and with jsonschema."""
    path = files("ocpp") / "v16" / "schemas" / "MeterValues.json"
    schema = json.loads(path.read_text(encoding="utf-8-sig"))
    payload = meter_values(1, 1)
    return (
        _per_call_us(compile_schema(schema), payload, 20_000),
        _per_call_us(Draft4Validator(schema).validate, payload, 300),
    )


def _per_call_us(check: Callable[[Any], Any], payload: Any, times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        check(payload)
    return (time.perf_counter() - started) / times * 1e6


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, nargs="+", default=[10, 100, 500])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument(
        "--interval", type=float, default=INTERVAL_S, help=argparse.SUPPRESS
    )
    parser.add_argument("--waver", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--idle", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.port:
        asyncio.run(
            run_stations(
                arguments.port,
                arguments.stations[0],
                interval_s=arguments.interval,
                wavers=arguments.waver,
                idle=arguments.idle,
            )
        )
        return
    print("stations  messages/s  CPU/message  memory/station  offer median  offer p99")
    for count in arguments.stations:
        figures = asyncio.run(measure(count, arguments.seconds))
        print(
            f"{figures.stations:8d}  {figures.messages_per_s:10.1f}"
            f"  {figures.cpu_us_per_message:8.0f} us"
            f"  {figures.memory_kb_per_station:11.1f} kB"
            f"  {figures.offer_median_ms:9.2f} ms  {figures.offer_p99_ms:6.2f} ms"
        )
    compiled, reference = validation_us()
    print(f"Checking a MeterValues: {compiled:.1f} us (jsonschema: {reference:.0f} us)")


if __name__ == "__main__":
    main()
