"""Who is called with a tick: those whom it concerns."""

from operator import attrgetter
from types import SimpleNamespace
from typing import Any, cast

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.coordinator import Concern, SunfuseCoordinator
from custom_components.sunfuse.site.outcome import ConnectorKey, SiteData
from homeassistant.core import HomeAssistant

ONE = ConnectorKey(identity="CP1", connector=1)
OTHER = ConnectorKey(identity="CP2", connector=1)


def _connector(*, connected: bool = True, **parts: object) -> SimpleNamespace:
    """Return what is shown of a connector."""
    return SimpleNamespace(station=SimpleNamespace(connected=connected), **parts)


def _outcome(one: object, other: object) -> SiteData:
    """Return the outcome of a tick that shows these objects."""
    return cast("SiteData", SimpleNamespace(connectors={ONE: one, OTHER: other}))


async def test_listeners_to_a_connector(hass: HomeAssistant) -> None:
    """They are called when what is shown of it is another object; who fails does not stop the others."""
    coordinator = SunfuseCoordinator(hass, MockConfigEntry())
    called: list[str] = []

    def fails() -> None:
        raise RuntimeError

    coordinator.async_add_listener(fails, Concern(ONE))
    stop = coordinator.async_add_listener(lambda: called.append("one"), Concern(ONE))
    coordinator.async_add_listener(lambda: called.append("other"), Concern(OTHER))
    coordinator.async_add_listener(lambda: called.append("site"))
    one, other = _connector(), _connector()
    coordinator.async_set_updated_data(_outcome(one, other))
    assert called == ["site", "one", "other"]
    called.clear()
    coordinator.async_set_updated_data(_outcome(one, other))
    assert called == ["site"]
    called.clear()
    coordinator.async_set_updated_data(_outcome(_connector(), other))
    assert called == ["site", "one"]
    called.clear()
    coordinator.async_fail(RuntimeError())
    assert called == ["site", "one", "other"]
    called.clear()
    stop()
    coordinator.async_set_updated_data(_outcome(_connector(), other))
    assert called == ["site", "other"]


async def test_who_asks_is_called_again(hass: HomeAssistant, monkeypatch: Any) -> None:
    """What has not settled is looked at again within seconds, although nothing changes."""
    coordinator = SunfuseCoordinator(hass, MockConfigEntry())
    called: list[str] = []

    def waits() -> None:
        called.append("changed")

    def settle() -> None:
        called.append("again")

    stop = coordinator.async_add_listener(waits, Concern(ONE))
    shown = _outcome(_connector(), _connector())
    now_s = hass.loop.time()
    monkeypatch.setattr(hass.loop, "time", lambda: now_s)
    coordinator.async_set_updated_data(shown)
    coordinator.call_again(waits, ONE, settle)
    coordinator.async_set_updated_data(shown)
    assert called == ["changed"]
    now_s += 15
    coordinator.async_set_updated_data(shown)
    assert called == ["changed", "again"]
    now_s += 15
    coordinator.async_set_updated_data(shown)
    assert called == ["changed", "again"]
    coordinator.call_again(waits, ONE, settle)
    stop()
    now_s += 15
    coordinator.async_set_updated_data(shown)
    assert called == ["changed", "again"]


async def test_listeners_to_a_part(hass: HomeAssistant) -> None:
    """Who shows a setting is called when the settings are others, not with each report of the charger; and when asked for."""
    coordinator = SunfuseCoordinator(hass, MockConfigEntry())
    called: list[str] = []

    def setting() -> None:
        called.append("setting")

    coordinator.async_add_listener(setting, Concern(ONE, attrgetter("settings")))
    coordinator.async_add_listener(lambda: called.append("all"), Concern(ONE))

    def after(data: object) -> list[str]:
        called.clear()
        coordinator.async_set_updated_data(_outcome(data, None))
        return sorted(called)

    assert after(_connector(settings=[1], meter=1)) == ["all", "setting"]
    assert after(_connector(settings=[1], meter=2)) == ["all"]
    coordinator.call_next(setting, ONE)
    assert after(_connector(settings=[1], meter=3)) == ["all", "setting"]
    assert after(_connector(settings=[2], meter=3)) == ["all", "setting"]
    assert after(_connector(settings=[2], meter=3, connected=False)) == [
        "all",
        "setting",
    ]
    assert after(None) == ["all", "setting"]


async def test_what_was_shown_before_nothing(hass: HomeAssistant) -> None:
    """Who comes later and shows something is called when there is nothing to show any more, also as the first news."""
    coordinator = SunfuseCoordinator(hass, MockConfigEntry())
    coordinator.async_add_listener(lambda: None, Concern(ONE))
    coordinator.async_set_updated_data(_outcome(_connector(card="A"), None))
    called: list[str] = []
    coordinator.async_add_listener(
        lambda: called.append("card"), Concern(ONE, attrgetter("card"))
    )
    coordinator.async_set_updated_data(_outcome(_connector(card=None), None))
    assert called == ["card"]
