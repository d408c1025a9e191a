"""The file of a site's ledger: where it is, how it is opened, and what happens to it when the site is removed."""

from datetime import datetime
import logging
from pathlib import Path
import sqlite3

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ...central_system import CentralSystem
from ...const import DOMAIN
from ...sessions import Ledger, LedgerStart, NewerLedgerError
from ..cars.demands import Demands
from ..observing import Observed
from ..people.cards import Cards
from ..people.persons import Persons
from ..prices import SitePrices
from .ledger import SiteLedger

_LOGGER = logging.getLogger(__name__)

# SQLite's own names of the files beside a database.
_BESIDE = ("", "-wal", "-shm")
# A repair issue with this is about the ledger of a site that was removed.
REMOVED_SITE = "removed"


def ledger_path(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where a site's ledger is: in Home Assistant's configuration folder, so that backups have it."""
    return Path(hass.config.path(f"{DOMAIN}.{entry_id}.db"))


def open_ledger(path: Path, now: datetime) -> tuple[Ledger, LedgerStart, str | None]:
    """Open a ledger; must be called off the event loop.

    One that cannot be read is renamed, as charging must continue. Returns the ledger, where to continue, and the new name
    of the unreadable file.
    """
    aside = None
    try:
        ledger = Ledger(path)
    except (sqlite3.DatabaseError, NewerLedgerError) as error:
        aside = f"{path.name}.put_aside.{now:%Y%m%dT%H%M%S}"
        _LOGGER.error("%s cannot be read (%s); it is kept as %s", path, error, aside)
        for beside in _BESIDE:
            if (found := path.with_name(path.name + beside)).exists():
                found.rename(path.with_name(aside + beside))
        ledger = Ledger(path)
    return ledger, ledger.start().result(), aside


def remove_ledger(path: Path) -> bool:
    """Remove a ledger without sessions; returns whether it has some, and was kept. Must be called off the event loop."""
    if not path.exists():
        return False
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT 1 FROM session LIMIT 1").fetchone()
    except sqlite3.DatabaseError:
        row = None
    finally:
        connection.close()
    if row is None:
        _delete(path)
    return row is not None


async def async_delete_ledger(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the ledger of a site that was removed, with its sessions."""
    await hass.async_add_executor_job(_delete, ledger_path(hass, entry_id))


def _delete(path: Path) -> None:
    for beside in _BESIDE:
        path.with_name(path.name + beside).unlink(missing_ok=True)


def report_put_aside(hass: HomeAssistant, entry: ConfigEntry, aside: str) -> None:
    """Report that a ledger could not be read, and where it is."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"ledger_put_aside_{entry.entry_id}",
        is_fixable=True,  # by confirming that it was read
        is_persistent=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key="ledger_put_aside",
        translation_placeholders={"site": entry.title, "file": aside},
    )


async def async_remove_ledger(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove what is left of a site's ledger; its sessions stay until the user deletes them, as bills are based on them."""
    path = ledger_path(hass, entry.entry_id)
    ir.async_delete_issue(hass, DOMAIN, f"ledger_put_aside_{entry.entry_id}")
    if not await hass.async_add_executor_job(remove_ledger, path):
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"sessions_kept_{entry.entry_id}",
        data={REMOVED_SITE: entry.entry_id},
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="sessions_kept",
        translation_placeholders={"site": entry.title, "file": path.name},
    )


async def async_load_ledger(
    hass: HomeAssistant,
    entry: ConfigEntry,
    *,
    cards: Cards,
    persons: Persons,
    central_system: CentralSystem,
    demands: Demands,
    observed: Observed,
    prices: SitePrices | None,
) -> SiteLedger:
    """Return a site's ledger, which is closed when the site is unloaded or Home Assistant stops."""
    path = ledger_path(hass, entry.entry_id)
    ledger, start, aside = await hass.async_add_executor_job(
        open_ledger, path, dt_util.utcnow()
    )
    if aside is not None:
        report_put_aside(hass, entry, aside)
    site_ledger = SiteLedger(
        hass,
        entry,
        ledger,
        start,
        cards=cards,
        persons=persons,
        central_system=central_system,
        demands=demands,
        observed=observed,
        prices=prices,
    )

    async def final_write(_event: Event) -> None:
        await site_ledger.async_stop()

    stop_listening = hass.bus.async_listen_once(
        EVENT_HOMEASSISTANT_FINAL_WRITE, final_write
    )
    entry.async_on_unload(site_ledger.async_stop)
    entry.async_on_unload(stop_listening)
    return site_ledger
