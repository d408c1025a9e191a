"""Sessions as charge detail records of OCPI, by cost and by price list."""

from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.sessions import (
    ChargeDetails,
    PriceList,
    PriceTime,
    SessionInterval,
    SessionRow,
    SignedValue,
    bill,
    billed_quarters,
    charge_record,
)

from .exported import BRUSSELS, CONTEXT, PLACE, ROW, START

# mod_cdrs of OCPI 2.2.1: properties of cardinality 1 or +.
CDR = [
    "country_code",
    "party_id",
    "id",
    "start_date_time",
    "end_date_time",
    "cdr_token",
    "auth_method",
    "cdr_location",
    "currency",
    "charging_periods",
    "total_cost",
    "total_energy",
    "total_time",
    "last_updated",
]


LOCATION = [
    "id",
    "address",
    "city",
    "country",
    "coordinates",
    "evse_uid",
    "evse_id",
    "connector_id",
    "connector_standard",
    "connector_format",
    "connector_power_type",
]


def test_charge_record() -> None:
    """Every required field; the agreed price; the periods are the quarter hours, the first from the start on."""
    quarter = SessionInterval(
        start=START - timedelta(minutes=5), energy_wh=2000, sun_wh=0, battery_wh=0
    )
    signed = SignedValue(
        station="CP1",
        transaction="7",
        at=START,
        context="Transaction.Begin",
        encoding="OCMF",
        data="OCMF|{}|{}",
        public_key="30",
    )
    later = replace(quarter, start=START + timedelta(minutes=10), peak_w=11_040)
    details = ChargeDetails(
        row=ROW, intervals=(quarter, later), signed_values=(signed,)
    )
    record = charge_record(details, PLACE, CONTEXT)
    assert record is not None
    assert set(CDR) <= record.keys()
    assert set(LOCATION) <= record["cdr_location"].keys()
    assert record["cdr_location"]["country"] == "BEL"
    assert record["cdr_location"]["coordinates"]["latitude"] == "50.85000"
    assert record["start_date_time"] == "2026-06-01T16:00:00Z"
    assert (record["total_energy"], record["total_time"]) == (12.345, 1.5)
    assert record["total_cost"] == {"excl_vat": 3.38}
    assert record["home_charging_compensation"] is True
    assert record["charging_periods"] == [
        {
            "start_date_time": "2026-06-01T16:00:00Z",
            "dimensions": [{"type": "ENERGY", "volume": 2.0}],
        },
        {
            "start_date_time": "2026-06-01T16:10:00Z",
            "dimensions": [
                {"type": "ENERGY", "volume": 2.0},
                {"type": "MAX_POWER", "volume": 11.04},
            ],
        },
    ]
    [value] = record["signed_data"]["signed_values"]
    assert value["nature"] == "Start"
    assert b64decode(value["signed_data"]).decode() == value["plain_data"]
    assert "04A1" not in str(record)
    assert len(record["id"]) == 36
    again = charge_record(ChargeDetails(row=ROW), PLACE, CONTEXT)
    assert again is not None and again["id"] == record["id"]
    assert again["charging_periods"][0]["dimensions"][0]["volume"] == 12.345


def test_the_periods_of_a_record_add_up() -> None:
    """A car that took little all night: its quarter hours together are what it was charged, to the watt-hour."""
    intervals = [
        SessionInterval(
            start=START + timedelta(minutes=15 * n),
            energy_wh=91.6,
            sun_wh=0.0,
            battery_wh=0.0,
        )
        for n in range(95)
    ]
    row = replace(ROW, energy_wh=95 * 91.6)
    record = charge_record(ChargeDetails(row=row, intervals=intervals), PLACE, CONTEXT)
    assert record is not None
    volumes = [one["dimensions"][0]["volume"] for one in record["charging_periods"]]
    assert sum(volumes) == pytest.approx(record["total_energy"], abs=1e-9)
    assert set(volumes) == {0.091, 0.092}


