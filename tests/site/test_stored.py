"""What became of the files of a site: garbage, other versions, half of what was there. The fuse is guarded anyway."""

from collections.abc import Callable
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.site.chargers.certificate_authority import (
    async_authority,
)
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import get_internal_store_manager
from homeassistant.setup import async_setup_component

from ..common import charger, free_port, set_meters, site_entry

pytestmark = pytest.mark.usefixtures("socket_enabled")

SETTINGS, MEMORY, OBSERVED = "", ".memory", ".observed"
PRICES, FORECASTS, PEAKS = ".prices", ".forecasts", ".peaks"
BATTERY, AUTHORITY, DEPARTURES = ".battery", ".authority", ".departures"
CARS, PLAN, PASSWORDS = ".cars", ".plan", ".passwords"
FILES = (
    *(SETTINGS, MEMORY, OBSERVED, FORECASTS, PRICES, PEAKS, BATTERY),
    *(DEPARTURES, CARS, PLAN, PASSWORDS),
)
CONNECTOR = {
    "mode": "fast",
    "max_current_a": 8.0,
    "allowed": True,
    "priority": 5,
    "boost": None,
}

ENERGY_OF_TEXTS = {
    "energy_wh": 1.0,
    "restarts": False,
    "risen_at": None,
    "values": {"register_wh": "x", "at": "x", "offset_wh": 0.0, "before_wh": 0.0},
    "former": None,
    "edges": None,
    "session": None,
    "session_wh": None,
}


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each test a configuration directory of its own, with real files."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Let Home Assistant read and write real files, as it does outside of tests."""
    return {}


def entry_for(*more: ConfigSubentryData) -> MockConfigEntry:
    """Return a site whose prices come from an entity, with one charger."""
    entry = site_entry(free_port())
    sources = {**entry.data["sources"], "price_import": "sensor.price"}
    return MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        entry_id="site1",
        data={**entry.data, "sources": sources},
        subentries_data=[charger("CP1"), *more],
    )


def write(hass: HomeAssistant, name: str, text: str) -> Path:
    """Write a file of the site."""
    path = Path(hass.config.path(".storage", f"sunfuse.site1{name}"))
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    # Home Assistant listed the folder when it started.
    get_internal_store_manager(hass).async_invalidate(f"sunfuse.site1{name}")
    return path


def stored(name: str, data: Any, version: int = 1) -> str:
    """Return a file as Home Assistant writes it."""
    return json.dumps(
        {
            "version": version,
            "minor_version": 1,
            "key": f"sunfuse.site1{name}",
            "data": data,
        }
    )


def aside(hass: HomeAssistant, name: str) -> list[str]:
    """Return what was put aside of a file, and kept under another name."""
    folder = Path(hass.config.path(".storage"))
    return [
        path.read_text("utf-8")
        for path in folder.glob(f"sunfuse.site1{name}.*")
        if "put_aside" in path.name or "corrupt" in path.name
    ]


