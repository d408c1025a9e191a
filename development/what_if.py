"""`scripts/what_if`: what another tariff, fuse, battery, roof or number of chargers would have done to a site.

Reads a configuration folder of Home Assistant (or of an unpacked backup), which it does not change: the site, its ledger,
and the modes of its chargers. Without a folder, that of scripts/develop.
"""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import sqlite3
import sys
import tempfile
import time
from types import MappingProxyType
from typing import Any, cast
from zoneinfo import ZoneInfo

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.engine.model import Mode
from custom_components.sunfuse.sessions import Ledger, SessionFilter
from custom_components.sunfuse.site.outcome import ConnectorKey
from custom_components.sunfuse.site.replay.what_if_history import (
    NoPricesError,
    TooShortError,
)
from custom_components.sunfuse.site.replay.what_if_replay import (
    MOST_S,
    SINCE,
    PastOfSite,
    gathered,
    question_of,
)
from custom_components.sunfuse.site.replay.what_if_setup import (
    capacity_rules_of,
    setup_of,
)
from custom_components.sunfuse.site.replay.what_if_variation import (
    PRICED,
    VARIED,
    variation_of,
)
from custom_components.sunfuse.site.settings import default_mode
from custom_components.sunfuse.sources.series import Series, Slot, by_quarter
from custom_components.sunfuse.sources.tariffs.capacity_rules import CATALOGUE
from custom_components.sunfuse.sources.tariffs.table import TableError
from custom_components.sunfuse.what_if import ChargingPolicy, compare
from custom_components.sunfuse.what_if.comparison_answer import answer
from homeassistant.config_entries import ConfigEntry, ConfigSubentryDataWithId
from homeassistant.util.yaml import load_yaml_dict

from .comparison_page import comparison_page

