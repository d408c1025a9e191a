"""Whatever comes over the wire, the frame parser and the handlers answer and live on."""

import contextlib
from datetime import timedelta
import json
import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.sunfuse.central_system.protocol.frames import (
    Call,
    Error,
    Fault,
    Result,
    UnknownMessageTypeError,
    call_text,
    error_text,
    parse,
    result_text,
)
from custom_components.sunfuse.central_system.station.clock import Clock, parse_time
from custom_components.sunfuse.central_system.station.metering.meter import Meter
from custom_components.sunfuse.central_system.v16.meter_values import (
    sampled_values as sampled_16,
)

from .conftest import START

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda children: (
        st.lists(children, max_size=5)
        | st.dictionaries(st.text(), children, max_size=5)
    ),
    max_leaves=12,
)
VERSIONS = st.sampled_from(["1.6", "2.0.1", "2.1"])


def _frame_or_fault(text: str, version: str) -> None:
    """Fail unless a text is a frame, or a fault that can be answered."""
    try:
        frame = parse(text, version)
    except UnknownMessageTypeError:
        assert version == "1.6"
    except Fault as fault:
        answer = json.loads(error_text(fault, version, fault.message_id))
        assert answer[0] == 4
        assert len(answer) == 5
    else:
        assert isinstance(frame, Call | Result | Error)


@given(text=st.text() | JSON.map(json.dumps), version=VERSIONS)
@settings(max_examples=300)
def test_any_text(text: str, version: str) -> None:
    """Any text is a frame, or a fault that can be answered."""
    _frame_or_fault(text, version)


@given(
    kind=st.integers(0, 8),
    message_id=JSON | st.text(max_size=36),
    rest=st.lists(JSON, max_size=4),
    version=VERSIONS,
)
@settings(max_examples=300)
def test_almost_frames(
    kind: int, message_id: Any, rest: list[Any], version: str
) -> None:
    """What looks like a frame is one, or a fault with its own message id where that can be read."""
    try:
        frame = parse(json.dumps([kind, message_id, *rest]), version)
    except UnknownMessageTypeError:
        found = message_id
    except Fault as fault:
        found = message_id if fault.message_id == "-1" else fault.message_id
    else:
        found = frame.message_id
    assert found == message_id


@given(payload=st.dictionaries(st.text(), st.text()))
def test_what_we_write_can_be_read(payload: dict[str, str]) -> None:
    """Our own frames are frames."""
    call = parse(call_text("1", "Heartbeat", payload), "1.6")
    assert call == Call("1", "Heartbeat", payload)
    assert parse(result_text("1", payload), "1.6") == Result("1", payload)


@given(st.text())
def test_any_time(text: str) -> None:
    """Any text is a time with a zone, or a fault."""
    with contextlib.suppress(Fault):
        assert parse_time(text).tzinfo is not None


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(-1e6, 1e6)), max_size=30))
def test_clock_goes_there_and_back(told: list[tuple[int, float]]) -> None:
    """However the clock is reckoned, there and back is the same time."""
    clock, now = Clock(), START
    for step, lead in told:
        now += timedelta(seconds=step)
        clock.heard(now + timedelta(seconds=lead), now)
        assert clock.ours(clock.theirs(now)) == now


def test_clock_that_is_set_back() -> None:
    """A clock that is ahead, and is corrected, is found out each time by the second message."""
    clock, now = Clock(), START
    found = []
    for lead in (timedelta(hours=1), timedelta(hours=1), timedelta(), timedelta()):
        now += timedelta(seconds=10)
        clock.heard(now + lead, now)
        found.append(clock.skew)
    assert found == [timedelta(), timedelta(hours=1), timedelta(hours=1), timedelta()]


def test_unknown_codes_are_kept() -> None:
    """A CALLERROR that lacks what it should have is still one."""
    assert parse('[4,"1"]', "1.6") == Error("1", "", "")
    assert parse('[3,"1"]', "1.6") == Error(
        "1", "FormatViolation", "Malformed CALLRESULT"
    )
    with pytest.raises(Fault):
        parse('[7,"1",{}]', "2.1")


VALID = (
    '[2,"cp-1","Heartbeat",{}]',
    (
        '[2,"cp-2","MeterValues",{"connectorId":1,"transactionId":7,"meterValue":[{"timestamp":'
        '"2026-06-01T12:00:00Z","sampledValue":[{"value":"10.5","phase":"L1","unit":"A"}]}]}]'
    ),
    '[3,"sunfuse-1",{"status":"Accepted"}]',
    '[4,"sunfuse-1","NotImplemented","",{}]',
    '[6,"s","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"2026-06-01T12:00:00Z","data":[]}]',
)


@given(
    frame=st.sampled_from(VALID),
    damage=st.lists(st.tuples(st.integers(0, 200), st.characters()), max_size=4),
    cut=st.integers(0, 220),
    version=VERSIONS,
)
@settings(max_examples=300)
def test_damaged_frames(
    frame: str, damage: list[tuple[int, str]], cut: int, version: str
) -> None:
    """A frame that was damaged or cut off on its way is a frame, or a fault that can be answered."""
    text = list(frame)
    for place, character in damage:
        text[place % len(text)] = character
    _frame_or_fault("".join(text)[:cut], version)


@given(
    values=st.lists(
        st.fixed_dictionaries(
            {"value": st.text(st.characters(), max_size=20) | st.floats().map(str)},
            optional={
                "measurand": st.sampled_from(["Current.Import", "Power.Active.Import"]),
                "phase": st.sampled_from(["L1", "L2-N", "L1-L2", "N"]),
                "unit": st.sampled_from(["A", "W", "kW", "Percent"]),
                "format": st.sampled_from(["Raw", "SignedData"]),
            },
        ),
        max_size=8,
    )
)
def test_any_sampled_values(values: list[dict[str, str]]) -> None:
    """Whatever texts a charger of 1.6 sends as values, the meter stays finite."""
    at = "2026-06-01T12:00:00Z"
    meter = Meter(phases=3, voltage_v=230, max_a=16)
    for theirs, readings in sampled_16([{"timestamp": at, "sampledValue": values}]):
        sample = meter.update(readings, theirs)
        told = [*sample.current_a, sample.power_w, sample.energy_wh]
        assert all(math.isfinite(value) for value in told if value is not None)
