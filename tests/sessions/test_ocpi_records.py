"""Charge detail records, checked against the tables of OCPI 2.2.1 rather than against what we write.

Source: ocpi/ocpi, branch release-2.2.1-bugfixes: mod_cdrs, mod_tariffs, mod_locations, mod_tokens, types.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
import json
import re
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.sunfuse.sessions import (
    ChargeDetails,
    ChargePlace,
    ExportContext,
    PriceList,
    PriceTime,
    SessionInterval,
    SessionRow,
    SignedValue,
    bill,
    billed_quarters,
    charge_record,
)

START = datetime(2026, 6, 1, 17, 30, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


# --- What the specification says -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A row of a table: `1`, `?`, `+` or `*` of a type, which may be limited in length."""

    kind: str
    card: str
    most: int = 0


def table(text: str) -> dict[str, Field]:
    """Read lines of name, type (with its length) and cardinality."""
    found = {}
    for line in text.split(";"):
        name, kind, card = line.split()
        hit = re.fullmatch(r"(\w+)(?:\((\d+)\))?", kind)
        assert hit is not None
        found[name] = Field(hit[1], card, int(hit[2] or 0))
    return found


CLASSES: Mapping[str, Mapping[str, Field]] = {
    "CDR": table(
        "country_code CiString(2) 1;party_id CiString(3) 1;id CiString(39) 1;start_date_time DateTime 1;"
        "end_date_time DateTime 1;session_id CiString(36) ?;cdr_token CdrToken 1;auth_method AuthMethod 1;"
        "authorization_reference CiString(36) ?;cdr_location CdrLocation 1;meter_id string(255) ?;currency string(3) 1;"
        "tariffs Tariff *;charging_periods ChargingPeriod +;signed_data SignedData ?;total_cost Price 1;"
        "total_fixed_cost Price ?;total_energy number 1;total_energy_cost Price ?;total_time number 1;"
        "total_time_cost Price ?;total_parking_time number ?;total_parking_cost Price ?;total_reservation_cost Price ?;"
        "remark string(255) ?;invoice_reference_id CiString(39) ?;credit boolean ?;credit_reference_id CiString(39) ?;"
        "home_charging_compensation boolean ?;last_updated DateTime 1"
    ),
    "CdrToken": table(
        "country_code CiString(2) 1;party_id CiString(3) 1;uid CiString(36) 1;type TokenType 1;contract_id CiString(36) 1"
    ),
    "CdrLocation": table(
        "id CiString(36) 1;name string(255) ?;address string(45) 1;city string(45) 1;postal_code string(10) ?;"
        "state string(20) ?;country string(3) 1;coordinates GeoLocation 1;evse_uid CiString(36) 1;evse_id CiString(48) 1;"
        "connector_id CiString(36) 1;connector_standard ConnectorType 1;connector_format ConnectorFormat 1;"
        "connector_power_type PowerType 1"
    ),
    "GeoLocation": table("latitude string(10) 1;longitude string(11) 1"),
    "ChargingPeriod": table(
        "start_date_time DateTime 1;dimensions CdrDimension +;tariff_id CiString(36) ?"
    ),
    "CdrDimension": table("type CdrDimensionType 1;volume number 1"),
    "SignedData": table(
        "encoding_method CiString(36) 1;encoding_method_version int ?;public_key string(512) ?;"
        "signed_values SignedValue +;url string(512) ?"
    ),
    "SignedValue": table(
        "nature CiString(32) 1;plain_data string(5000) 1;signed_data string(5000) 1"
    ),
    "Price": table("excl_vat number 1;incl_vat number ?"),
    "Tariff": table(
        "country_code CiString(2) 1;party_id CiString(3) 1;id CiString(36) 1;currency string(3) 1;type TariffType ?;"
        "tariff_alt_text DisplayText *;tariff_alt_url URL(255) ?;min_price Price ?;max_price Price ?;"
        "elements TariffElement +;start_date_time DateTime ?;end_date_time DateTime ?;energy_mix EnergyMix ?;"
        "last_updated DateTime 1"
    ),
    "DisplayText": table("language string(2) 1;text string(512) 1"),
    "TariffElement": table(
        "price_components PriceComponent +;restrictions TariffRestrictions ?"
    ),
    "PriceComponent": table(
        "type TariffDimensionType 1;price number 1;vat number ?;step_size int 1"
    ),
    "TariffRestrictions": table(
        "start_time string(5) ?;end_time string(5) ?;start_date string(10) ?;end_date string(10) ?;min_kwh number ?;"
        "max_kwh number ?;min_current number ?;max_current number ?;min_power number ?;max_power number ?;"
        "min_duration int ?;max_duration int ?;day_of_week DayOfWeek *;reservation ReservationRestrictionType ?"
    ),
}
ENUMS = {
    "AuthMethod": "AUTH_REQUEST COMMAND WHITELIST",
    "TokenType": "AD_HOC_USER APP_USER OTHER RFID",
    "ConnectorType": "IEC_62196_T2 IEC_62196_T1 IEC_62196_T2_COMBO",  # those of AC and CCS
    "ConnectorFormat": "SOCKET CABLE",
    "PowerType": "AC_1_PHASE AC_2_PHASE AC_2_PHASE_SPLIT AC_3_PHASE DC",
    "CdrDimensionType": "CURRENT ENERGY ENERGY_EXPORT ENERGY_IMPORT MAX_CURRENT MIN_CURRENT MAX_POWER MIN_POWER"
    " PARKING_TIME POWER RESERVATION_TIME STATE_OF_CHARGE TIME",
    "TariffDimensionType": "ENERGY FLAT PARKING_TIME TIME",
    "DayOfWeek": "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY",
}
PATTERNS = {
    "latitude": r"-?[0-9]{1,2}\.[0-9]{5,7}",
    "longitude": r"-?[0-9]{1,3}\.[0-9]{5,7}",
    "start_time": r"([0-1][0-9]|2[0-3]):[0-5][0-9]",
    "end_time": r"([0-1][0-9]|2[0-3]):[0-5][0-9]",
    "start_date": r"([12][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "end_date": r"([12][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "currency": r"[A-Z]{3}",
    "language": r"[a-z]{2}",
}
# "Numbers use 4 decimals" (types: number), and coordinates have patterns of their own.
DECIMALS = 4


def faults(value: Any, kind: str, where: str, most: int = 0) -> Iterator[str]:
    """Yield what of a value is against the specification."""
    if kind in CLASSES:
        if not isinstance(value, dict):
            yield f"{where}: no object"
            return
        fields = CLASSES[kind]
        yield from (f"{where}.{name}: unknown" for name in value.keys() - fields.keys())
        for name, field in fields.items():
            here = f"{where}.{name}"
            if name not in value:
                if field.card in "1+":
                    yield f"{here}: missing"
                continue
            many = value[name] if field.card in "+*" else [value[name]]
            if field.card == "+" and not many:
                yield f"{here}: empty"
            for one in many:
                yield from faults(one, field.kind, here, field.most)
                pattern = PATTERNS.get(name)
                if pattern and not re.fullmatch(pattern, str(one)):
                    yield f"{here}: {one!r}"
        return
    match kind:
        case "boolean":
            good = isinstance(value, bool)
        case "int":
            good = type(value) is int
        case "number":
            good = type(value) in (int, float) and round(value, DECIMALS) == value
        case "DateTime":
            good = bool(
                re.fullmatch(
                    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z?", str(value)
                )
            )
        case "CiString" | "string" | "URL":
            good = (
                isinstance(value, str)
                and 0 < len(value) <= (most or 255)
                and value.isprintable()
                and (kind != "CiString" or value.isascii())
            )
        case _:
            good = value in ENUMS[kind].split()
    if not good:
        yield f"{where}: {value!r} is no {kind}"


# --- Records ---------------------------------------------------------------------------------------------------

PLACE = ChargePlace(
    site="01JZ0000000000000000000000",
    country="DE",
    latitude=52.52,
    longitude=13.4,
    phases=3,
)
CONTEXT = ExportContext(site="Büro\n1", currency="EUR", tz=UTC, language="de")
ROW = SessionRow(
    number=1,
    station="CP1",
    transaction="7",
    connector=2,
    person="01JZ1111111111111111111111",
    plugged_at=START,
    started_at=START,
    stopped_at=START + timedelta(hours=2, seconds=100),
    unplugged_at=START + timedelta(hours=9, seconds=7),
    energy_wh=8_000.0,
    end_reason="EV\tDisconnected",
    currency="EUR",
    grid_cost=2.0,
    priced_wh=8_000.0,
)
INTERVALS = tuple(
    SessionInterval(
        start=START + n * QUARTER,
        energy_wh=1000.0,
        sun_wh=100.0,
        battery_wh=0.0,
        peak_w=4123.4567,
        import_price=0.25 + n / 1000,
        export_price=0.07,
    )
    for n in range(8)
)
STAFF = PriceList(
    name="Mitarbeiter",
    currency="EUR",
    time_zone="Europe/Berlin",
    per_kwh=0.4163,
    per_hour=0.35,
    per_session=1.0,
    times=(PriceTime(start=22 * 60, end=6 * 60, weekdays=(0, 4), per_kwh=0.2),),
)


def record_of(
    prices: PriceList | None,
    context: ExportContext = CONTEXT,
    row: SessionRow = ROW,
    signed: tuple[SignedValue, ...] = (),
) -> dict[str, Any]:
    """Return the record of a session, as it is read from the file."""
    if prices is not None:
        quarters = [(one.start, one.energy_wh, one.cost) for one in INTERVALS]
        found = bill(
            prices,
            billed_quarters(prices, quarters, row.plugged_at, row.unplugged_at),
        )
        assert found is not None
        row = replace(
            row,
            billed=float(found.total),
            billed_vat=None if found.vat is None else float(found.vat),
            billed_currency=prices.currency,
            terms=1,
        )
    record = charge_record(
        ChargeDetails(
            row=row, intervals=INTERVALS, signed_values=signed, prices=prices
        ),
        PLACE,
        context,
    )
    assert record is not None
    read: dict[str, Any] = json.loads(json.dumps(record))
    return read


SIGNED = SignedValue(
    station="CP1",
    transaction="7",
    at=START,
    context="Transaction.Begin",
    encoding="OCMF",
    data='OCMF|{"FV":"1.0"}|{"SD":"00"}\r\n',
    public_key="3059" + "0" * 178,
)


@pytest.mark.parametrize(
    "prices",
    [
        None,
        STAFF,
        replace(STAFF, vat_percent=19.0),
        replace(STAFF, vat_percent=25.5, vat_included=False),
        replace(STAFF, share_percent=12.5, per_kwh=None, vat_percent=7.0),
        PriceList(name="Frei", currency="JPY", time_zone="Asia/Tokyo", per_kwh=0.0),
    ],
)
def test_a_record_is_as_the_specification_has_it(prices: PriceList | None) -> None:
    """Each field, its type, its length and its pattern; with every kind of price list."""
    long = replace(ROW, station="A-charger-with-a-name-of-48-characters-as-OCPP-2.x")
    for row in (ROW, long):
        record = record_of(prices, row=row, signed=(SIGNED,))
        assert list(faults(record, "CDR", "CDR")) == []
    agreed = record_of(None, replace(CONTEXT, price=0.2741))
    assert list(faults(agreed, "CDR", "CDR")) == []


@settings(max_examples=40)
@given(
    site=st.text(max_size=300).filter(lambda name: any(map(str.isprintable, name))),
    reason=st.none() | st.just("Local") | st.text(min_size=300, max_size=301),
    signed=st.text(max_size=6000),
)
def test_whatever_chargers_and_users_write(
    site: str, reason: str | None, signed: str
) -> None:
    """Names and reasons of any letters and any length, signed values that are too long: the record is still one."""
    if reason is not None and not any(map(str.isprintable, reason)):
        reason = None
    values = (replace(SIGNED, data=signed), SIGNED)
    record = record_of(
        STAFF, replace(CONTEXT, site=site), replace(ROW, end_reason=reason), values
    )
    wrong = [
        one
        for one in faults(record, "CDR", "CDR")
        # A meter that signs nothing printable at all: the text beside the signature is empty.
        if "plain_data: ''" not in one and "signed_data: ''" not in one
    ]
    assert wrong == []


def test_signed_values_are_as_they_were_received() -> None:
    """Byte by byte in base64, also with a line end, which plain data may not have; the key in base64, too."""
    signed = record_of(None, signed=(SIGNED,))["signed_data"]
    [value] = signed["signed_values"]
    assert b64decode(value["signed_data"]).decode() == SIGNED.data
    assert value["plain_data"] == SIGNED.data.strip()
    assert b64decode(signed["public_key"]) == bytes.fromhex(SIGNED.public_key)
    other = replace(SIGNED, public_key=f"oca:base16:asn1:{SIGNED.public_key}")
    again = record_of(None, signed=(other,))["signed_data"]
    assert again["public_key"] == signed["public_key"]
    text = b64encode(b"abcde").decode()
    kept = record_of(None, signed=(replace(SIGNED, public_key=text),))["signed_data"]
    assert kept["public_key"] == text
    assert "signed_data" not in record_of(
        None, signed=(replace(SIGNED, data="x" * 5000),)
    )


@pytest.mark.parametrize("included", [True, False])
def test_what_is_billed_without_and_with_vat(included: bool) -> None:
    """8 kWh at 0.4163, 9 h 7 s at 0.35, and 1.00: 3.33 + 3.15 + 1.00 = 7.48, with 19 % in it, or on top."""
    prices = replace(STAFF, times=(), vat_percent=19.0, vat_included=included)
    record = record_of(prices)
    total = {"excl_vat": 6.29, "incl_vat": 7.48}  # 7.48 / 1.19 = 6.2857
    if not included:
        total = {"excl_vat": 7.48, "incl_vat": 8.90}  # 7.48 * 0.19 = 1.4212
    assert record["total_cost"] == total
    parts = ("energy", "fixed", "time", "parking")
    for key in ("excl_vat", "incl_vat"):
        summed = sum(record[f"total_{part}_cost"][key] for part in parts)
        assert summed == pytest.approx(total[key])
    fixed = {"excl_vat": 0.84, "incl_vat": 1.0}
    assert record["total_fixed_cost"] == (
        fixed if included else {"excl_vat": 1.0, "incl_vat": 1.19}
    )
    components = [
        one
        for element in record["tariffs"][0]["elements"]
        for one in element["price_components"]
    ]
    assert {one["vat"] for one in components} == {19.0}
    [energy] = [one["price"] for one in components if one["type"] == "ENERGY"]
    assert energy == (0.3498 if included else 0.4163)
