"""What a site costs while it runs: it decides when there is something to decide on, and little else happens then."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.drivers.wishes import Target, TargetKind
from custom_components.sunfuse.entity import ChargerEntity
from custom_components.sunfuse.site import controller
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..site_fixtures import Home, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return when each decision was made, by the event loop's clock."""
    real, at_s = controller.decide, list[float]()

    def decide(*arguments: Any) -> Any:
        at_s.append(asyncio.get_running_loop().time())
        return real(*arguments)

    monkeypatch.setattr(controller, "decide", decide)
    return at_s


async def test_one_decision_for_each_reading(
    start: Callable[..., Any], decided: list[float]
) -> None:
    """A meter that reports each second leads to a decision a second: no timer adds others to them."""
    home: Home = await start("CP1")
    await home.boot("CP1")
    await asyncio.sleep(3)
    decided.clear()
    await asyncio.sleep(60)
    assert 58 <= len(decided) <= 62


async def test_a_decision_within_five_seconds_where_nothing_reports(
    start: Callable[..., Any], decided: list[float]
) -> None:
    """Time matters, too: delays end, readings grow old, offers lapse."""
    home: Home = await start("CP1")
    await home.boot("CP1")
    home.house_a = None
    await asyncio.sleep(5)
    decided.clear()
    await asyncio.sleep(60)
    pauses_s = [
        later - sooner for sooner, later in zip(decided, decided[1:], strict=False)
    ]
    assert len(decided) >= 11
    assert max(pauses_s) < 5.5


async def test_listeners_that_a_tick_does_not_concern(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No entity of a charger is looked at while nothing changes there: a site of fifty has 1,500 of them."""
    looked_at: list[str] = []

    def available(entity: ChargerEntity) -> bool:
        looked_at.append(entity.unique_id or "?")
        return True

    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await asyncio.sleep(150)  # all that waited for something to settle is written
    home.charging = None
    await asyncio.sleep(60)
    monkeypatch.setattr(ChargerEntity, "available", property(available))
    for _ in range(10):
        home.entry.runtime_data.controller.tick()
    assert looked_at == []


async def test_a_report_concerns_only_who_shows_it(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A charger has thirty entities and more: the meter's values are in six of them."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await asyncio.sleep(150)
    home.charging = None
    await asyncio.sleep(60)
    looked_at: set[str] = set()

    def available(entity: ChargerEntity) -> bool:
        looked_at.add(entity.entity_description.key)
        return True

    monkeypatch.setattr(ChargerEntity, "available", property(available))
    await home.draw(station, 13.5)
    home.entry.runtime_data.controller.tick()
    assert {"power", "current_l1"} <= looked_at
    assert looked_at <= {
        *("power", "energy", "session_energy"),
        *("current_l1", "current_l2", "current_l3"),
        *("offered_current", "reason"),  # what is decided with it
    }


async def test_idle_chargers_write_nothing(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Ten minutes in which a meter reports each second and chargers send heartbeats: no state of theirs is written."""
    home: Home = await start("CP1", "CP2")
    stations = [await home.boot(identity) for identity in ("CP1", "CP2")]
    await asyncio.sleep(60)
    written = Counter[str]()

    @callback
    def note(event: Event[Any]) -> None:
        if not event.data["entity_id"].startswith("sensor.grid_"):
            written[event.data["entity_id"]] += 1

    @callback
    def everything(_data: Mapping[str, Any]) -> bool:
        return True  # reported states have no other listeners

    for kind in ("state_changed", "state_reported"):
        hass.bus.async_listen(kind, note, event_filter=everything)
    for _ in range(10):
        for station in stations:
            await station.call("Heartbeat", {})
        await asyncio.sleep(60)
    assert [name for name in written if "charger" in name] == []
    assert written.total() <= 25  # how often the meter reports is being learned


async def test_draws_that_waver_within_their_offer(
    start: Callable[..., Any], decided: list[float]
) -> None:
    """A car whose draw is another one with each report does not lead to a decision with each report."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await asyncio.sleep(30)
    home.charging = None
    decided.clear()
    for turn in range(120):
        await home.draw(station, (9.0, 13.0, 11.0)[turn % 3])
        await asyncio.sleep(0.5)
    assert 58 <= len(decided) <= 70


async def test_no_task_where_there_is_nothing_to_say(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In two minutes of decisions a charging car's limit is renewed three times, and its charger is sent nothing else; an idle one is sent nothing."""
    home: Home = await start("CP1", "CP2")
    station = await home.charge("CP1")
    await home.boot("CP2")
    await obeys(station, 14)
    await asyncio.sleep(60)
    tasks = Counter[str]()
    real = type(home.entry).async_create_background_task

    def create(
        entry: Any, hass: HomeAssistant, job: Any, name: str, **more: Any
    ) -> Any:
        tasks[name] += 1
        return real(entry, hass, job, name, **more)

    monkeypatch.setattr(type(home.entry), "async_create_background_task", create)
    await asyncio.sleep(120)
    offers = {name: n for name, n in tasks.items() if name.startswith("Sunfuse offer")}
    assert offers == {"Sunfuse offer to CP1/1": 3}


async def test_a_departure_is_no_row_each_minute(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What is needed until a car leaves becomes less with each report; the departure itself stays, and its row too."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    home.entry.runtime_data.departures.set_once(
        "CP1/1",
        dt_util.utcnow() + timedelta(hours=5),
        Target(kind=TargetKind.ENERGY, value=40_000),
        of_session=True,
    )
    await obeys(station, 14)
    home.charging = None
    rows = Counter[str]()

    @callback
    def note(event: Event[Any]) -> None:
        rows[event.data["entity_id"]] += 1

    await asyncio.sleep(60)
    hass.bus.async_listen("state_changed", note)
    for minute in range(20):
        await home.draw(station, 14, register_kwh=1 + 0.16 * minute)
        await asyncio.sleep(60)
    departure = home.entity("sensor", "CP1/1_departure")
    assert rows[home.entity("sensor", "CP1/1_session_energy")] >= 15  # it charges
    assert rows[departure] <= 6