def told(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """Return the repair issues about stored files."""
    keys = ("stored_not_understood", "storage_corruption")
    issues = ir.async_get(hass).issues.values()
    return [issue for issue in issues if issue.translation_key in keys]


async def set_up(hass: HomeAssistant, *more: ConfigSubentryData) -> MockConfigEntry:
    """Set up the site; it decides, and listens to chargers."""
    set_meters(hass, currents_a=(10, 4, 4))
    entry = entry_for(*more)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    data = entry.runtime_data.coordinator.data
    assert data.decision.connectors
    assert data.snapshot.meters
    assert entry.runtime_data.central_system.port
    return entry


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "text",
    [
        "{garbage",
        "[]",
        '"text"',
        '{"version": 1}',
        '{"a": 1}',
        "FUTURE",
        "LIST",
        "TEXT",
    ],
)
async def test_a_file_that_cannot_be_read(
    hass: HomeAssistant, name: str, text: str
) -> None:
    """The site is set up without it; a repair says so, and what was there is kept under another name."""
    text = {
        "FUTURE": stored(name, {"of": "tomorrow"}, version=9),
        "LIST": stored(name, [1, 2]),
        "TEXT": stored(name, "text"),
    }.get(text, text)
    write(hass, name, text)
    entry = await set_up(hass)
    assert told(hass)
    kept = aside(hass, name)
    assert len(kept) == 1
    whole = kept[0] == text
    assert whole or json.loads(kept[0])["data"]["content"] == json.loads(text)["data"]
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("data", [{}, None])
async def test_a_file_with_nothing_in_it(
    hass: HomeAssistant, name: str, data: Any
) -> None:
    """There is nothing to report, and nothing to fail on."""
    write(hass, name, stored(name, data))
    entry = await set_up(hass)
    assert not told(hass)
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("name", "data", "items"),
    [
        (SETTINGS, {"policy": "of_tomorrow"}, "policy"),
        (SETTINGS, {"limit_a": "much"}, "limit_a"),
        (SETTINGS, {"tomorrow": 1}, "tomorrow"),
        (SETTINGS, {"limit_a": -1.0}, "limit_a"),
        (
            SETTINGS,
            {"connectors": {"CP1/1": {**CONNECTOR, "max_current_a": -1.0}}},
            "connectors.CP1/1.max_current_a",
        ),
        (
            SETTINGS,
            {"connectors": {"CP1/1": {**CONNECTOR, "priority": 10**18}}},
            "connectors.CP1/1.priority",
        ),
        (SETTINGS, {"limits": [{"name": "x", "kind": "new"}]}, "limits.0"),
        (SETTINGS, {"circuits": {"sub": "x"}}, "circuits.sub"),
        (MEMORY, {"engine": {"at": 5}}, "engine.at"),
        (MEMORY, {"engine": {"at": "2026-11-29T08:00:00"}}, "engine.at"),
        (MEMORY, {"engine": {"at": "9999-12-31T23:59:59+00:00"}}, "engine.at"),
        (MEMORY, {"engine": [], "stations": []}, "engine"),
        (
            MEMORY,
            {"stations": {"CP1": {"info": {"new": "x"}}}},
            "stations.CP1.info.new",
        ),
        (
            MEMORY,
            {
                "stations": {
                    "CP1": {"fail_safe": "perhaps", "transactions": [{"id": 1}]}
                }
            },
            "stations.CP1.transactions.0",
        ),
        (
            MEMORY,
            {"stations": {"CP1": {"energy": {"1": {"energy_wh": "x"}, "99": {}}}}},
            "stations.CP1.energy.1",
        ),
        (
            MEMORY,
            {"stations": {"CP1": {"energy": {"1": ENERGY_OF_TEXTS}}}},
            "stations.CP1.energy.1",
        ),
        (OBSERVED, {"balance": [], "freshness": 5}, "balance"),
        (OBSERVED, {"freshness": {"sensor.grid_l1": 5}}, "freshness.sensor.grid_l1"),
        (
            OBSERVED,
            {"freshness": {"sensor.grid_l1": {"intervals_s": [1.0, "x"]}}},
            "freshness.sensor.grid_l1.intervals_s.1",
        ),
        (
            OBSERVED,
            {"freshness": {"sensor.grid_l1": {"repeats": "often"}}},
            "freshness.sensor.grid_l1.repeats",
        ),
        # Numbers that nothing measures: a sum of them is infinite, and JSON cannot hold a larger whole one.
        (MEMORY, {"engine": {"surplus_w": 1e308}}, "engine.surplus_w"),
        (OBSERVED, {"balance": {"solar_wh": 1e308}}, "balance"),
        (
            OBSERVED,
            {"freshness": {"sensor.grid_l1": {"repeats": 2**64 - 1}}},
            "freshness.sensor.grid_l1.repeats",
        ),
        (
            DEPARTURES,
            {"owners": {"CP1": {"weekly": [{"weekday": 7}, {"weekday": 1}]}}},
            "owners.CP1.weekly.0",
        ),
        (
            DEPARTURES,
            {"owners": {"CP1": {"weekly": [{"weekday": 0, "minute": 2**62}]}}},
            "owners.CP1.weekly.0",
        ),
        (PEAKS, {"last": ["x", 1]}, "last"),
        (FORECASTS, {"hours": 5, "load": {}}, "hours"),
        (FORECASTS, {"hours": [["x", 1, 2]]}, "hours.0"),
        (BATTERY, {"entity_id": "number.x"}, "*"),
    ],
)
async def test_an_item_that_is_not_understood(
    hass: HomeAssistant, name: str, data: Any, items: str
) -> None:
    """It alone is replaced by its default; the repair names it, and it is found again under another name."""
    write(hass, name, stored(name, data))
    entry = await set_up(hass)
    (issue,) = told(hass)
    assert issue.translation_placeholders
    assert items in issue.translation_placeholders["items"].split(", ")
    (kept,) = aside(hass, name)
    assert json.loads(kept)["data"]["content"] == data
    await hass.config_entries.async_unload(entry.entry_id)
    # The next start has nothing more to report.
    ir.async_delete_issue(hass, DOMAIN, issue.issue_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert not told(hass)
    assert len(aside(hass, name)) == 1
    await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not aside(hass, name)


def _odd_price(data: dict[str, Any]) -> str:
    data["prices"]["import"]["slots"] = [["2026-11-25T00:00:00+00:00", 0.2], ["x", 1]]
    return "prices.import.slots.1"


def _ancient_price(data: dict[str, Any]) -> str:
    data["prices"]["import"]["slots"] = [["0001-01-01T00:00:00+00:00", 0.2]]
    return "prices.import.slots.0"


def _odd_month(data: dict[str, Any]) -> str:
    (tariff,) = data["tariffs"]
    data["tariffs"][tariff]["state"]["month"] = "x"
    return f"tariffs.{tariff}.state.month"


def _endless_peak(data: dict[str, Any]) -> str:
    (tariff,) = data["tariffs"]
    data["tariffs"][tariff]["state"]["used_wh"] = 1e308
    return f"tariffs.{tariff}.state.used_wh"


def _odd_peak(data: dict[str, Any]) -> str:
    (tariff,) = data["tariffs"]
    data["tariffs"][tariff]["state"]["past"] = [["2026-10", "much"]]
    return f"tariffs.{tariff}.state.past.0"


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        (PRICES, _odd_price),
        (PRICES, _ancient_price),
        (PEAKS, _odd_peak),
        (PEAKS, _odd_month),
        (PEAKS, _endless_peak),
    ],
)
async def test_a_row_that_is_not_understood(
    hass: HomeAssistant, name: str, spoil: Callable[[dict[str, Any]], str]
) -> None:
    """Only that is left out of the stored prices and peaks; it is reported and put aside."""
    entry = await set_up(hass, capacity_tariff())
    await hass.config_entries.async_unload(entry.entry_id)
    path = Path(hass.config.path(".storage", f"sunfuse.site1{name}"))
    content = json.loads(path.read_text("utf-8"))
    item = spoil(content["data"])
    write(hass, name, json.dumps(content))
    assert await hass.config_entries.async_setup(entry.entry_id)
    (issue,) = told(hass)
    assert issue.translation_placeholders
    assert issue.translation_placeholders["items"] == item
    assert len(aside(hass, name)) == 1
    await hass.config_entries.async_unload(entry.entry_id)


