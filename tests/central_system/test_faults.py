"""What fails inside the central system: it stays where it is, and chargers are served on."""

import logging
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, StationState
from custom_components.sunfuse.central_system.protocol.fault import FaultBoundary

from .charging import CP1
from .client import Refused
from .conftest import Connect

_LOGGER = logging.getLogger("custom_components.sunfuse.test")
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


async def test_a_listener_that_fails_stands_alone(
    system: CentralSystem, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """Others hear what happens all the same, the socket stays open, and the log has it once."""
    heard: list[StationState] = []

    def broken(_state: StationState) -> None:
        raise RuntimeError("a listener is broken")

    system.subscribe(broken)
    system.subscribe(heard.append)
    system.accept(CP1)
    station = await connect()
    await station.boot()
    for _ in range(5):
        assert await station.call("StatusNotification", STATUS) == {}
    assert not station.websocket.closed
    assert heard[-1].connectors[0].status == "available"
    assert len([r for r in caplog.records if "a listener" in (r.exc_text or "")]) == 1


async def test_a_handler_that_fails_is_answered(
    system: CentralSystem, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request gets InternalError; the next one is handled."""

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("a handler is broken")

    system.accept(CP1)
    station = await connect()
    await station.boot()
    with monkeypatch.context() as patch:
        connectors = type(system.stations["CP1"].connectors)
        patch.setattr(connectors, "reported_status", broken)
        with pytest.raises(Refused) as refused:
            await station.call("StatusNotification", STATUS)
    assert refused.value.code == "InternalError"
    assert await station.call("StatusNotification", STATUS) == {}


async def test_a_handler_that_fails_in_each_connection(
    system: CentralSystem,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A charger that reconnects after each error makes one line a minute, too."""

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("a handler is broken")

    system.accept(CP1)
    connectors = type(system.stations["CP1"].connectors)
    for _ in range(3):
        station = await connect()
        await station.boot()
        with monkeypatch.context() as patch:
            patch.setattr(connectors, "reported_status", broken)
            with pytest.raises(Refused):
                await station.call("StatusNotification", STATUS)
        await station.websocket.close()
    lines = [r for r in caplog.records if "handling a request failed" in r.getMessage()]
    assert len(lines) == 1


def test_a_part_that_fails_all_the_time_fills_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line a minute, with how many failures it stands for."""
    now = [0.0]
    boundary = FaultBoundary(_LOGGER, "The part", clock=lambda: now[0])
    for _ in range(90):
        with boundary:
            raise RuntimeError("broken")
        now[0] += 1.0
    assert [record.getMessage() for record in caplog.records] == [
        "The part failed (1 times since this was last logged)",
        "The part failed (60 times since this was last logged)",
    ]


def test_the_end_of_a_task_is_no_failure() -> None:
    """What ends the program or a task goes on its way."""
    with pytest.raises(KeyboardInterrupt), FaultBoundary(_LOGGER, "The part"):
        raise KeyboardInterrupt
