"""Sessions as charge detail records of OCPI 2.2.1 (ocpi/ocpi, branch release-2.2.1-bugfixes, mod_cdrs: CDR object).

All required fields are there. What Sunfuse knows:

- `start_date_time`, `end_date_time`, `total_energy`, `total_time`, `charging_periods` (a quarter hour each, with the
  energy and the highest power), `signed_data` as received;
- `total_cost`: the agreed price times the energy, where a price was given (then `home_charging_compensation` is true);
  otherwise what the price list bills, with the list in `tariffs` and its parts in the other totals, from plugging in to
  unplugging where that is billed; otherwise what the energy cost. A price list with a rate of VAT fills `excl_vat` and
  `incl_vat`; where VAT is not separated, the amount is in the required field `excl_vat`, and `incl_vat` is left out;
- `country_code`, `country` and `coordinates` are Home Assistant's; `name` of the location is the site's.

What it does not know, and how the field is filled:

- `party_id`, `address`, `city`, `evse_id`: `#NA`. Whoever passes the records on to a roaming partner fills them in;
- `cdr_token`: the id of the person, of type OTHER, not the number of a card (which a meter may have signed, in
  `signed_data`); `#NA` without a person;
- `auth_method` WHITELIST: no provider was asked;
- the connector: type 2 with a cable, and the phases of the site.

A record is final. So only sessions that ended are returned, of which the start, the end and the cost are known.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
import re
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..price_list import PriceList
from ..session_facts import SignedValue
from ..session_rows import SessionInterval, SessionRow
from .ocpi_prices import OcpiBill, ocpi_bill, ocpi_time
from .session_exports import ExportContext, whole_wh

_UNKNOWN = "#NA"
# ISO 3166-1: alpha-2 and alpha-3 codes of the countries in which OCPI is most used.
_COUNTRIES: Mapping[str, str] = dict(
    pair.split(":")
    for pair in [
        "AT:AUT",
        "AU:AUS",
        "BE:BEL",
        "BG:BGR",
        "CA:CAN",
        "CH:CHE",
        "CY:CYP",
        "CZ:CZE",
        "DE:DEU",
        "DK:DNK",
        "EE:EST",
        "ES:ESP",
        "FI:FIN",
        "FR:FRA",
        "GB:GBR",
        "GR:GRC",
        "HR:HRV",
        "HU:HUN",
        "IE:IRL",
        "IS:ISL",
        "IT:ITA",
        "LI:LIE",
        "LT:LTU",
        "LU:LUX",
        "LV:LVA",
        "MT:MLT",
        "NL:NLD",
        "NO:NOR",
        "NZ:NZL",
        "PL:POL",
        "PT:PRT",
        "RO:ROU",
        "RS:SRB",
        "SE:SWE",
        "SI:SVN",
        "SK:SVK",
        "TR:TUR",
        "UA:UKR",
        "US:USA",
    ]
)
# "ZZ" is reserved for users by ISO 3166-1, and no country.
_NO_COUNTRY = "ZZ"
_POWER_TYPES = {1: "AC_1_PHASE", 2: "AC_2_PHASE_SPLIT", 3: "AC_3_PHASE"}
# The longest id, signed value and key that OCPI allows.
_UID, _SIGNED, _KEY = 36, 5000, 512
# How OCPP 2.x may write a key (application note of the Open Charge Alliance on signed meter values).
_OCA_KEY = re.compile(r"^oca:base(16|64):asn1:(.+)$", re.IGNORECASE)
_HEX = re.compile(r"^([0-9a-fA-F]{2})+$")
_NATURES = {"Transaction.Begin": "Start", "Transaction.End": "End"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePlace:
    """Where the site is. `country` is an ISO 3166-1 alpha-2 code; `site` identifies the site for good."""

    site: str
    country: str | None
    latitude: float
    longitude: float
    phases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeDetails:
    """A session with what a record needs of it besides its row."""

    row: SessionRow
    intervals: Sequence[SessionInterval] = ()
    signed_values: Sequence[SignedValue] = ()
    prices: PriceList | None = None  # that it is billed by


def charge_record(
    details: ChargeDetails, place: ChargePlace, context: ExportContext
) -> dict[str, Any] | None:
    """Return the charge detail record of a session; None where the session or what is known of it allows none."""
    row = details.row
    amount = _amount(row, context)
    if row.duration is None or amount is None:
        return None
    assert row.started_at and row.stopped_at
    country = place.country or _NO_COUNTRY
    identity = str(
        uuid5(NAMESPACE_URL, f"{place.site}/{row.station}/{row.transaction}")
    )
    tariff_id = str(uuid5(NAMESPACE_URL, f"{place.site}/price list {row.terms}"))
    billed = None
    if details.prices is not None and context.price is None:
        billed = ocpi_bill(row, details.prices, details.intervals, tariff_id)
    start, end = row.started_at, row.stopped_at
    if billed is not None:
        start, end = billed.start, billed.end
    record: dict[str, Any] = {
        "country_code": country,
        "party_id": _UNKNOWN,
        "id": identity,
        "start_date_time": ocpi_time(start),
        "end_date_time": ocpi_time(end),
        "session_id": identity,
        "cdr_token": _token(row, country),
        "auth_method": "WHITELIST",
        "cdr_location": _location(row, place, context),
        "currency": _currency(row, context),
        "charging_periods": _periods(details, row.started_at),
        "total_cost": {"excl_vat": amount},
        "total_energy": _kwh(row.energy_wh),
        "total_energy_cost": {"excl_vat": amount},
        "total_time": round((end - start).total_seconds() / 3600, 4),
        "last_updated": ocpi_time(end),
    }
    if billed is not None and details.prices is not None:
        tariff = _tariff(details.prices, tariff_id, billed, context)
        record |= billed.totals
        record["charging_periods"] = billed.periods
        record["tariffs"] = [{"country_code": country, **tariff}]
    if (signed := _signed(details.signed_values)) is not None:
        record["signed_data"] = signed
    if row.end_reason:
        record["remark"] = _text(row.end_reason, 255)
    if context.price is not None:
        record["home_charging_compensation"] = True
    return record


def _tariff(
    prices: PriceList, tariff_id: str, billed: OcpiBill, context: ExportContext
) -> dict[str, Any]:
    """Return the tariff that a session is billed by (mod_tariffs: Tariff object), but for its country."""
    name = _text(prices.name, 512)
    return {
        "party_id": _UNKNOWN,
        "id": tariff_id,
        "currency": prices.currency,
        "tariff_alt_text": [{"language": context.language[:2], "text": name}],
        "elements": billed.elements,
        "last_updated": ocpi_time(billed.start),
    }


def _amount(row: SessionRow, context: ExportContext) -> float | None:
    """Return what a session costs; None unless the price of all of its energy is known (to the Wh)."""
    agreed = context.reimbursement(row)
    if agreed is not None:
        return float(agreed)
    if row.terms is not None or row.billed is not None:
        return None if row.billed is None else round(row.billed, 4)
    if row.cost is None or row.priced_wh < row.energy_wh - 1:
        return None
    return round(row.cost, 4)


def _currency(row: SessionRow, context: ExportContext) -> str:
    """Return the currency of what a session costs."""
    if context.price is not None:
        return context.currency
    billed = row.billed_currency if row.billed is not None else None
    return billed or row.currency or context.currency


def _token(row: SessionRow, country: str) -> dict[str, Any]:
    """Return whose session it is, by the id of the person."""
    person = (row.person or _UNKNOWN)[:_UID]
    return {
        "country_code": country,
        "party_id": _UNKNOWN,
        "uid": person,
        "type": "OTHER",
        "contract_id": person,
    }


def _location(
    row: SessionRow, place: ChargePlace, context: ExportContext
) -> dict[str, Any]:
    return {
        "id": place.site[:36],
        "name": _text(context.site, 255),
        "address": _UNKNOWN,
        "city": _UNKNOWN,
        "country": _COUNTRIES.get(place.country or "", _UNKNOWN),
        "coordinates": {
            "latitude": f"{place.latitude:.5f}",
            "longitude": f"{place.longitude:.5f}",
        },
        "evse_uid": _uid(row.station, place.site),
        "evse_id": _UNKNOWN,
        "connector_id": str(row.connector or 1),
        "connector_standard": "IEC_62196_T2",
        "connector_format": "CABLE",
        "connector_power_type": _POWER_TYPES[place.phases],
    }


def _periods(details: ChargeDetails, started_at: datetime) -> list[dict[str, Any]]:
    """Return the quarter hours; the first begins with the session. All energy is one period if none is known.

    The sums are rounded, not the parts: a hundred small parts add up to the energy of the session.
    """
    sums = [_kwh(wh) for wh in accumulate(one.energy_wh for one in details.intervals)]
    periods = [
        _period(max(one.start, started_at), round(until - since, 3), one.peak_w)
        for one, (since, until) in zip(
            details.intervals, pairwise([0.0, *sums]), strict=True
        )
    ]
    if not periods:
        row = details.row
        return [_period(started_at, _kwh(row.energy_wh), row.peak_w or 0.0)]
    periods[0]["start_date_time"] = ocpi_time(started_at)
    return periods


def _period(start: datetime, energy_kwh: float, peak_w: float) -> dict[str, Any]:
    dimensions = [{"type": "ENERGY", "volume": energy_kwh}]
    if peak_w > 0:
        dimensions.append({"type": "MAX_POWER", "volume": _kwh(peak_w)})
    return {"start_date_time": ocpi_time(start), "dimensions": dimensions}


def _text(text: str, most: int) -> str:
    """Return a text as OCPI's `string` allows it: printable, and no longer than this."""
    return "".join(filter(str.isprintable, text))[:most]


