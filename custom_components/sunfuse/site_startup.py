"""Starts the parts of a site: the port that chargers connect to, then, once its entities exist, all that runs."""

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady

from .const import CONF_KIND, CONF_PORT, CONF_SOURCES, DOMAIN, KIND_SIMULATED
from .data import SunfuseConfigEntry
from .site.chargers.certificate_authority import async_authority
from .site.chargers.tls import async_tls, forget_issue, is_encrypted
from .site.circuits import CircuitTree
from .site.entry_data import site_of
from .site.ledger.past_sessions import async_past_sessions
from .site.planning.peaks import start_peaks
from .site.simulated.simulated_house import SimulatedHouse
from .sources.config import SourcesConfig
from .sources.live_readings import LiveSource


async def async_listen(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Listen for chargers: from anywhere, but for a simulated site from this machine only."""
    central_system = entry.runtime_data.central_system
    host = "127.0.0.1" if entry.data[CONF_KIND] == KIND_SIMULATED else None
    tls = None
    if is_encrypted(entry):
        authority = await async_authority(hass, entry.entry_id, entry.title)
        central_system.set_authority(authority)
        tls = await async_tls(hass, entry, authority.certificate)
    else:
        forget_issue(hass, entry.entry_id)
    try:
        await central_system.start(host, entry.data[CONF_PORT], tls)
    except OSError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="port_taken",
            translation_placeholders={"port": str(entry.data[CONF_PORT])},
        ) from err
    entry.async_on_unload(central_system.stop)

    async def shut_down(_event: Event) -> None:
        await entry.runtime_data.modbus.async_stop()
        # Entries are not unloaded when Home Assistant stops; the chargers should be disconnected in order.
        await entry.runtime_data.battery_hold.async_stop()
        if house := entry.runtime_data.simulated_house:
            await house.async_stop()
        await central_system.stop()
        await entry.runtime_data.planning.async_stop()

    entry.async_on_unload(
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, shut_down)
    )


async def async_start_parts(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Start the parts of a site, once its entities exist."""
    site = entry.runtime_data
    house = site.simulated_house
    if house:
        await house.async_start(hass, site.central_system.port)
        entry.async_on_unload(house.async_stop)
    site.modbus.start()
    site.controller.start(_live_source(hass, entry, house))
    entry.async_on_unload(site.vehicles.start(site.controller.request_tick))
    site.car_sessions.history.learn(await async_past_sessions(site.ledger))
    await site.observed.async_put_aside()
    entry.async_on_unload(site.controller.stop)
    entry.async_on_unload(site.observed.start(site.coordinator, site.sources))
    site.forecasts.start(site.sources, house.forecasts(hass) if house else ())
    if site.prices:
        site.prices.start()
    if site.planning.clock.house is None:
        start_peaks(hass, entry, site.peaks, site.sources)
    else:
        # Where time runs faster, what was recorded by the clock on the wall is of another time.
        site.peaks.begin_anew()
    site.planning.start()
    entry.async_on_unload(site.planning.async_stop)


def _live_source(
    hass: HomeAssistant, entry: SunfuseConfigEntry, house: SimulatedHouse | None
) -> LiveSource:
    site = site_of(entry.data)
    sources = (
        house.sources(hass)
        if house
        else SourcesConfig.from_dict(entry.data[CONF_SOURCES])
    )
    entry.runtime_data.sources = sources
    observed = entry.runtime_data.observed
    source = LiveSource(
        hass,
        sources,
        phases=site.phases,
        voltage_v=site.voltage_v,
        circuits=CircuitTree.of(entry).sources(),
        freshness=observed.freshness,
    )
    observed.take_back(source.entities)
    return source
