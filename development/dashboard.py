"""Writes the development dashboard, from what the registry says that there is."""

import logging
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.debounce import Debouncer
from homeassistant.util.yaml import dump

from .site import DOMAIN

_LOGGER = logging.getLogger(__name__)
FILE = "dashboard.yaml"
# A quarter of an hour: what was just done is to be seen at a glance.
HOURS = 0.25
# The heading names the device.
NAME = {"type": "entity"}
# Where the name of an entity is too long for a tile of half a column.
SHORT = {
    "cheapest_slot": "Cheapest",
    "expected_solar_today": "Sun today",
    "expected_solar_tomorrow": "Sun tomorrow",
    "self_consumption": "Sun used here",
    "self_sufficiency": "From the roof",
    "interval_peak": "This interval",
    "peak_cost": "Cost",
    "correct_month_peak": "Correct it",
}

type Card = dict[str, Any]


class Entities:
    """The entities of one device by the key that ends their unique id."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, owner: str) -> None:
        """Find them; `owner` is what stands between the entry's id and the key."""
        prefix = f"{entry.entry_id}_{owner}"
        self._ids = {
            entity.unique_id.removeprefix(prefix): entity.entity_id
            for entity in er.async_entries_for_config_entry(
                er.async_get(hass), entry.entry_id
            )
            if entity.unique_id.startswith(prefix) and not entity.disabled_by
        }

    def __getitem__(self, key: str) -> str:
        """Return the id of an entity that must be there."""
        return self._ids[key]

    def some(self, *keys: str) -> list[str]:
        """Return the ids of those that are there."""
        return [self._ids[key] for key in keys if key in self._ids]

    def tiles(self, *keys: str) -> list[Card]:
        """Return a small tile for each that is there."""
        return [
            {
                "type": "tile",
                "entity": self._ids[key],
                "name": SHORT.get(key, NAME),
                "grid_options": {"columns": 6},
            }
            for key in keys
            if key in self._ids
        ]


def _phases(key: str) -> list[str]:
    return [f"{key}_l{phase}" for phase in (1, 2, 3)]


def _heading(text: str, icon: str) -> Card:
    return {"type": "heading", "heading": text, "icon": icon}


def _graph(title: str, entities: list[str]) -> Card:
    return {
        "type": "history-graph",
        "title": title,
        "hours_to_show": HOURS,
        "entities": [{"entity": entity, "name": NAME} for entity in entities],
        "grid_options": {"columns": "full"},
    }


def _glance(entities: list[str]) -> Card:
    return {
        "type": "glance",
        "columns": 3,
        "show_icon": False,
        "entities": [{"entity": entity, "name": NAME} for entity in entities],
        "grid_options": {"columns": "full"},
    }


def _site_section(entry: ConfigEntry, site: Entities) -> Card:
    limit = {
        "type": "tile",
        "entity": site["limit"],
        "name": NAME,
        "grid_options": {"columns": "full"},
        "features": [{"type": "numeric-input", "style": "slider"}],
    }
    currents = _phases("grid_current")
    return {
        "type": "grid",
        "cards": [
            _heading(entry.title, "mdi:home-lightning-bolt"),
            limit,
            *site.tiles("state", "grid_power", "given_power", "surplus"),
            _graph("Grid current", site.some(*currents)),
            _glance(site.some(*_phases("headroom"))),
        ],
    }


def _price_section(site: Entities) -> Card:
    price = site["import_price"]
    # The browser's own clock names the hours; rows are quarter hours from now on.
    rows = (
        f"{{% set rows = state_attr('{price}', 'prices') or [] %}}"
        "{% set top = (rows | map(attribute='value') | list + [0.001]) | max %}"
        "{% for row in rows[::4] %}{% if loop.index <= 24 %}"
        "`{{ (row.start | as_datetime | as_local).strftime('%H:%M') }} "
        "{{ '%.3f' | format(row.value) }} "
        "{{ '█' * ([row.value / top * 20, 0] | max | round | int) }}`  \n"
        "{% endif %}{% endfor %}"
    )
    return {
        "type": "grid",
        "cards": [
            _heading("Prices", "mdi:cash-clock"),
            *site.tiles(
                "import_price", "export_price", "carbon_intensity", "cheapest_slot"
            ),
            {
                "type": "markdown",
                "content": rows,
                "grid_options": {"columns": "full"},
            },
        ],
    }


def _bars(entity: str) -> str:
    """Return a chart of a day's forecast, hour by hour, in the hours of the browser."""
    return (
        f"{{% set rows = state_attr('{entity}', 'forecast') or [] %}}"
        "{% set top = (rows | map(attribute='p90') | list + [1]) | max %}"
        "{% for row in rows[::4] %}{% if loop.index <= 24 %}"
        "`{{ (row.start | as_datetime | as_local).strftime('%H:%M') }} "
        "{{ '%5.1f' | format(row.power / 1000) }} kW "
        "{{ '█' * (row.power / top * 18) | round | int }}"
        "{{ '░' * ((row.p90 - row.power) / top * 18) | round | int }}`  \n"
        "{% endif %}{% endfor %}"
    )


