"""The command line: a configuration folder is read and not changed, and what the recorder knows of prices is used."""

from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import sqlite3
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sessions import Ledger
from development.half_year import Ids, half_year
from development.what_if import main

from ...common import charger, site_entry

PRICE = "sensor.nordpool"


def price_at(at: datetime) -> tuple[float, float]:
    """Return a tariff with a cheap night."""
    return (0.15 if at.hour < 5 else 0.30), 0.06


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a configuration folder with a ledger of two weeks, and prices in the recorder's database."""
    entry = site_entry(9000, charger("SIM-STREET"))
    now = datetime.now(UTC)
    past = half_year(now, ZoneInfo("Europe/Berlin"), price_at, Ids(), 14)
    assert past is not None
    ledger = Ledger(tmp_path / f"sunfuse.{entry.entry_id}.db")
    ledger.note(*past.facts).result(timeout=60)
    ledger.close()
    stored: dict[str, Any] = {
        "core.config_entries": {"entries": [dict(entry.as_dict())]},
        "core.config": {"time_zone": "Europe/Berlin", "currency": "EUR"},
    }
    (tmp_path / ".storage").mkdir()
    for name, data in stored.items():
        (tmp_path / ".storage" / name).write_text(
            json.dumps({"data": data}, default=str), encoding="utf-8"
        )
    recorder = sqlite3.connect(tmp_path / "home-assistant_v2.db")
    recorder.executescript(
        "CREATE TABLE statistics_meta (id INTEGER, statistic_id TEXT);"
        "CREATE TABLE statistics (metadata_id INTEGER, start_ts REAL, mean REAL);"
    )
    recorder.execute("INSERT INTO statistics_meta VALUES (1, ?)", (PRICE,))
    hour = now.replace(minute=0, second=0, microsecond=0)
    recorder.executemany(
        "INSERT INTO statistics VALUES (1, ?, 0.5)",
        [((hour - timedelta(hours=n)).timestamp(),) for n in range(14 * 24)],
    )
    recorder.commit()
    recorder.close()
    return tmp_path


def test_the_prices_of_an_entity(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At 0.50 and 0.10 on top, each kilowatt-hour costs 0.60; sold are they at 0.06."""
    before = sorted((one.name, one.stat().st_size) for one in folder.iterdir())
    asked = ["--config", str(folder), "--weeks", "1", "--seconds", "0", "--json"]
    price = ["--price-entity", PRICE, "--price-surcharge", "0.1"]
    assert main([*asked, *price, "--policy", "uncontrolled"]) == 0
    told = json.loads(capsys.readouterr().out)["what_if"]
    assert told["charged_kwh"] > 0
    assert told["energy_cost"] == pytest.approx(
        told["import_kwh"] * 0.6 - told["export_kwh"] * 0.06, abs=0.1
    )
    # SQLite's own files beside a database that is read may come and go.
    left = [one for one in before if not one[0].endswith(("-wal", "-shm"))]
    assert left == sorted(
        (one.name, one.stat().st_size)
        for one in folder.iterdir()
        if not one.name.endswith(("-wal", "-shm"))
    )


def test_an_entity_without_prices(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said which one."""
    asked = ["--config", str(folder), "--price-entity", "sensor.unknown"]
    assert main(asked) == 2
    assert "the recorder has no prices of sensor.unknown" in capsys.readouterr().err
