"""Sentences as a person writes them."""

from dataclasses import replace
from datetime import UTC, datetime

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.engine.model import Reason, ReasonKey
from custom_components.sunfuse.translated_reasons import (
    as_they_read,
    async_load_sentences,
    explain,
    what_would_change_it,
)
from homeassistant.core import HomeAssistant

SENTENCES = {
    "weekday_monday": "Monday",
    "weekday_wednesday": "Wednesday",
    "weekday_thursday": "Thursday",
    "decimal_sign": ".",
    "reason_full_power": "{max_a} A",
    "reason_pausing": "until {until}",
    "reason_waiting_for_sun": "{surplus_w} W of {needed_w} W",
    "reason_limited_by_boost": "{boost_a} A",
    "reason_ramping": "{offer_a} A of {target_a} A",
    "reason_limited_by_demand_response": "{name}: {limit}.",
    "reason_waiting_for_price": "Waits until {until}: {price} instead of {price_now}.",
    "reason_misses_departure": "Will reach {reaches} by {at}, not {wanted}.",
    "until": "Until {until}.",
    "ready": "Ready by {ready}.",
    "later": "Boost, or leave at {later}.",
}


@pytest.mark.parametrize(
    ("key", "values", "sentence"),
    [
        (ReasonKey.FULL_POWER, (("max_a", 16.0),), "16 A"),
        (ReasonKey.FULL_POWER, (("max_a", 10.66),), "10.7 A"),
        (ReasonKey.PAUSING, (("until", "2026-06-21T10:05:30+00:00"),), "until 12:05"),
        (ReasonKey.PAUSING, (("until", "tomorrow"),), "until tomorrow"),
        (
            ReasonKey.WAITING_FOR_PRICE,
            (
                ("until", "2026-06-21T11:15:00+00:00"),
                ("price", 0.1123),
                ("price_now", 0.34),
                ("ready", "2026-06-21T16:20:00+00:00"),
            ),
            "Waits until 13:15: 0.11 instead of 0.34. Ready by 18:20.",
        ),
        (
            ReasonKey.MISSES_DEPARTURE,
            (
                ("reaches_soc", 71.4),
                ("wanted_soc", 80.0),
                ("at", "2026-06-21T11:00:00+00:00"),
                ("later", "2026-06-21T11:40:00+00:00"),
            ),
            "Will reach 71 % by 13:00, not 80 %. Boost, or leave at 13:40.",
        ),
        (
            ReasonKey.MISSES_DEPARTURE,
            (
                ("reaches_wh", 7140.0),
                ("wanted_wh", 10_000.0),
                ("at", "2026-06-21T11:00:00+00:00"),
            ),
            "Will reach 7.1 kWh by 13:00, not 10 kWh.",
        ),
        # Midnight has passed in Berlin; there is no other 00:30 until then.
        (
            ReasonKey.PAUSING,
            (("until", "2026-06-21T22:30:00+00:00"),),
            "until 00:30",
        ),
        (
            ReasonKey.PAUSING,
            (("until", "2026-06-23T22:30:00+00:00"),),
            "until 00:30 (Wednesday)",
        ),
        # A day of the week that comes twice has its date.
        (
            ReasonKey.PAUSING,
            (("until", "2026-07-01T22:30:00+00:00"),),
            "until 00:30 (Thursday, 2026-07-02)",
        ),
        # An end is shown if there is one, whether the sentence names it or not.
        (
            ReasonKey.LIMITED_BY_DEMAND_RESPONSE,
            (("name", "Contract"), ("limit_a", 16.0)),
            "Contract: 16 A.",
        ),
        (
            ReasonKey.LIMITED_BY_DEMAND_RESPONSE,
            (
                ("name", "Contract"),
                ("limit_w", 5000.0),
                ("until", "2026-06-21T10:05:30+00:00"),
            ),
            "Contract: 5000 W. Until 12:05.",
        ),
        (
            ReasonKey.WAITING_FOR_SUN,
            (("surplus_w", 1234.56), ("needed_w", 4140.0)),
            "1200 W of 4140 W",
        ),
        # What a meter moves every second does not make a new sentence every second.
        (
            ReasonKey.WAITING_FOR_SUN,
            (("surplus_w", 1299.0), ("needed_w", 4140.0)),
            "1200 W of 4140 W",
        ),
        (ReasonKey.LIMITED_BY_BOOST, (("boost_a", 8.7),), "8 A"),
        (ReasonKey.RAMPING, (("offer_a", 7.5), ("target_a", 13.7)), "7.5 A of 13 A"),
        # A value that is not there is a gap in the sentence, no error in the entity.
        (ReasonKey.WAITING_FOR_SUN, (("surplus_w", 110.0),), "100 W of ? W"),
    ],
)
async def test_sentences(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    key: ReasonKey,
    values: tuple[tuple[str, str | float], ...],
    sentence: str,
) -> None:
    """Amperes to a tenth, watts as they are, times by the clock on the wall."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to("2026-06-21T08:00:00+00:00")
    assert explain(SENTENCES, Reason(key=key, values=values)) == sentence


async def test_a_time_near_the_clock_of_the_site_needs_no_date(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A simulated site has a day of its own: its night is not said with the date of June while it is November on the wall."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to("2026-11-29T08:00:00+00:00")
    until = (("until", "2026-06-21T23:15:00+00:00"),)
    reason = Reason(key=ReasonKey.PAUSING, values=until)
    assert explain(SENTENCES, reason) == "until 01:15 (Monday, 2026-06-22)"
    there = datetime(2026, 6, 21, 20, tzinfo=UTC)
    assert "2026" not in (said := explain(SENTENCES, reason, there))
    assert "01:15" in said
    late = (("until", "2026-06-22T21:00:00+00:00"),)
    assert (
        explain(SENTENCES, replace(reason, values=late), there)
        == "until 23:00 (Monday)"
    )


async def test_names_that_sunfuse_gives_are_in_the_readers_language(
    hass: HomeAssistant,
) -> None:
    """The rest of the sentence is, too; names that users entered stay."""
    german = await async_load_sentences(hass, "de")

    def said(key: ReasonKey, **values: str | float) -> str:
        return explain(german, Reason(key=key, values=tuple(values.items())))

    full = ReasonKey.LIMITED_BY_CIRCUIT
    assert said(full, circuit="The main fuse", phase="L3").startswith(
        "Die Hauptsicherung "
    )
    assert said(full, circuit="Garage", phase="L3").startswith("Garage ")
    lowered = ReasonKey.LIMITED_BY_DEMAND_RESPONSE
    assert said(lowered, circuit="Garage", name="External limit", limit_a=10.0) == (
        "Garage ist auf 10 A begrenzt (Externe Begrenzung)."
    )


def test_as_somebody_reads(freezer: FrozenDateTimeFactory) -> None:
    """Numbers and times as the profile of who looks has them, wherever they are."""
    freezer.move_to("2026-06-21T10:00:00+00:00")
    values = (
        ("until", "2026-06-21T11:15:00+00:00"),
        ("price", 0.1123),
        ("price_now", 0.34),
        ("currency", "EUR"),
    )
    reason = Reason(key=ReasonKey.WAITING_FOR_PRICE, values=values)
    theirs = as_they_read(
        SENTENCES, time_zone="America/New_York", half_days=True, decimal_sign=","
    )
    assert explain(theirs, reason) == (
        "Waits until 7:15 AM: 0,11 EUR instead of 0,34 EUR."
    )
    later = Reason(
        key=ReasonKey.PAUSING, values=(("until", "2026-06-25T16:30:00+00:00"),)
    )
    assert explain(theirs, later) == "until 12:30 PM (Thursday)"


@pytest.mark.parametrize(
    ("language", "until", "at"),
    [
        ("de", "bis 07:00 (Mittwoch)", "um 07:00 (Mittwoch)"),
        ("es", "hasta las 07:00 (miércoles)", "a las 07:00 (miércoles)"),
        ("fr", "jusqu'à 07:00 (mercredi)", "à 07:00 (mercredi)"),
        ("it", "fino alle 07:00 (mercoledì)", "alle 07:00 (mercoledì)"),
        ("nl", "tot 07:00 (woensdag)", "om 07:00 (woensdag)"),
        ("pl", "do 07:00 (środa)", "o 07:00 (środa)"),
        ("da", "til 07:00 (onsdag)", "kl. 07:00 (onsdag)"),
        ("nb", "til 07:00 (onsdag)", "kl. 07:00 (onsdag)"),
        ("sv", "till 07:00 (onsdag)", "kl. 07:00 (onsdag)"),
    ],
)
async def test_a_weekday_is_grammatical_after_any_preposition(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    language: str,
    until: str,
    at: str,
) -> None:
    """Prepositions and articles belong to the time of day; no weekday stands between, or has to be inflected."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to("2026-06-21T08:00:00+00:00")
    texts = await async_load_sentences(hass, language)
    wednesday = "2026-06-24T05:00:00+00:00"
    paused = Reason(key=ReasonKey.PAUSED_UNTIL, values=(("until", wednesday),))
    assert until in explain(texts, paused)
    late = Reason(
        key=ReasonKey.WAITING_FOR_PRICE,
        values=(("until", wednesday), ("later", wednesday)),
    )
    assert at in explain(texts, late)


async def test_german_numbers(hass: HomeAssistant) -> None:
    """They have a comma, also in the state of an entity."""
    german = await async_load_sentences(hass, "de")
    reason = Reason(
        key=ReasonKey.WAITING_FOR_PRICE,
        values=(
            ("until", "2026-06-21T11:15:00+00:00"),
            ("price", 0.1123),
            ("price_now", 0.34),
        ),
    )
    assert "0,11" in explain(german, reason)


@pytest.mark.parametrize(("name", "boosts"), [("later", True), ("ready_later", False)])
async def test_a_boost_is_advised_only_where_it_helps(
    hass: HomeAssistant, name: str, boosts: bool
) -> None:
    """A car that has all that it can take gets no more by a boost: the advice beside the sentence says the same."""
    sentences = await async_load_sentences(hass)
    at = "2026-06-21T11:40:00+00:00"
    reason = Reason(key=ReasonKey.MISSES_DEPARTURE, values=((name, at),))
    said = (explain(sentences, reason), what_would_change_it(sentences, reason))
    assert ["boost" in text for text in said] == [boosts, boosts]