def capacity_tariff() -> ConfigSubentryData:
    """Return a tariff that peaks are measured for."""
    return ConfigSubentryData(
        data={"rule": {"key": "flanders", "price_per_kw": 4.0}},
        subentry_type="capacity_tariff",
        title="Peaks",
        unique_id=None,
    )


async def test_the_rest_of_the_settings_holds(hass: HomeAssistant) -> None:
    """A mode of tomorrow costs neither the current that is set for the connector nor the limit of the site."""
    connectors = {"CP1/1": {**CONNECTOR, "mode": "of_tomorrow"}}
    settings = {"limit_a": 20.0, "policy": "new", "connectors": connectors}
    write(hass, SETTINGS, stored(SETTINGS, settings))
    entry = await set_up(hass)
    found = entry.runtime_data.settings
    assert found.site.limit_a == 20.0
    assert found.connector("CP1/1").max_current_a == 8.0
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_authority_that_is_broken(hass: HomeAssistant, tmp_path: Path) -> None:
    """Another one is made, and the former is kept."""
    text = stored(AUTHORITY, {"certificate": "none", "key": "none"})
    write(hass, AUTHORITY, text)
    authority = await async_authority(hass, "site1", "Home")
    assert "BEGIN CERTIFICATE" in authority.certificate
    assert told(hass)
    assert len(aside(hass, AUTHORITY)) == 1


async def test_a_quirk_of_tomorrow(hass: HomeAssistant) -> None:
    """The charger is served without it; a repair names it, with the charger's title as text."""
    set_meters(hass, currents_a=(10, 4, 4))
    one = charger("CP1", quirks={"of_tomorrow": "x", "settle_s": "5"})
    one["title"] = "[Garage](/config)"
    entry = site_entry(free_port(), one)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    stations = entry.runtime_data.central_system.stations
    assert stations["CP1"].behaviour.settle_s == 5
    issues = ir.async_get(hass).issues.values()
    (issue,) = [i for i in issues if i.translation_key == "quirk_not_understood"]
    assert issue.translation_placeholders
    assert issue.translation_placeholders["quirks"] == "of_tomorrow"
    assert issue.translation_placeholders["charger"] == r"\[Garage\]\(/config\)"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_versions_of_an_entry(hass: HomeAssistant) -> None:
    """An earlier one is migrated; one of a newer Sunfuse is reported."""
    set_meters(hass, currents_a=(10, 4, 4))
    former = site_entry(free_port())
    former.add_to_hass(hass)
    # A form that was saved as it was shown, but for one delay.
    shown = {"start_delay_s": 60, "stop_delay_s": 240, "dead_band_percent": 5}
    hass.config_entries.async_update_entry(former, options=shown)
    newer = MockConfigEntry(domain=DOMAIN, title="Newer", version=2, data=former.data)
    newer.add_to_hass(hass)
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    assert former.state.value == ConfigEntryState.LOADED.value
    assert (former.version, former.minor_version) == (1, 4)
    assert former.options == {"stop_delay_s": 240}
    assert newer.state.value == ConfigEntryState.MIGRATION_ERROR.value
    issues = ir.async_get(hass).issues.values()
    assert [
        issue.translation_placeholders
        for issue in issues
        if issue.translation_key == "entry_from_newer_version"
    ] == [{"site": "Newer", "stored": "2.1", "known": "1.4"}]
    await hass.config_entries.async_unload(former.entry_id)
