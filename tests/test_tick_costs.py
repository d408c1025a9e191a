"""What a site costs while it runs: it decides when there is something to decide on, and little else happens then."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from custom_components.sunfuse.site import controller
from homeassistant.core import HomeAssistant

from .site_fixtures import Home, obeys

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
        later - sooner
        for sooner, later in zip(decided, decided[1:], strict=False)
    ]
    assert len(decided) >= 11
    assert max(pauses_s) < 5.5


async def test_listeners_that_a_tick_does_not_concern(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """No entity of a charger is looked at while nothing changes there: a site of fifty has 1,500 of them."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    coordinator = home.entry.runtime_data.coordinator
    of_chargers = [
        listener.__self__
        for listener, _ in coordinator._listeners.values()
        if "CP1" in (getattr(getattr(listener, "__self__", None), "unique_id", None) or "")
    ]
    assert of_chargers == []
