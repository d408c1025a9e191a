"""A session of 12.345 kWh, and what its exports need besides."""

import csv
from datetime import UTC, datetime, timedelta
import io
from zoneinfo import ZoneInfo

from custom_components.sunfuse.sessions import ChargePlace, ExportContext, SessionRow

# 18:00 in Brussels in summer.
START = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
ROW = SessionRow(
    number=1,
    station="CP1",
    transaction="7",
    connector=1,
    vehicle="van",
    person="anna",
    card="04A1B2C3",
    started_at=START,
    stopped_at=START + timedelta(hours=1, minutes=30),
    meter_start_wh=1_000_000.0,
    meter_end_wh=1_012_345.0,
    energy_wh=12_345.0,
    sun_wh=4938.0,
    grid_wh=7407.0,
    peak_w=11_040.0,
    grid_cost=2.2221,
    feed_in_lost=0.3457,
    priced_wh=12_345.0,
    currency="EUR",
    end_reason="EVDisconnected",
)

BRUSSELS = ZoneInfo("Europe/Brussels")
CONTEXT = ExportContext(
    site="Home",
    currency="EUR",
    tz=BRUSSELS,
    language="de",
    price=0.2741,
    persons={"anna": "Anna"},
    vehicles={"van": "Van; red"},
    chargers={"CP1": "Garage"},
)

PLACE = ChargePlace(site="site", country="BE", latitude=50.85, longitude=4.35, phases=3)


def read(text: str, delimiter: str) -> list[dict[str, str]]:
    """Read CSV as a spreadsheet does."""
    return list(csv.DictReader(io.StringIO(text[1:]), delimiter=delimiter))
