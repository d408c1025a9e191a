"""What a press of Submit does about a repair issue: the change that its text announces, and nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..central_system.station.quirks import understood
from ..central_system.station.station import Station
from ..central_system.station_state import CommandError
from ..const import (
    CONF_FAIL_SAFE_CURRENT,
    CONF_MARGIN,
    CONF_QUIRKS,
    CONF_SOURCES,
    MAIN_CIRCUIT,
    SUBENTRY_CHARGER,
)
from ..data import SunfuseConfigEntry
from ..site.battery.battery_hold import NotDoneError, async_set_entity
from ..site.circuits import CircuitTree
from ..site.fail_safe_check import chargers_of, fitting_currents
from ..site.outcome import identity_of
from ..site.subentries import usable
from ..sources.config import SourcesConfig

# What a repair issue carries: which of these fixes it, and about what.
FIX, ABOUT, VALUE = "fix", "about", "value"

REMOVE = "remove"
FORGET_QUIRKS = "forget_quirks"
RAISE_MARGIN = "raise_margin"
LOWER_FAIL_SAFE = "lower_fail_safe"
TURN_GRID = "turn_grid"
TURN_PHASES = "turn_phases"
RESTART = "restart"
RELOAD = "reload"
TRY_LIMITS = "try_limits"
SET_UP = "set_up"
TEST_FAIL_SAFE = "test_fail_safe"
FORGET_ATTEMPTS = "forget_attempts"
PLAN_NOW = "plan_now"
GIVE_BACK = "give_back"

type IssueData = Mapping[str, Any]


async def _remove(
    hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Remove what cannot be used."""
    hass.config_entries.async_remove_subentry(entry, str(data[ABOUT]))


async def _forget_quirks(
    hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Forget the settings of a charger that are not understood; the others remain."""
    charger = entry.subentries[str(data[ABOUT])]
    known = dict(understood(charger.data.get(CONF_QUIRKS, {}).items()))
    _change(hass, entry, charger, {CONF_QUIRKS: known})


async def _raise_margin(
    hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Raise the margin of the main fuse, or of a circuit, to what allows for its slow meter."""
    margin = {CONF_MARGIN: float(str(data[VALUE]))}
    if data[ABOUT] == MAIN_CIRCUIT:
        hass.config_entries.async_update_entry(entry, data={**entry.data, **margin})
        return
    _change(hass, entry, entry.subentries[str(data[ABOUT])], margin)


async def _lower_fail_safe(
    hass: HomeAssistant, entry: SunfuseConfigEntry, _data: IssueData
) -> None:
    """Give each charger the fail-safe current that fits."""
    loads = entry.runtime_data.usual_loads
    fits = fitting_currents(CircuitTree.of(entry), chargers_of(entry), loads)
    for charger in usable(entry, SUBENTRY_CHARGER):
        fitting_a = fits[identity_of(charger)]
        if fitting_a < charger.data[CONF_FAIL_SAFE_CURRENT]:
            _change(hass, entry, charger, {CONF_FAIL_SAFE_CURRENT: fitting_a})


async def _turn_grid(
    hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Turn the sign of the grid power; phases that agreed with it are turned as well."""
    sources = SourcesConfig.from_dict(entry.data[CONF_SOURCES])
    if sources.grid is not None:
        grid = replace(sources.grid, inverted=not sources.grid.inverted)
        sources = replace(sources, grid=grid)
    if data.get(VALUE) == "both":
        sources = _with_phases_turned(sources)
    _read_from(hass, entry, sources)


async def _turn_phases(
    hass: HomeAssistant, entry: SunfuseConfigEntry, _data: IssueData
) -> None:
    """Turn the sign of the phases."""
    sources = SourcesConfig.from_dict(entry.data[CONF_SOURCES])
    _read_from(hass, entry, _with_phases_turned(sources))


async def _restart(
    hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Restart a charger.

    Raises:
        CommandError: it refuses, or does not answer.

    """
    adapter = await _station(entry, data).in_service()
    await adapter.reset(hard=False)


async def _try_limits(
    _hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Send a charger limits again, although it refused them."""
    _station(entry, data).limits.try_again()


async def _set_up(
    _hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Set up a charger again, with its fail-safe current.

    Raises:
        CommandError: it is not connected.

    """
    station = _station(entry, data)
    await station.in_service()
    station.presence.set_up_again()


async def _test_fail_safe(
    _hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Let the limit of a charging car expire.

    Raises:
        CommandError: no car draws enough for a test.

    """
    station = _station(entry, data)
    refused: CommandError | None = None
    for connector in station.state.connectors:
        try:
            station.test_fail_safe(connector.id)
        except CommandError as err:
            refused = err
        else:
            return
    if refused is not None:
        raise refused


async def _forget_attempts(
    _hass: HomeAssistant, entry: SunfuseConfigEntry, data: IssueData
) -> None:
    """Forget who tried to connect as a charger."""
    _station(entry, data).forget_attempts()


async def _plan_now(
    _hass: HomeAssistant, entry: SunfuseConfigEntry, _data: IssueData
) -> None:
    """Make a plan at once."""
    entry.runtime_data.planning.plan_anew()


async def async_give_back(hass: HomeAssistant, data: IssueData) -> None:
    """Restore what keeps the home battery from discharging.

    Raises:
        CommandError: the entity is unavailable, or does not take its value.

    """
    try:
        await async_set_entity(hass, str(data[ABOUT]), str(data[VALUE]))
    except (HomeAssistantError, NotDoneError, TimeoutError) as err:
        raise CommandError("refused", str(err)) from err


async def _reload(
    hass: HomeAssistant, entry: SunfuseConfigEntry, _data: IssueData
) -> None:
    """Set up the site again."""
    await hass.config_entries.async_reload(entry.entry_id)


FIXES: Mapping[
    str, Callable[[HomeAssistant, SunfuseConfigEntry, IssueData], Awaitable[None]]
] = {
    REMOVE: _remove,
    FORGET_QUIRKS: _forget_quirks,
    RAISE_MARGIN: _raise_margin,
    LOWER_FAIL_SAFE: _lower_fail_safe,
    TURN_GRID: _turn_grid,
    TURN_PHASES: _turn_phases,
    RESTART: _restart,
    RELOAD: _reload,
    TRY_LIMITS: _try_limits,
    SET_UP: _set_up,
    TEST_FAIL_SAFE: _test_fail_safe,
    FORGET_ATTEMPTS: _forget_attempts,
    PLAN_NOW: _plan_now,
}
# These help a site that is not set up, too.
WITHOUT_SITE = frozenset({RELOAD})


def _station(entry: SunfuseConfigEntry, data: IssueData) -> Station:
    return entry.runtime_data.central_system.stations[str(data[ABOUT])]


def _change(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentry: ConfigSubentry,
    changes: Mapping[str, Any],
) -> None:
    hass.config_entries.async_update_subentry(
        entry, subentry, data={**subentry.data, **changes}
    )


def _with_phases_turned(sources: SourcesConfig) -> SourcesConfig:
    return replace(sources, grid_phases_inverted=not sources.grid_phases_inverted)


def _read_from(hass: HomeAssistant, entry: ConfigEntry, sources: SourcesConfig) -> None:
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_SOURCES: sources.to_dict()}
    )
