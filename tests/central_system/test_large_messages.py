"""What the longest messages cost: no single one keeps Home Assistant from anything else for long."""

from asyncio.events import Handle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import sys
from types import CodeType

import pytest

from custom_components.sunfuse.central_system import CentralSystem, FinishedTransaction
from custom_components.sunfuse.central_system.handshake import MAX_MESSAGE_BYTES

from .client import RawStation
from .conftest import Connect, SteppedClock
from .station_16 import charge, set_up
from .v2_station import charging_car

# A call takes about 0.3 microseconds: together less than a tenth of a second on a slow machine.
_MOST_CALLS = 250_000
_COUNTER = 4  # a number of `sys.monitoring` that neither debugger nor coverage has

type Item = Callable[[int], str]


@contextmanager
def calls_per_step() -> Iterator[list[int]]:
    """Count the functions that each step of the event loop calls: work, which is the same on any machine."""
    steps = [0]
    step = Handle._run.__code__  # noqa: SLF001
    monitoring = sys.monitoring

    def called(code: CodeType, offset: int) -> None:
        if code is step:
            steps.append(0)
        steps[-1] += 1

    monitoring.use_tool_id(_COUNTER, "calls_per_step")
    monitoring.register_callback(_COUNTER, monitoring.events.PY_START, called)
    monitoring.set_events(_COUNTER, monitoring.events.PY_START)
    try:
        yield steps
    finally:
        monitoring.free_tool_id(_COUNTER)


def _filled(head: str, item: Item, tail: str) -> str:
    """Return the longest message of such items."""
    parts: list[str] = []
    left = MAX_MESSAGE_BYTES - len(head) - len(tail) - 20  # an id
    while (left := left - len(part := item(len(parts))) - 1) > 0:
        parts.append(part)
    return f"{head}{','.join(parts)}{tail}"


def _time(number: int) -> str:
    return f"2026-06-01T11:{number // 60 % 60:02d}:{number % 60:02d}Z"


def _dated(value: str) -> Item:
    """Return meter values of one each, `value` with something else instead of 7."""
    return lambda n: (
        f'{{"timestamp":"{_time(n)}","sampledValue":[{{"value":{value.replace("7", str(n * 7919 % 100_000))}}}]}}'
    )


_VALUES = '[2,"long","MeterValues",{"connectorId":1,"transactionId":TX,"meterValue":['
_AT_ONCE = '{"timestamp":"2026-06-01T12:00:00Z","sampledValue":['
_STOP = '[2,"long","StopTransaction",{"transactionId":TX,"meterStop":5000,"timestamp":"2026-06-01T12:00:00Z","transactionData":['
_EVENT = (
    '[2,"long","TransactionEvent",{"eventType":"%s","timestamp":"2026-06-01T12:00:00Z","triggerReason":"MeterValuePeriodic",'
    '"seqNo":5,"transactionInfo":{"transactionId":"tx1"},"meterValue":['
)
_TO_A_VENDOR = '[2,"long","DataTransfer",{"vendorId":"x","data":['
_REPORT = '[2,"long","%s",{"requestId":1,"generatedAt":"2026-06-01T12:00:00Z","seqNo":0,"%s":['
_SCHEDULE = (
    '[2,"long","NotifyEVChargingSchedule",{"timeBase":"2026-06-01T12:00:00Z","evseId":1,"chargingSchedule":'
    '{"id":1,"chargingRateUnit":"A","chargingSchedulePeriod":['
)

