"""Units, currencies and sizes of prices, as integrations and people write them."""

from datetime import timedelta

import pytest

from custom_components.sunfuse.sources.series import at_time
from custom_components.sunfuse.sources.tariffs.price_slots import IssueKey
from custom_components.sunfuse.sources.tariffs.reading import read_carbon, read_prices

from .price_rows import AMSTERDAM, HOURS, NOW, TODAY, nord_pool_rows, read


@pytest.mark.parametrize(
    ("unit", "currency", "price"),
    [
        ("EUR/MWh", "EUR", 112.0),
        ("€/kWh", "EUR", 0.112),
        ("ct/kWh", "EUR", 11.2),
        ("Cents/kWh", "EUR", 11.2),
        ("p/kWh", "GBP", 11.2),
        ("GBP/kWh", "GBP", 0.112),
        ("öre/kWh", "SEK", 112.0),
        ("SEK/kWh", "SEK", 1.12),
        ("Kč/kWh", "CZK", 1.12),
        ("HUF/kWh", "HUF", 33.6),
        ("c/kWh", "EUR", 11.2),
        ("BRL/kWh", "BRL", 0.8),
        ("COP/kWh", "COP", 790.0),
        ("NIS/kWh", "ILS", 0.64),
        ("NTD/kWh", "TWD", 2.6),
        ("RMB/kWh", "CNY", 0.6),
    ],
)
def test_units(unit: str, currency: str, price: float) -> None:
    """Per kWh, per MWh, whole money and hundredths."""
    rows = [{"start": t, "price": price} for t in HOURS]
    reading = read({"prices": rows}, unit=unit)
    assert reading.currency == currency
    whole = {"EUR": 0.112, "GBP": 0.112, "SEK": 1.12, "CZK": 1.12, "HUF": 33.6}
    assert reading.series[0].value == pytest.approx(whole.get(currency, price))
    assert reading.issues == ()


@pytest.mark.parametrize(
    ("typed", "unit", "key", "price", "expected"),
    [
        ("øre/kWh", None, "price_per_kwh", 15.43, 0.1543),
        ("øre/kWh", "NOK/kWh", "price_per_kwh", 15.43, 0.1543),
        ("øre/kWh", None, "per_kwh", 15.43, 0.1543),
        ("NOK/kWh", None, "price_per_kwh", 15.43, 15.43),
        # The field's own money is what its numbers are in; of the energy, the field knows best.
        ("NOK/kWh", None, "price_ore_per_kwh", 15.43, 0.1543),
        (None, "NOK/MWh", "price_per_kwh", 1.5, 1.5),
        (None, "øre/kWh", "price_per_kwh", 15.43, 0.1543),
    ],
)
def test_the_unit_that_was_typed(
    typed: str | None, unit: str | None, key: str, price: float, expected: float
) -> None:
    """It counts, whatever a field's name says of the energy alone."""
    rows = [{"start": t, key: price} for t in HOURS]
    reading = read_prices(
        {"prices": rows},
        state=None,
        unit=unit,
        typed=typed,
        currency="NOK",
        now=NOW,
        tz=AMSTERDAM,
    )
    assert reading.issues == ()
    assert reading.currency == "NOK"
    assert reading.series[0].value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("€ct/kWh", 0.01),
        ("euro cents/kWh", 0.01),
        ("EUR cents/kWh", 0.01),
        ("Rp./kWh", 0.01),
        ("bani/kWh", 0.01),
        ("ct. per kWh", 0.01),
        ("cts/kWh", 0.01),
        ("cnt/kWh", 0.01),
        ("EUR cent/kWh", 0.01),
        ("€/kWh", 1),
    ],
)
def test_units_as_people_write_them(unit: str, factor: float) -> None:
    """With points, signs and words."""
    rows = [{"start": t, "price": 20 * 0.01 / factor} for t in HOURS]
    reading = read({"prices": rows}, unit=unit)
    assert reading.series[0].value == pytest.approx(0.2)
    assert reading.issues == ()


@pytest.mark.parametrize("unit", ["zorkmids/kWh", "sen/kWh", "kWh"])
def test_a_unit_that_is_not_understood_is_reported(unit: str) -> None:
    """It is not taken for no unit, nor a word of three letters for a currency: prices of an unknown size are not used."""
    rows = [{"start": t, "price": 20} for t in HOURS]
    reading = read({"prices": rows}, unit=unit)
    assert reading.series == ()
    (issue,) = reading.issues
    assert (issue.key, issue.detail) == (IssueKey.UNIT_UNREADABLE, unit)


def test_the_name_of_a_field_tells_the_unit() -> None:
    """Also where the entity's own is not understood; and its currency is that of the prices."""
    cents = read(
        {"prices": [{"start": t, "price_ct_per_kwh": 20} for t in HOURS]}, unit="?"
    )
    assert cents.series[0].value == pytest.approx(0.2)
    # The answer of elprisetjustnu.se.
    swedish = [
        {"SEK_per_kWh": 0.5, "EUR_per_kWh": 0.045, "EXR": 11.1, "time_start": t}
        for t in HOURS
    ]
    reading = read({"prices": swedish}, unit=None, currency="EUR")
    assert (reading.currency, reading.series[0].value) == ("SEK", 0.5)
    # What is fed in beside it is another matter.
    bought = [{"start": t, "price": 0.2} for t in HOURS]
    both = read({"prices": bought, "export": swedish}, unit="EUR/kWh")
    assert (both.currency, both.series[0].value) == ("EUR", 0.2)


def test_wrong_row_unit_is_overruled_by_the_state() -> None:
    """ha_epex_spot #213: 'ct/MWH' beside prices in ct/kWh."""
    rows = [{"from": t, "price": 11.2, "unit": "ct/MWH"} for t in HOURS]
    reading = read({"data": rows}, state=0.112)
    assert reading.series[0].value == pytest.approx(0.112)
    assert reading.issues[0].key is IssueKey.SCALE_CORRECTED