ROOT = Path(__file__).resolve().parent.parent


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options of the command line. Those that vary something are named as the fields of the action."""
    parser = argparse.ArgumentParser(
        prog="scripts/what_if", description=(__doc__ or "").partition("\n")[2].strip()
    )
    parser.add_argument(
        "--config", type=Path, default=ROOT / ".develop" / "site", metavar="DIR"
    )
    parser.add_argument("--site", default="", help="a part of the site's name")
    parser.add_argument("--weeks", type=int, default=4, help="how many weeks (4)")
    parser.add_argument("--html", type=Path, help="write a page with a chart")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    parser.add_argument(
        "--seconds", type=float, default=MOST_S, help="how long to compute (60)"
    )
    parser.add_argument("--investment", type=float, help="what it would cost")
    varied = parser.add_argument_group("what is different")
    varied.add_argument("--policy", choices=[one.value for one in ChargingPolicy])
    varied.add_argument("--import-price", type=float, metavar="PER_KWH")
    varied.add_argument("--export-price", type=float, metavar="PER_KWH")
    varied.add_argument(
        "--price-table",
        type=json.loads,
        metavar="JSON",
        help='prices by time: {"value": 0.3, "periods": [{"value": 0.2, "start": "22:00", "end": "06:00"}]}',
    )
    varied.add_argument(
        "--price-entity",
        metavar="ENTITY_ID",
        help="the hourly prices that the recorder has of a sensor",
    )
    varied.add_argument("--price-surcharge", type=float, metavar="PER_KWH")
    varied.add_argument("--capacity-tariff", choices=["none", *CATALOGUE])
    varied.add_argument("--capacity-price", type=float, metavar="PER_KW_AND_MONTH")
    varied.add_argument("--fuse", type=float, metavar="A")
    varied.add_argument("--battery-capacity", type=float, metavar="KWH")
    varied.add_argument("--battery-power", type=float, metavar="KW")
    varied.add_argument("--battery-controlled", action="store_true", default=None)
    varied.add_argument("--solar-percent", type=float, help="100 is the roof of today")
    varied.add_argument("--chargers", type=int, help="how many connectors in all")
    return parser.parse_args(arguments)


def stored_site(folder: Path, name: str) -> ConfigEntry[Any]:
    """Return the site of a configuration folder.

    Raises:
        LookupError: there is none, or more than one with this name.

    """
    path = folder / ".storage" / "core.config_entries"
    found = [
        entry
        for entry in json.loads(path.read_text(encoding="utf-8"))["data"]["entries"]
        if entry["domain"] == DOMAIN and name.casefold() in entry["title"].casefold()
    ]
    if len(found) != 1:
        names = ", ".join(entry["title"] for entry in found) or "none"
        raise LookupError(f"one site is needed, found: {names}; choose one with --site")
    [entry] = found
    return ConfigEntry(
        data=entry["data"],
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        entry_id=entry["entry_id"],
        minor_version=entry["minor_version"],
        options=entry["options"],
        source=entry["source"],
        subentries_data=[
            ConfigSubentryDataWithId(
                data=one["data"],
                subentry_id=one["subentry_id"],
                subentry_type=one["subentry_type"],
                title=one["title"],
                unique_id=one["unique_id"],
            )
            for one in entry["subentries"]
        ],
        title=entry["title"],
        unique_id=entry["unique_id"],
        version=entry["version"],
    )


def stored_modes(folder: Path, entry: ConfigEntry[Any]) -> Mapping[str, str]:
    """Return the modes that users chose, by connector."""
    path = folder / ".storage" / f"{DOMAIN}.{entry.entry_id}"
    if not path.exists():
        return {}
    connectors = json.loads(path.read_text(encoding="utf-8"))["data"]["connectors"]
    return {
        key: values["mode"] for key, values in connectors.items() if "mode" in values
    }


def read_past(folder: Path, entry: ConfigEntry[Any], asked: Any) -> PastOfSite:
    """Return the weeks of a site, read from a copy of its ledger."""
    modes = stored_modes(folder, entry)
    usual = default_mode(entry.data)

    def mode_of(key: ConnectorKey) -> Mode:
        return Mode(modes.get(key.id, usual))

    tz, now = ZoneInfo(core_config(folder)["time_zone"]), datetime.now(UTC)
    setup = setup_of(entry, mode_of)
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "ledger.db"
        original = folder / f"{DOMAIN}.{entry.entry_id}.db"
        source = sqlite3.connect(f"file:{original}?mode=ro", uri=True)
        target = sqlite3.connect(copy)
        source.backup(target)
        source.close()
        target.close()
        ledger = Ledger(copy)
        try:
            quarters = ledger.site_quarters(now - SINCE, now).result()
            wanted = SessionFilter(start=now - SINCE, running=False)
            rows = ledger.sessions(wanted).result()
        finally:
            ledger.close()
    history = gathered(
        quarters,
        rows,
        setup,
        now=now,
        tz=tz,
        most=asked.weeks,
        priced=any(getattr(asked, name, None) is not None for name in PRICED),
    )
    return PastOfSite(
        setup=setup, history=history, tariffs=capacity_rules_of(entry), tz=tz
    )


def recorded_prices(folder: Path, entity: str) -> Series:
    """Return what a price entity was by the hours of the recorder's database (SQLite, as Home Assistant has it).

    Raises:
        LookupError: nothing of it is recorded.

    """
    database = folder / "home-assistant_v2.db"
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT s.start_ts, s.mean FROM statistics s"
            " JOIN statistics_meta m ON m.id = s.metadata_id"
            " WHERE m.statistic_id = ? AND s.mean IS NOT NULL ORDER BY s.start_ts",
            (entity,),
        ).fetchall()
    finally:
        connection.close()
    if not rows:
        raise LookupError(f"the recorder has no prices of {entity}")
    starts = [(datetime.fromtimestamp(at, UTC), price) for at, price in rows]
    return by_quarter(
        tuple(
            Slot(start=at, end=at + timedelta(hours=1), value=price)
            for at, price in starts
        )
    )


def core_config(folder: Path) -> Mapping[str, Any]:
    """Return time zone and currency of a Home Assistant: as stored, or from its configuration.yaml."""
    stored = folder / ".storage" / "core.config"
    if stored.exists():
        found: Mapping[str, Any] = json.loads(stored.read_text(encoding="utf-8"))
        return cast("Mapping[str, Any]", found["data"])
    return cast(
        "Mapping[str, Any]",
        load_yaml_dict(str(folder / "configuration.yaml"))["homeassistant"],
    )


def main(arguments: list[str]) -> int:
    """Compare, and print or write it; return 2 if that is impossible."""
    asked = parse(arguments)
    given = {key: value for key, value in vars(asked).items() if value is not None}
    varied = {key: given[key] for key in VARIED if key in given}
    if not varied:
        print("Nothing is different: give at least one option.", file=sys.stderr)
        return 2
    try:
        entry = stored_site(asked.config, asked.site)
        past = read_past(asked.config, entry, asked)
        recorded: Series = ()
        if asked.price_entity is not None:
            recorded = recorded_prices(asked.config, asked.price_entity)
        variation = variation_of(given, past.tz, recorded)
    except TooShortError as err:
        print(f"Only {err} of this site are known; 9 are needed.", file=sys.stderr)
        return 2
    except NoPricesError:
        print("It is not known what energy cost; give a price.", file=sys.stderr)
        return 2
    except (LookupError, OSError, TableError, sqlite3.Error) as err:
        print(f"{asked.config} cannot be used: {err}", file=sys.stderr)
        return 2
    end = time.monotonic() + asked.seconds
    question = question_of(past, variation, asked.investment)
    told = answer(
        compare(question, lambda: time.monotonic() < end),
        str(core_config(asked.config)["currency"]),
    )
    different = [f"{key.replace('_', ' ')}: {value}" for key, value in varied.items()]
    if asked.html:
        asked.html.write_text(
            comparison_page(entry.title, different, told), encoding="utf-8"
        )
    print(json.dumps(told, indent=2) if asked.json else _text(told))
    return 0


def _text(told: dict[str, Any]) -> str:
    """Return the table as text."""
    rows = [f"{told['weeks']} weeks, in {told['currency']}", ""]
    rows.append(f"{'':24}{'today':>12}{'what if':>12}{'difference':>12}")
    for key, value in told["today"].items():
        values = (value, told["what_if"][key], told["difference"].get(key))
        shown = "".join(f"{'' if one is None else f'{one:,.2f}':>12}" for one in values)
        rows.append(f"{key.replace('_', ' '):24}{shown}")
    rows += ["", f"{'':24}{'a year':>12}{'pays back':>12}"]
    for name, money in (("saving", told), *told["if"].items()):
        years = money["payback_years"]
        back = "" if years is None else f"{years:.1f} years"
        saved = f"{money['saving_per_year']:,.0f}"
        rows.append(f"{name.replace('_', ' '):24}{saved:>12}{back:>12}")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