def _uid(identity: str, site: str) -> str:
    """Return the identity of a charger, or for a longer one another that is as unique."""
    if len(identity) <= _UID and identity.isascii() and identity.isprintable():
        return identity
    return str(uuid5(NAMESPACE_URL, f"{site}/{identity}"))


def _signed(values: Sequence[SignedValue]) -> dict[str, Any] | None:
    """Return the signed values, as received; None where none fits into OCPI's field."""
    fitting = [
        (one, encoded)
        for one in values
        if len(encoded := b64encode(one.data.encode()).decode()) <= _SIGNED
    ]
    if not fitting:
        return None
    first = fitting[0][0]
    signed: dict[str, Any] = {
        "encoding_method": _text(first.encoding, 36) or _UNKNOWN,
        "signed_values": [
            {
                "nature": _NATURES.get(one.context, "Intermediate"),
                "plain_data": _text(one.data, _SIGNED),
                "signed_data": encoded,
            }
            for one, encoded in fitting
        ],
    }
    if (key := _base64_key(first.public_key)) and len(key) <= _KEY:
        signed["public_key"] = key
    return signed


def _base64_key(text: str) -> str:
    """Return a public key in base64, as OCPI has it; chargers write it in hexadecimal, too."""
    written = _OCA_KEY.match("".join(text.split()))
    key = written[2] if written else "".join(text.split())
    is_hex = _HEX.match(key) and (written is None or written[1] == "16")
    return b64encode(bytes.fromhex(key)).decode() if is_hex else key


def _kwh(energy_wh: float) -> float:
    return whole_wh(energy_wh) / 1000