def _forecast_section(entry: ConfigEntry, site: Entities) -> Card:
    """Return what will come: what is likely, and behind it what one hour in ten is beyond."""
    charts = [
        {
            "type": "markdown",
            "title": title,
            "content": _bars(entity),
            "grid_options": {"columns": "full"},
        }
        for key, title in (
            ("expected_solar_power", "Sun"),
            ("expected_load_power", "House"),
        )
        for entity in site.some(key)
    ]
    report = {
        "type": "markdown",
        "content": f"[How many chargers can this connection carry?](/sunfuse-report/{entry.entry_id})",
        "grid_options": {"columns": "full"},
    }
    return {
        "type": "grid",
        "cards": [
            _heading("What will come", "mdi:weather-partly-cloudy"),
            *site.tiles("expected_solar_today", "expected_solar_tomorrow"),
            *site.tiles("self_consumption", "self_sufficiency"),
            *charts,
            report,
        ],
    }


def _peak_section(title: str, peak: Entities) -> Card:
    return {
        "type": "grid",
        "cards": [
            _heading(title, "mdi:chart-bar"),
            *peak.tiles("interval_peak", "peak_allowance", "month_peak", "billed_peak"),
            *peak.tiles("peak_cost", "correct_month_peak"),
            _graph("This interval", peak.some("interval_peak", "peak_allowance")),
        ],
    }


def _house_section(house: Entities) -> Card:
    powers = ("grid_power", "solar_power", "battery_power", "house_power")
    return {
        "type": "grid",
        "cards": [
            _heading("Simulated house", "mdi:home-battery"),
            *house.tiles("solar_power", "house_power", "battery_power", "battery_soc"),
            _graph("Power", house.some(*powers)),
        ],
    }


def _connector_section(title: str, connector: Entities) -> Card:
    mode = {
        "type": "tile",
        "entity": connector["mode"],
        "name": NAME,
        "grid_options": {"columns": "full"},
        "features": [{"type": "select-options"}],
    }
    why = {
        "type": "markdown",
        "text_only": True,
        "content": f"{{{{ states('{connector['explanation']}') }}}}",
        "grid_options": {"columns": "full"},
    }
    currents = _phases("current")
    return {
        "type": "grid",
        "cards": [
            _heading(title, "mdi:ev-station"),
            why,
            mode,
            *connector.tiles("status", "power", "offered_current", "session_energy"),
            *connector.tiles("max_current", "charging_allowed"),
            _graph("Offered and drawn", connector.some("offered_current", *currents)),
        ],
    }


def _circuit_section(title: str, circuit: Entities) -> Card:
    limit = {
        "type": "tile",
        "entity": circuit["limit"],
        "name": NAME,
        "grid_options": {"columns": "full"},
        "features": [{"type": "numeric-input", "style": "slider"}],
    }
    return {
        "type": "grid",
        "cards": [
            _heading(title, "mdi:fuse"),
            limit,
            *circuit.tiles("state", "limited_by"),
            _graph("Headroom", circuit.some(*_phases("headroom"))),
            _glance(circuit.some(*_phases("current"), *_phases("uncontrolled"))),
        ],
    }


def _subentry_sections(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry
) -> list[Card]:
    """Return a section for a circuit, a capacity tariff, or each connector of a charger."""
    title = subentry.title
    part = Entities(hass, entry, f"{subentry.subentry_id}_")
    if subentry.subentry_type == "capacity_tariff" and part.some("month_peak"):
        return [_peak_section(title, part)]
    if subentry.subentry_type == "circuit" and part.some("limit"):
        return [_circuit_section(title, part)]
    if subentry.subentry_type != "charger":
        return []
    sections = []
    for number in range(1, subentry.data.get("connectors", 1) + 1):
        connector = Entities(hass, entry, f"{subentry.unique_id}/{number}_")
        name = title if number == 1 else f"{title} {number}"
        if connector.some("mode"):
            sections.append(_connector_section(name, connector))
    return sections


def _view(hass: HomeAssistant, entry: ConfigEntry) -> Card:
    """Return the site's view: the fuse and the chargers first, as they are what people look for."""
    site = Entities(hass, entry, "")
    sections = [_site_section(entry, site)]
    for kind in ("charger", "circuit"):
        for subentry in entry.get_subentries_of_type(kind):
            sections += _subentry_sections(hass, entry, subentry)
    if site.some("import_price"):
        sections.append(_price_section(site))
    for subentry in entry.get_subentries_of_type("capacity_tariff"):
        sections += _subentry_sections(hass, entry, subentry)
    if site.some("expected_load_power"):
        sections.append(_forecast_section(entry, site))
    house = Entities(hass, entry, "simulated_")
    if house.some("house_power"):
        sections.append(_house_section(house))
    return {
        "title": entry.title,
        "path": entry.entry_id.lower(),
        "type": "sections",
        "max_columns": 4,
        "sections": sections,
    }


_EMPTY: Card = {
    "title": "Sunfuse",
    "cards": [
        {
            "type": "markdown",
            "content": "There is no site yet. "
            "[Add one](/config/integrations/dashboard/add?domain=sunfuse): "
            "it appears here.",
        }
    ],
}


def build(hass: HomeAssistant) -> Card:
    """Return the dashboard of all sites that there are."""
    entries = hass.config_entries.async_entries(DOMAIN)
    sites = [entry for entry in entries if Entities(hass, entry, "").some("limit")]
    return {"views": [_view(hass, entry) for entry in sites] or [_EMPTY]}


async def follow(hass: HomeAssistant) -> None:
    """Write the dashboard, now and whenever entities come or go."""
    path = Path(hass.config.path(FILE))

    async def write() -> None:
        content = dump(build(hass))
        await hass.async_add_executor_job(path.write_text, content, "utf-8")

    debouncer = Debouncer[Any](
        hass, _LOGGER, cooldown=2, immediate=False, function=write
    )

    @callback
    def changed(_event: Event[Any]) -> None:
        debouncer.async_schedule_call()

    await write()
    hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, changed)
