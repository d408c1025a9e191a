"""Who may charge while Home Assistant is offline, and which sessions are reported afterwards."""

from dataclasses import replace
import json

import pytest

from custom_components.sunfuse.central_system import CentralSystem, Timing
from custom_components.sunfuse.central_system.security.card_policy import (
    Card,
    CardPolicy,
)
from custom_components.sunfuse.central_system.station_state import (
    ConnectorNews,
    PlugNews,
    SessionNews,
)
from custom_components.sunfuse.engine.model import ConnectorStatus

from .charger import VERSIONS, Charger
from .charging import CP1
from .client import ANSWERS_2, RawStation
from .conftest import Connect, SteppedClock


def _told(charger: Charger) -> list[str]:
    """Return what the charger was sent about unknown cards while it is offline."""
    if charger.old:
        return [
            request["value"]
            for request in charger.station.received("ChangeConfiguration")
            if request["key"] == "AllowOfflineTxForUnknownId"
        ]
    return [
        data["attributeValue"]
        for request in charger.station.received("SetVariables")
        for data in request["setVariableData"]
        if data["component"]["name"] == "AuthCtrlr"
        and data["variable"]["name"] == "OfflineTxForUnknownIdEnabled"
    ]


@pytest.mark.parametrize("version", VERSIONS)
async def test_everybody_may_charge_offline(
    connect: Connect, system: CentralSystem, version: str
) -> None:
    """As long as everybody may charge; when only some may, also while the charger is offline."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    await charger.set_up()
    assert _told(charger) == ["true"]
    system.set_cards(CardPolicy(free=False, cards=(Card(id="A"),)))
    await charger.station.wait_for(lambda: len(_told(charger)) == 2)
    assert _told(charger)[-1] == "false"


def _in_words(news: list[ConnectorNews]) -> list[str]:
    """Return what was reported, in words."""
    words = []
    for one in news:
        if isinstance(one, PlugNews):
            word = "plugged in" if one.plugged_in else "unplugged"
        else:
            word = "started" if one.started else "stopped"
        words.append(f"{word}, late" if one.late else word)
    return words


def _sessions(news: list[ConnectorNews]) -> list[SessionNews]:
    return [one for one in news if isinstance(one, SessionNews)]


async def _restarted(
    system: CentralSystem, clock: SteppedClock, timing: Timing
) -> tuple[CentralSystem, list[ConnectorNews]]:
    """Return a central system that continues from what the other knows, and the sessions that it reports."""
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    other = CentralSystem(now=clock, timing=timing)
    news: list[ConnectorNews] = []
    other.accept(CP1, memory)
    other.subscribe_sessions("CP1", 1, news.append)
    await other.start("127.0.0.1", 0)
    return other, news


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_session_is_reported_once(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    timing: Timing,
    version: str,
) -> None:
    """Its begin and its end, not each restart; an end of long ago is late."""
    news: list[ConnectorNews] = []
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    transaction = await charger.start(clock.text())
    system.subscribe_sessions(
        "CP1", 1, news.append
    )  # what was reported before is delivered now
    assert _in_words(news) == ["started"]
    sequence = charger.sequence
    await charger.station.close()

    other, news = await _restarted(system, clock, timing)
    charger.station = await RawStation.connect(
        charger.station.session, other.port, protocols=(f"ocpp{version}",)
    )
    charger.station.answers |= {} if charger.old else ANSWERS_2
    charger.sequence = sequence
    clock.step(60)
    await charger.meter(transaction, clock.text(), 1500)
    assert other.stations["CP1"].connector(1).transaction is not None
    assert not news
    ended = clock.text()
    clock.step(3600)
    await charger.stop(transaction, ended, 2000)
    await charger.stop(transaction, ended, 2000)
    assert _in_words(news) == ["stopped, late"]
    assert [one.energy_wh for one in _sessions(news)] == [1000]
    await charger.station.close()
    await other.stop()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_session_while_nobody_listened(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """A session that began and ended offline is reported with both of its times, as late."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    news: list[ConnectorNews] = []
    system.subscribe_sessions("CP1", 1, news.append)
    began, ended = clock.time, clock.time
    started_text = clock.text()
    clock.step(1800)
    ended, ended_text = clock.time, clock.text()
    clock.step(1800)
    await charger.status("Available", clock.text())
    transaction = await charger.start(started_text)
    await charger.stop(transaction, ended_text, 4000)
    assert _in_words(news) == [
        "plugged in, late",
        "started, late",
        "stopped, late",
        "unplugged, late",
    ]
    assert [one.at for one in news] == [began, began, ended, ended]
    assert _sessions(news)[1].energy_wh == 3000