@pytest.mark.parametrize(
    ("row", "cost"),
    [
        (ROW, 2.5678),
        (replace(ROW, billed=5.5), 5.5),
        (replace(ROW, priced_wh=6000.0), None),
        (replace(ROW, priced_wh=0.0), None),
        (replace(ROW, stopped_at=None), None),
        (replace(ROW, started_at=None), None),
    ],
)
def test_a_record_is_of_a_known_cost(row: SessionRow, cost: float | None) -> None:
    """A bill over a part of the energy, or of a session without an end, would be wrong for good."""
    record = charge_record(ChargeDetails(row=row), PLACE, replace(CONTEXT, price=None))
    assert (record and record["total_cost"]["excl_vat"]) == cost


def price_of(
    elements: list[dict[str, Any]], kind: str, local: datetime
) -> float | None:
    """Return the price that an eMSP finds: of the first element with this dimension that applies."""
    for element in elements:
        when = element.get("restrictions", {})
        clock, day = f"{local:%H:%M}", f"{local:%Y-%m-%d}"
        if (
            when.get("start_time", "00:00") <= clock < when.get("end_time", "24:00")
            and when.get("start_date", "0") <= day < when.get("end_date", "9")
            and f"{local:%A}".upper()
            in when.get("day_of_week", [f"{local:%A}".upper()])
        ):
            for component in element["price_components"]:
                if component["type"] == kind:
                    price: float = component["price"]
                    return price
    return None


@pytest.mark.parametrize("share", [None, 10.0])
def test_a_record_of_a_price_list(share: float | None) -> None:
    """An eMSP that evaluates the tariff over the periods gets the same amount; the totals add up to it."""
    prices = PriceList(
        name="Staff",
        currency="EUR",
        time_zone="Europe/Brussels",
        share_percent=share,
        per_kwh=None if share else 0.50,
        per_hour=1.0,
        per_session=2.0,
        times=(
            # The nights from Monday on, so the morning of Tuesday too.
            PriceTime(start=22 * 60, end=6 * 60, weekdays=(0,), per_kwh=0.20),
            PriceTime(weekdays=(5, 6), per_hour=9.0),
        ),
    )
    # Monday, 19:30 in Brussels, to Tuesday, 07:30; nothing after 02:00.
    start = datetime(2026, 6, 1, 17, 30, tzinfo=UTC)
    intervals = [
        SessionInterval(
            start=start + n * timedelta(minutes=15),
            energy_wh=500.0,
            sun_wh=0.0,
            battery_wh=0.0,
            import_price=0.25 + n // 4 / 100,
        )
        for n in range(26)
    ]
    until = start + timedelta(hours=12)
    outcome = bill(
        prices,
        billed_quarters(
            prices,
            ((one.start, one.energy_wh, one.cost) for one in intervals),
            start,
            until,
        ),
    )
    assert outcome is not None
    row = replace(
        ROW,
        started_at=start,
        stopped_at=start + timedelta(hours=7),
        unplugged_at=until,
        plugged_at=start,
        energy_wh=13_000.0,
        billed=float(outcome.total),
        billed_currency="EUR",
        terms=1,
    )
    details = ChargeDetails(row=row, intervals=intervals, prices=prices)
    record = charge_record(details, PLACE, replace(CONTEXT, price=None))
    assert record is not None
    [tariff] = record["tariffs"]
    total = 2.0
    for period in record["charging_periods"]:
        assert period["tariff_id"] == tariff["id"]
        at = datetime.fromisoformat(period["start_date_time"]).astimezone(BRUSSELS)
        for dimension in period["dimensions"]:
            price = price_of(tariff["elements"], dimension["type"], at)
            total += (price or 0.0) * dimension["volume"]
    assert total == pytest.approx(row.billed, abs=0.01)
    assert record["total_cost"] == {"excl_vat": row.billed}
    parts = ("energy", "fixed", "time", "parking")
    assert sum(record[f"total_{part}_cost"]["excl_vat"] for part in parts) == (
        pytest.approx(row.billed)
    )
    assert (record["total_time"], record["total_parking_time"]) == (12.0, 5.5)
    assert record["total_parking_cost"] == {"excl_vat": 5.5}
    assert record["end_date_time"] == "2026-06-02T05:30:00Z"
    flat = [c for e in tariff["elements"] for c in e["price_components"]][-1]
    assert flat == {"type": "FLAT", "price": 2.0, "step_size": 1}
    # Nobody can say what it costs: it is left out, and the cost is not billed in its place.
    unknown = replace(details, row=replace(row, billed=None))
    assert charge_record(unknown, PLACE, replace(CONTEXT, price=None)) is None
