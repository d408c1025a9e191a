"""Units of price, converted to currency per kilowatt-hour."""

from dataclasses import dataclass, replace
import re

from homeassistant.generated.currencies import ACTIVE_CURRENCIES

# What people and integrations write, without blanks and hyphens, with the currency and the part of it that is meant.
_MONEY: dict[str, tuple[str | None, float]] = {
    "€": ("EUR", 1),
    "eur": ("EUR", 1),
    "euro": ("EUR", 1),
    "£": ("GBP", 1),
    "gbp": ("GBP", 1),
    "p": ("GBP", 0.01),
    "pence": ("GBP", 0.01),
    "gbppence": ("GBP", 0.01),
    "$": (None, 1),
    "usd": ("USD", 1),
    "aud": ("AUD", 1),
    "cad": ("CAD", 1),
    "nzd": ("NZD", 1),
    "chf": ("CHF", 1),
    "fr": ("CHF", 1),
    "rp": ("CHF", 0.01),
    "rappen": ("CHF", 0.01),
    "kr": (None, 1),
    "sek": ("SEK", 1),
    "nok": ("NOK", 1),
    "dkk": ("DKK", 1),
    "öre": ("SEK", 0.01),
    "øre": (None, 0.01),
    "ore": (None, 0.01),
    "kč": ("CZK", 1),
    "czk": ("CZK", 1),
    "zł": ("PLN", 1),
    "pln": ("PLN", 1),
    "gr": ("PLN", 0.01),
    "ft": ("HUF", 1),
    "huf": ("HUF", 1),
    "haléř": ("CZK", 0.01),
    "hal": ("CZK", 0.01),
    "groszy": ("PLN", 0.01),
    "lei": ("RON", 1),
    "leu": ("RON", 1),
    "bani": (None, 0.01),
    "stotinki": ("BGN", 0.01),
    "kopiyky": ("UAH", 0.01),
    "yen": ("JPY", 1),
    "ron": ("RON", 1),
    "bgn": ("BGN", 1),
    "isk": ("ISK", 1),
    "¥": ("JPY", 1),
    "jpy": ("JPY", 1),
    "₹": ("INR", 1),
    "inr": ("INR", 1),
    "uah": ("UAH", 1),
    "₴": ("UAH", 1),
    "nis": ("ILS", 1),
    "ntd": ("TWD", 1),
    "rmb": ("CNY", 1),
    "c": (None, 0.01),
    "ct": (None, 0.01),
    "cent": (None, 0.01),
    "cents": (None, 0.01),
    "cts": (None, 0.01),
    "cnt": (None, 0.01),
    "eurocent": ("EUR", 0.01),
    "eurct": ("EUR", 0.01),
    "€ct": ("EUR", 0.01),
    "ct€": ("EUR", 0.01),
    "eurcent": ("EUR", 0.01),
    "eurcents": ("EUR", 0.01),
    "€cent": ("EUR", 0.01),
    "€c": ("EUR", 0.01),
    "c€": ("EUR", 0.01),
    "eurocents": ("EUR", 0.01),
    "¢": (None, 0.01),
    "snt": ("EUR", 0.01),
}
_ENERGY = {"kwh": 1.0, "mwh": 1e-3, "wh": 1e3, "gwh": 1e-6}
_CARBON = re.compile(r"^(k?g|t)\s*(co2)?\s*(eq|e)?\s*(?:/|per)\s*([kmg]?wh)$")
_CARBON_GRAMS = {"g": 1.0, "kg": 1e3, "t": 1e6}
# Keys such as price_ct_per_kwh, price_eur_per_mwh, price_per_kwh, per_kwh.
_KEY = re.compile(r"(?:^|_)(?:([a-z]+)_)?per_([kmg]?wh)$")