async def test_a_car_that_leaves(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """A session ends when the car is gone, also if its end is reported only later, and then not again."""
    system.accept(replace(CP1))
    charger = await Charger.connect(connect, "1.6")
    await charger.boot()
    news: list[ConnectorNews] = []
    system.subscribe_sessions("CP1", 1, news.append)
    transaction = await charger.start(clock.text())
    clock.step(60)
    await charger.status("Available", clock.text())
    await charger.stop(transaction, clock.text(), 1100)
    assert _in_words(news) == ["started", "stopped", "unplugged"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Available", "Preparing", ["plugged in, late"]),
        ("Preparing", "Available", ["unplugged, late"]),
        ("Preparing", "Preparing", []),
        ("Available", "Faulted", []),
    ],
)
async def test_a_car_that_comes_or_leaves_meanwhile(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    timing: Timing,
    version: str,
    before: str,
    after: str,
    told: list[str],
) -> None:
    """What happened while we were away is reported when the charger is back, as late, even after a second restart."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    await charger.status(before, clock.text())
    await charger.station.close()
    other, _ = await _restarted(system, clock, timing)
    await other.stop()
    other, news = await _restarted(other, clock, timing)
    charger.station = await RawStation.connect(
        charger.station.session, other.port, protocols=(f"ocpp{version}",)
    )
    clock.step(60)
    await charger.boot()
    await charger.status(after, clock.text())
    await charger.status(after, clock.text())
    assert _in_words(news) == told
    await charger.status("Available", clock.text())
    await charger.status("Preparing", clock.text())
    assert _in_words(news)[-1] == "plugged in"
    await charger.station.close()
    await other.stop()


@pytest.mark.parametrize("version", VERSIONS)
async def test_another_car_meanwhile(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> None:
    """One car left and another came while the charger was offline: the end of the first session says that it was unplugged."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    await charger.status("Available", clock.text())
    first = await charger.start(clock.text())
    news: list[ConnectorNews] = []
    system.subscribe_sessions("CP1", 1, news.append)
    news.clear()
    clock.step(1800)
    left = clock.text()
    clock.step(1800)
    came = clock.text()
    clock.step(1800)
    await charger.stop(first, left, 2000, "EVDisconnected")
    await charger.start(came, name="tx2")
    assert _in_words(news) == [
        "stopped, late",
        "unplugged, late",
        "plugged in, late",
        "started, late",
    ]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_status_that_is_not_reported(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    timing: Timing,
    version: str,
) -> None:
    """A charger with a waiting car refuses TriggerMessage after a restart: it is asked again, and inferred."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    await charger.status("Preparing", clock.text())
    await charger.set_up()
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    await charger.station.close()
    other = CentralSystem(
        now=clock, timing=replace(timing, return_s=0.01, ask_again_s=0.05)
    )
    other.accept(CP1, memory)
    await other.start("127.0.0.1", 0)
    station = await RawStation.connect(
        charger.station.session, other.port, protocols=(f"ocpp{version}",)
    )
    station.answers |= {} if charger.old else ANSWERS_2
    station.answers["TriggerMessage"] = lambda _: {"status": "Rejected"}

    def asked() -> int:
        messages = [
            one["requestedMessage"] for one in station.received("TriggerMessage")
        ]
        return messages.count("StatusNotification")

    await station.wait_for(lambda: asked() >= 3)
    connector = other.stations["CP1"].connector(1)
    assert connector.status is ConnectorStatus.PREPARING
    again = Charger(station, version)
    await again.status("Available", clock.text())
    assert other.stations["CP1"].connector(1).status is ConnectorStatus.AVAILABLE
    assert not other.stations["CP1"].connectors.unreported()
    await station.close()
    await other.stop()
