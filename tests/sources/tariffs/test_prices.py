"""All-in prices, known and expected; memory over a restart."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.sources.series import QUARTER, Slot
from custom_components.sunfuse.sources.tariffs.components import (
    Estimated,
    components_from_dict,
    price_slots,
)
from custom_components.sunfuse.sources.tariffs.price_memory import (
    PriceMemory,
    ahead,
    memory_from_dict,
    memory_to_dict,
    remember,
)
from custom_components.sunfuse.sources.tariffs.price_slots import Prices
from custom_components.sunfuse.sources.tariffs.table import TableError

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MIDNIGHT = datetime(2026, 11, 24, 23, tzinfo=UTC)  # Wednesday 25 November, local
HOUR = timedelta(hours=1)


def day(midnight: datetime, price: float) -> tuple[Slot, ...]:
    """Make a day of hours; the hour of the day is its tenth of a cent."""
    return tuple(
        Slot(
            start=midnight + hour * HOUR,
            end=midnight + (hour + 1) * HOUR,
            value=price + hour / 1000,
        )
        for hour in range(24)
    )


DUTCH: dict[str, Any] = {
    "surcharge": 0.02,
    "taxes": 0.10,
    "vat_percent": 21,
    "grid_fee": {"value": 0.0, "periods": [{"value": 0.05, "start": "16:00", "end": "21:00"}]},
    "export": "spot",
    "export_factor": 0.9,
    "export_offset": -0.01,
}  # fmt: skip


def build(data: dict[str, Any], spot: float, hour: int, **more: Any) -> Any:
    """Price one quarter of the given local hour."""
    start = MIDNIGHT + hour * HOUR
    slot = Slot(start=start, end=start + QUARTER, value=spot)
    return price_slots(
        [Estimated(slot=slot, estimated=False)],
        components_from_dict(data),
        currency="EUR",
        tz=AMSTERDAM,
        **more,
    )[0]


def test_all_in_price_by_hand() -> None:
    """(0.10 + 0.02 + 0.10) x 1.21 = 0.2662; at 17:00 5 ct of grid fee and VAT more."""
    assert build(DUTCH, 0.10, 3).import_price == pytest.approx(0.2662)
    assert build(DUTCH, 0.10, 17).import_price == pytest.approx(0.2662 + 0.0605)
    assert build(DUTCH, 0.10, 3).export_price == pytest.approx(0.08)


def test_negative_prices_stay_negative() -> None:
    """At -0.5 the kWh pays: (-0.5 + 0.12) x 1.21."""
    slot = build(DUTCH, -0.5, 3)
    assert slot.import_price == pytest.approx(-0.4598)
    assert slot.export_price == pytest.approx(-0.46)


def test_source_with_vat_inside() -> None:
    """Only what is added gets the VAT: 0.121 + 0.12 x 1.21."""
    price = build({**DUTCH, "source_has_vat": True}, 0.121, 3).import_price
    assert price == pytest.approx(0.2662)


@pytest.mark.parametrize(
    ("export", "price"),
    [
        ({"export": "same_as_import"}, 0.2662),
        ({"export": "fixed", "export_table": {"value": 0.08}}, 0.08),
        ({"export": "source"}, 0.0),
    ],
)
def test_feed_in(export: dict[str, Any], price: float) -> None:
    """Net metering, a fixed tariff, a source of its own that is silent."""
    assert build({**DUTCH, **export}, 0.10, 3).export_price == pytest.approx(price)


def test_feed_in_and_carbon_of_their_own() -> None:
    """Series that hold for the slot."""
    export = (Slot(start=MIDNIGHT, end=MIDNIGHT + HOUR, value=0.07),)
    carbon = (Slot(start=MIDNIGHT, end=MIDNIGHT + HOUR, value=321.0),)
    slot = build({"export": "source"}, 0.3, 0, export=export, carbon=carbon)
    assert (slot.import_price, slot.export_price, slot.carbon_g) == (0.3, 0.07, 321.0)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"surcharge": "a"}, "bad_surcharge"),
        ({"vat_percent": 210}, "bad_vat_percent"),
        ({"export": "gift"}, "bad_export"),
        ({"grid_fee": {"value": "x"}}, "bad_value"),
    ],
)
def test_wrong_components_are_named(data: dict[str, Any], key: str) -> None:
    """So that the UI shows the error at its field."""
    with pytest.raises(TableError, match=key):
        components_from_dict(data)


def test_tomorrow_is_expected_like_the_days_before_until_it_arrives() -> None:
    """Tuesday 0.10 and Wednesday 0.20 make Thursday 0.15; then the market says 0.40."""
    tuesday = day(MIDNIGHT - 24 * HOUR, 0.10)
    memory = remember(PriceMemory(), tuesday, "EUR", MIDNIGHT - HOUR)
    memory = remember(memory, day(MIDNIGHT, 0.20), "EUR", MIDNIGHT)
    slots = ahead(memory, MIDNIGHT, MIDNIGHT + 48 * HOUR, AMSTERDAM)
    assert len(slots) == 192
    assert [one.estimated for one in slots] == [False] * 96 + [True] * 96
    assert slots[96 + 4 * 7].slot.value == pytest.approx(0.157)
    memory = remember(memory, day(MIDNIGHT + 24 * HOUR, 0.40), "EUR", MIDNIGHT + HOUR)
    slots = ahead(memory, MIDNIGHT, MIDNIGHT + 48 * HOUR, AMSTERDAM)
    assert not any(one.estimated for one in slots)
    assert slots[96].slot.value == pytest.approx(0.40)


def test_weekends_are_like_weekends() -> None:
    """Sunday is expected as Saturday was, a Thursday as Wednesday."""
    saturday = day(MIDNIGHT + 72 * HOUR, 0.05)
    memory = remember(PriceMemory(), (*day(MIDNIGHT, 0.2), *saturday), "EUR", MIDNIGHT)
    slots = ahead(memory, MIDNIGHT + 24 * HOUR, MIDNIGHT + 120 * HOUR, AMSTERDAM)
    assert slots[0].slot.value == pytest.approx(0.2)
    assert slots[72 * 4].slot.value == pytest.approx(0.05)


def test_a_source_that_fails_keeps_its_values() -> None:
    """Nothing new is no loss of what was known; two weeks later it is."""
    memory = remember(PriceMemory(), day(MIDNIGHT, 0.2), "EUR", MIDNIGHT)
    memory = remember(memory, (), None, MIDNIGHT + HOUR)
    assert len(memory.series) == 96
    assert memory.currency == "EUR"
    later = remember(memory, (), None, MIDNIGHT + timedelta(days=20))
    assert later.series == ()
    assert ahead(later, MIDNIGHT, MIDNIGHT + HOUR, AMSTERDAM) == ()


def test_the_overall_average_is_the_last_resort() -> None:
    """Only an evening is known; the morning is expected at its mean."""
    evening = day(MIDNIGHT, 0.2)[20:22]
    memory = remember(PriceMemory(), evening, "EUR", MIDNIGHT)
    slots = ahead(memory, MIDNIGHT, MIDNIGHT + HOUR, AMSTERDAM)
    assert slots[0].slot.value == pytest.approx(0.2205)


def test_another_currency_starts_anew() -> None:
    """Nobody averages euros with kronor."""
    memory = remember(PriceMemory(), day(MIDNIGHT, 0.2), "EUR", MIDNIGHT)
    assert remember(memory, (), "SEK", MIDNIGHT).series == ()


@given(st.lists(st.floats(-1, 5), min_size=1, max_size=200))
def test_memory_survives_a_restart(values: list[float]) -> None:
    """What is stored is what is read, to the last digit."""
    series = tuple(
        Slot(
            start=MIDNIGHT + QUARTER * i, end=MIDNIGHT + QUARTER * (i + 1), value=value
        )
        for i, value in enumerate(values)
    )
    memory = remember(PriceMemory(), series, "EUR", MIDNIGHT)
    assert memory_from_dict(memory_to_dict(memory)) == memory
    estimates = ahead(memory, MIDNIGHT, MIDNIGHT + timedelta(days=3), AMSTERDAM)
    assert len(estimates) == 288
    assert all(
        min(values) - 1e-9 <= e.slot.value <= max(values) + 1e-9 for e in estimates
    )


def test_a_damaged_store_is_no_end() -> None:
    """What cannot be read is left out."""
    rows = [["x", 1], ["2026-11-25T00:00:00", 1], ["2026-11-25T00:00:00+00:00", None]]
    assert memory_from_dict({"slots": rows}) == PriceMemory()


def test_now_cheapest_and_until_when() -> None:
    """What the sensors show."""
    components = components_from_dict({})
    memory = remember(PriceMemory(), day(MIDNIGHT, 0.2), "EUR", MIDNIGHT)
    slots = price_slots(
        ahead(memory, MIDNIGHT, MIDNIGHT + 36 * HOUR, AMSTERDAM),
        components,
        currency="EUR",
        tz=AMSTERDAM,
    )
    prices = Prices(slots=slots)
    now = prices.at(MIDNIGHT + 1.5 * HOUR)
    assert now is not None
    assert now.import_price == pytest.approx(0.201)
    cheapest = prices.cheapest(MIDNIGHT + 2 * HOUR)
    assert cheapest is not None
    assert cheapest.start == MIDNIGHT + 24 * HOUR
    assert prices.known_until == MIDNIGHT + 24 * HOUR
    assert prices.at(MIDNIGHT - HOUR) is None
    assert Prices().cheapest(MIDNIGHT) is None
    assert Prices().known_until is None


@given(
    st.lists(st.tuples(st.integers(0, 200), st.floats(-1, 5)), min_size=1, max_size=60),
    st.integers(0, 1439),
)
def test_what_is_ahead_has_no_holes_and_no_overlaps(
    known: list[tuple[int, float]], minute: int
) -> None:
    """Whatever holes the source has, two days are covered, known prices untouched."""
    series = tuple(
        Slot(
            start=MIDNIGHT + QUARTER * place,
            end=MIDNIGHT + QUARTER * (place + 1),
            value=value,
        )
        for place, value in dict(known).items()
    )
    memory = remember(PriceMemory(), series, "EUR", MIDNIGHT)
    now = MIDNIGHT + timedelta(minutes=minute)
    slots = [one.slot for one in ahead(memory, now, now + 48 * HOUR, AMSTERDAM)]
    assert slots[0].start <= now < slots[0].end
    assert slots[-1].end >= now + 48 * HOUR
    assert all(a.end == b.start for a, b in zip(slots, slots[1:], strict=False))
    given_values = {slot.start: slot.value for slot in series}
    for one in ahead(memory, now, now + 48 * HOUR, AMSTERDAM):
        assert one.estimated == (one.slot.start not in given_values)
        if not one.estimated:
            assert one.slot.value == pytest.approx(given_values[one.slot.start])