def test_a_hundred_times_too_high() -> None:
    """Energi Data Service #153: 250 DKK/kWh. With no state to judge by it is refused."""
    rows = [{"hour": t, "price": 3250.0} for t in HOURS]
    reading = read({"raw_today": rows}, unit="DKK/kWh")
    assert reading.series == ()
    assert reading.issues[0].key is IssueKey.SCALE_UNKNOWN


def test_no_unit_at_all() -> None:
    """85 of what? The user is asked, nothing is guessed."""
    rows = [{"start": t, "price": 85.0} for t in HOURS]
    assert [i.key for i in read({"p": rows}, unit=None).issues][0] is (
        IssueKey.UNIT_UNKNOWN
    )
    for beside in ("unit_of_measurement", "unit"):
        reading = read({"p": rows, beside: "EUR/MWh"}, unit=None)
        assert reading.series[0].value == pytest.approx(0.085)


def test_the_currency_of_nord_pool() -> None:
    """`unit: kWh, currency: SEK` are attributes of their own."""
    rows = [{**row, "value": 1.2} for row in nord_pool_rows(TODAY)]
    reading = read({"raw_today": rows, "unit": "kWh", "currency": "SEK"}, unit="kr/kWh")
    assert reading.currency == "SEK"


@pytest.mark.parametrize("state", [None, 11.2])
def test_cents_that_are_called_euros(state: object) -> None:
    """No day costs 11 euros a kilowatt-hour: the unit is asked for, and then it is right."""
    rows = [{"start": t, "price": 11.2} for t in HOURS]
    reading = read({"prices": rows}, unit="EUR/kWh", state=state)
    assert reading.series == ()
    assert reading.issues[0].key is IssueKey.SCALE_UNKNOWN
    told = read({"prices": rows}, unit="ct/kWh", state=state)
    assert told.series[0].value == pytest.approx(0.112)


def test_an_hour_of_mad_prices_is_believed() -> None:
    """Australia's market reaches 16 dollars for an hour; a forecast may be no longer."""
    rows = [{"start": t, "price": 16.0} for t in HOURS[12:14]]
    reading = read({"prices": rows}, unit="AUD/kWh", state=16.0)
    assert [slot.value for slot in reading.series] == [16.0, 16.0]
    assert reading.issues == ()


@pytest.mark.parametrize(
    ("text", "price"),
    [("0,25", 0.25), ("1.112,5", 1112.5), ("1,112.5", 1112.5), ("-0,01", -0.01)],
)
def test_commas(text: str, price: float) -> None:
    """Where both marks appear, the last is the decimal."""
    rows = [{"start": t, "price": text} for t in HOURS]
    series = read({"prices": rows}, unit="COP/kWh").series
    assert series[0].value == pytest.approx(price)


def test_one_absurd_value_costs_only_itself() -> None:
    """A hole is better than a million."""
    rows = nord_pool_rows(TODAY)
    rows[3]["value"] = 1e6
    reading = read({"raw_today": rows})
    assert len(reading.series) == 23
    assert reading.issues[0].key is IssueKey.ABSURD_VALUES


def test_wind_for_nothing_is_believed() -> None:
    """A day at and below zero is unusual, not wrong; the state says the same."""
    rows = [{"start": t, "price": 0.0001 * (i % 3 - 1)} for i, t in enumerate(HOURS)]
    reading = read({"raw_today": rows}, state=0.0)
    assert len(reading.series) == 24
    rows = [{"start": t, "price": 0.0009} for t in HOURS]
    assert read({"raw_today": rows}, state=0.0007).series[0].value == 0.0009


def test_carbon_of_great_britain() -> None:
    """carbonintensity.org.uk: times without seconds, the value one step deeper."""
    rows = [
        {
            "from": f"2026-11-25T{hour:02}:{minute:02}Z",
            "to": f"2026-11-25T{hour + (minute == 30):02}:{(minute + 30) % 60:02}Z",
            "intensity": {"forecast": 146 + hour, "actual": None, "index": "low"},
        }
        for hour in range(10, 20)
        for minute in (0, 30)
    ]
    reading = read_carbon({"data": rows}, unit="gCO2eq/kWh", now=NOW, tz=AMSTERDAM)
    assert reading.issues == ()
    slot = at_time(reading.series, NOW)
    assert slot is not None
    assert slot.value == 146 + 11


def test_carbon_in_other_units_and_absurd() -> None:
    """Kilograms per MWh are grams per kWh; negative and huge values are left out."""
    rows = [{"datetime": t, "carbonIntensity": 400 + i} for i, t in enumerate(HOURS)]
    rows[0]["carbonIntensity"], rows[1]["carbonIntensity"] = -5, 4e6
    reading = read_carbon({"forecast": rows}, unit="kg/MWh", now=NOW, tz=AMSTERDAM)
    assert len(reading.series) == 22
    assert reading.issues[0].key is IssueKey.ABSURD_VALUES
    assert reading.series[0].value == 402
    wrong = read_carbon({"forecast": rows}, unit="%", now=NOW, tz=AMSTERDAM)
    assert wrong.series == ()
    assert wrong.issues[0].key is IssueKey.UNIT_UNKNOWN
    later = read_carbon(
        {"forecast": rows}, unit=None, now=NOW + timedelta(days=2), tz=AMSTERDAM
    )
    assert later.issues[-1].key is IssueKey.OUTDATED
    empty = read_carbon({}, unit="gCO2/kWh", now=NOW, tz=AMSTERDAM)
    assert empty.issues[0].key is IssueKey.NOTHING_FOUND