LONGEST_16: dict[str, tuple[str, Item, str]] = {
    "values of many times": (_VALUES, _dated('"7"'), "]}]"),
    "numbers of many times": (_VALUES, _dated("7"), "]}]"),
    "times without values": (_VALUES, lambda n: _AT_ONCE + "]}", "]}]"),
    "times that are none": (
        _VALUES,
        lambda n: '{"timestamp":"x","sampledValue":[{"value":"1"}]}',
        "]}]",
    ),
    "one time": (_VALUES + _AT_ONCE, lambda n: '{"value":"1"}', "]}]}]"),
    "numbers of one time": (_VALUES + _AT_ONCE, lambda n: '{"value":1}', "]}]}]"),
    "phases": (
        _VALUES + _AT_ONCE,
        lambda n: '{"value":1,"measurand":"Current.Import","phase":"L1"}',
        "]}]}]",
    ),
    "nothing": (_VALUES + _AT_ONCE, lambda n: "{}", "]}]}]"),
    "no values": (_VALUES + _AT_ONCE, lambda n: "1", "]}]}]"),
    "end": (_STOP, _dated('"7"'), "]}]"),
    "data": (_TO_A_VENDOR, lambda n: '""', "]}]"),
    "halves of characters": (_TO_A_VENDOR + r'"\ud800",', lambda n: "[]", "]}]"),
    "gaps": (_TO_A_VENDOR, lambda n: '{"":}', "]}]"),
    "keys": ('[2,"long","Heartbeat",{', lambda n: f'"{n}":1', "}]"),
}
LONGEST_2: dict[str, tuple[str, Item, str]] = {
    "values of many times": (_EVENT % "Updated", _dated("7"), "]}]"),
    "texts of many times": (_EVENT % "Updated", _dated('"7"'), "]}]"),
    "one time": (_EVENT % "Updated" + _AT_ONCE, lambda n: '{"value":1}', "]}]}]"),
    "end": (_EVENT % "Ended", _dated("7"), "]}]"),
    "meter": ('[2,"long","MeterValues",{"evseId":1,"meterValue":[', _dated("7"), "]}]"),
    "report": (
        _REPORT % ("NotifyReport", "reportData"),
        lambda n: (
            f'{{"component":{{"name":"{n}"}},"variable":{{"name":"{n}"}},"variableAttribute":[{{"value":""}}]}}'
        ),
        "]}]",
    ),
    "events": (
        _REPORT.replace('"requestId":1,', "") % ("NotifyEvent", "eventData"),
        lambda n: (
            f'{{"eventId":{n},"timestamp":"{_time(n)}","trigger":"Delta","actualValue":"{n}","component":{{"name":"Connector",'
            '"evse":{"id":1,"connectorId":1}},"variable":{"name":"AvailabilityState"},"eventNotificationType":"CustomMonitor"}'
        ),
        "]}]",
    ),
    "schedule": (
        _SCHEDULE,
        lambda n: '{"startPeriod":0,"limit":1}',
        "]}}]",
    ),
}


async def _costs(station: RawStation, text: str) -> int:
    """Return how many functions a step of the loop calls at most until a message is answered."""
    with calls_per_step() as steps:
        await station.websocket.send_str(text)
        frame = await station.wait_for(
            lambda: next((one for one in station.frames if one[1] == "long"), None)
        )
    assert frame is not None
    assert frame[0] == 3 or frame[2] != "InternalError"
    return max(steps)


@pytest.mark.parametrize("kind", LONGEST_16)
async def test_no_long_message_holds_the_loop(
    system: CentralSystem, connect: Connect, clock: SteppedClock, kind: str
) -> None:
    """Whatever 256 kB contain, they cost no more than the program does in a moment."""
    station = await set_up(connect, system)
    transaction = str(await charge(station, clock))
    text = _filled(*LONGEST_16[kind]).replace("TX", transaction, 1)
    assert await _costs(station, text) < _MOST_CALLS


@pytest.mark.parametrize("kind", LONGEST_2)
async def test_no_long_message_of_2x_holds_the_loop(
    system: CentralSystem, connect: Connect, clock: SteppedClock, kind: str
) -> None:
    """The same of OCPP 2.x."""
    station = await charging_car(connect, system, clock, "ocpp2.0.1")
    assert await _costs(station, _filled(*LONGEST_2[kind])) < _MOST_CALLS


async def test_a_session_of_two_days_reported_at_its_end(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    finished: list[FinishedTransaction],
) -> None:
    """Of values each minute not each is counted, and the energy is right: also where the register restarts meanwhile."""
    station = await set_up(connect, system)
    transaction = await charge(station, clock)  # at 1000 Wh
    minutes, restart = 2 * 24 * 60, 1000  # 10 Wh a minute
    values = [
        {
            "timestamp": clock.text(60 * n),
            "sampledValue": [
                {"value": str(1000 + 10 * n if n < restart else 10 * (n - restart))}
            ],
        }
        for n in range(minutes + 1)
    ]
    clock.step(60 * minutes)
    await station.call(
        "StopTransaction",
        {
            "transactionId": transaction,
            "timestamp": clock.text(),
            "meterStop": 10 * (minutes - restart),
            "transactionData": values,
        },
    )
    # Between two of the values that are counted are 13 minutes.
    assert finished[-1].energy_wh == pytest.approx(10 * minutes, abs=10 * 13)