# Currencies in which a kilowatt-hour costs less than one, some, or some hundreds. In a currency that is in none of
# these lists, any price is believed.
_PARTS = frozenset({"EUR", "USD", "GBP", "CHF", "AUD", "CAD", "NZD", "BGN", "SGD"})
_TENS = frozenset({"SEK", "NOK", "DKK", "CZK", "PLN", "RON", "UAH", "INR"})
_HUNDREDS = frozenset({"HUF", "JPY", "ISK", "KRW", "CLP", "ARS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Converts a source's number to its price per kWh (or its grams per kWh)."""

    currency: str | None  # None if the unit does not contain it (ct, kr, $)
    money: float  # how much of the currency (or how many grams) one of it is
    per_kwh: float  # how many of it are in a kilowatt-hour, by its energy alone

    @property
    def factor(self) -> float:
        """Return the factor from a number in this unit to a price per kWh."""
        return self.money * self.per_kwh


def parse_unit(text: str | None) -> Unit | None:
    """Read a unit of price such as `EUR/MWh`, `ct/kWh`, `öre/kWh`, `kr/kWh`.

    A currency alone (Tibber's old attribute, some template sensors) is taken per kWh.
    Return None if it is not a unit of price.
    """
    if text is None:
        return None
    plain = text.strip().lower().replace(" per ", "/")
    money, _, energy = plain.partition("/")
    scale = _ENERGY.get(energy.strip(" .") or "kwh")
    parts = _money(money.strip(" ."))
    if scale is None or parts is None:
        return None
    return Unit(currency=parts[0], money=parts[1], per_kwh=scale)


def is_per_energy(text: str | None) -> bool:
    """Return whether a unit is one of anything per energy."""
    return "/" in (text or "") and "wh" in (text or "").lower()


def _money(text: str) -> tuple[str | None, float] | None:
    """Read the numerator of a unit of price."""
    text = text.replace(" ", "").replace("-", "")
    if (known := _MONEY.get(text)) is not None:
        return known
    # A currency that is not in the table; other words of three letters (cts, cnt) may mean a part of one.
    code = text.upper()
    return (code, 1.0) if code in ACTIVE_CURRENCIES else None


def unit_of_key(key: str) -> Unit | None:
    """Read the unit in the name of a field, as `price_ct_per_kwh`; None if it names no money."""
    match = _KEY.search(key.lower())
    money = _MONEY.get(match[1] or "") if match else None
    if match is None or money is None:
        return None
    return Unit(currency=money[0], money=money[1], per_kwh=_ENERGY[match[2]])


def names_energy(key: str) -> bool:
    """Return whether the name of a field states at least the energy of its price, as `price_per_kwh` does."""
    return _KEY.search(key.lower()) is not None


def with_energy_of_key(unit: Unit, key: str) -> Unit:
    """Return a unit with the energy from the name of a field: for `per_kwh` and EUR/MWh, EUR/kWh."""
    match = _KEY.search(key.lower())
    return replace(unit, per_kwh=_ENERGY[match[2]]) if match else unit


def parse_carbon_unit(text: str | None) -> Unit | None:
    """Read a unit of carbon intensity such as `gCO2eq/kWh`, `kg/MWh`, as grams per kWh."""
    match = _CARBON.match((text or "").strip().lower().replace("₂", "2"))
    if match is None:
        return None
    return Unit(currency=None, money=_CARBON_GRAMS[match[1]], per_kwh=_ENERGY[match[4]])


def usual_range(currency: str) -> tuple[float, float]:
    """Return between which prices per kWh the median of a day usually is.

    Wide: free wind in spring to a crisis in winter. It is used to doubt a unit, never to
    cut a price.
    """
    for currencies, scale in ((_PARTS, 1.0), (_TENS, 10.0), (_HUNDREDS, 300.0)):
        if currency in currencies:
            return 0.002 * scale, 3.0 * scale
    return 0.0, 10000.0


def absurd_above(currency: str) -> float:
    """Return the price per kWh that no market can reach, for either sign.

    Europe's harmonised maximum of the day-ahead market is 4 to 5 EUR/kWh, that of
    Australia's market about 20 AUD/kWh; taxes and fees come on top.
    """
    return 10.0 * usual_range(currency)[1]
