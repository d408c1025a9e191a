"""Turns the engine's reasons into sentences in the user's language."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN, WEEKDAY_KEYS, WH_PER_KWH
from .drivers.person_terms import PersonStanding
from .engine.model import Reason, ReasonKey
from .engine.reason_key import TIMES
from .site.outcome import ConnectorData

CATEGORY = "common"
# Within this time, a time of day is unambiguous, and within six days, a day of the week.
_A_DAY = timedelta(hours=24)
_SIX_DAYS = timedelta(days=6)
# Values that change every second are rounded to these steps: each new sentence is a line in the logbook.
_STEPS: Mapping[ReasonKey, Mapping[str, int]] = {
    ReasonKey.LIMITED_BY_SUN: {"surplus_w": 100},
    ReasonKey.WAITING_FOR_SUN: {"surplus_w": 100},
    ReasonKey.SUN_TAKEN: {"surplus_w": 100, "taken_w": 100},
    ReasonKey.AT_MINIMUM: {"surplus_w": 100},
    ReasonKey.STOPPING_ON_SUN: {"surplus_w": 100},
    ReasonKey.LIMITED_BY_PEAK: {"limit_w": 100},
    ReasonKey.LIMITED_BY_BOOST: {"boost_a": 1},
    ReasonKey.RAMPING: {"target_a": 1},
}

_NAMES = ("circuit", "name")  # of a circuit, and of a limit
_PRICES = frozenset(("price", "price_now", "export_price"))
# Placeholders that have one name, whatever their unit.
_QUANTITIES = (
    ("limit_a", "limit", "A"),
    ("limit_w", "limit", "W"),
    ("reaches_wh", "reaches", "kWh"),
    ("wanted_wh", "wanted", "kWh"),
    ("reaches_soc", "reaches", "%"),
    ("wanted_soc", "wanted", "%"),
)


# Names that Sunfuse itself gives. Snapshots, and entities' states, have them in the language of this Home Assistant.
_GIVEN_NAMES = ("main_circuit", "limit_dimming", "limit_demand_response")
_GIVEN = "given_name "
# How whoever reads has numbers and times; no text has such a name.
_ZONE, _HALF_DAYS = "time zone", "half days"
DECIMAL_SIGN = "decimal_sign"
DECIMAL_SIGNS = (".", ",")


async def async_load_sentences(
    hass: HomeAssistant, language: str | None = None
) -> Mapping[str, str]:
    """Return the sentences: the reasons, the main circuit's name, and the site report.

    They are in the requested language, otherwise in that of this Home Assistant; English where that lacks a text.
    """
    of_server = await _async_texts(hass, hass.config.language)
    if language is None or language == hass.config.language:
        return of_server
    texts = await _async_texts(hass, language)
    return texts | {f"{_GIVEN}{of_server[key]}": texts[key] for key in _GIVEN_NAMES}


async def _async_texts(hass: HomeAssistant, language: str) -> dict[str, str]:
    translations = await async_get_translations(hass, language, CATEGORY, [DOMAIN])
    prefix = f"component.{DOMAIN}.{CATEGORY}."
    return {
        key.removeprefix(prefix): sentence for key, sentence in translations.items()
    }


def in_its_language(sentences: Mapping[str, str], name: str) -> str:
    """Return a circuit's or limit's name: in the sentences' language if Sunfuse gave it, otherwise as users entered it."""
    return sentences.get(f"{_GIVEN}{name}", name)


def as_they_read(
    sentences: Mapping[str, str],
    *,
    time_zone: str | None = None,
    half_days: bool = False,
    decimal_sign: str | None = None,
) -> Mapping[str, str]:
    """Return the sentences for somebody who has chosen how numbers and times are written."""
    chosen = {
        _ZONE: time_zone,
        _HALF_DAYS: "true" if half_days else None,
        DECIMAL_SIGN: decimal_sign,
    }
    return dict(sentences) | {name: value for name, value in chosen.items() if value}


class _Values(dict[str, str]):
    """The values of a reason. A translation with an unknown placeholder must not break a site's entities."""

    def __missing__(self, name: str) -> str:
        """Return a replacement for a value that the reason does not have."""
        return "?"


def explain(
    sentences: Mapping[str, str], reason: Reason, at: datetime | None = None
) -> str:
    """Return the sentence of a reason with its values, and the times that it does not contain itself.

    `at` is the time at a site whose clock is not the one on the wall: times near either need no date.
    """
    template = _template(sentences, reason)
    steps = _STEPS.get(reason.key, {})
    values = _Values(
        (name, _readable(sentences, name, value, steps.get(name), at))
        for name, value in reason.values
    )
    for name in _NAMES:
        if name in values:
            values[name] = in_its_language(sentences, values[name])
    if reason.cause is not None:
        values["cause"] = explain(sentences, reason.cause, at)
    if "currency" in values:
        for name in values.keys() & _PRICES:
            values[name] = f"{values[name]} {values['currency']}"
    for name, whole, unit in _QUANTITIES:
        if name in values:
            values[whole] = f"{values[name]} {unit}"
    said = [template.format_map(values)]
    said += [
        sentences[name].format_map(values)
        for name in TIMES
        if name in values and name in sentences and f"{{{name}}}" not in template
    ]
    return " ".join(said)


# What a person's quota does to a reason.
_QUOTAS = {
    PersonStanding.SUN_ONLY: "quota_sun_only",
    PersonStanding.USED_UP: "quota_used_up",
}


def explain_connector(
    sentences: Mapping[str, str], data: ConnectorData, at: datetime | None = None
) -> str:
    """Return why a connector gets what it gets, also where that follows from the quota of who charges there."""
    said = explain(sentences, data.decision.reason, at)
    holder = data.holder
    key = _QUOTAS.get(holder.standing) if holder else None
    if holder is None or key is None:
        return said
    return f"{said} {sentences[key].format(person=holder.name)}"


def _template(sentences: Mapping[str, str], reason: Reason) -> str:
    """Return the sentence that uses most of the known values."""
    key = f"reason_{reason.key}"
    values = dict(reason.values)
    if reason.cause is not None:
        return sentences[f"{key}_because"]
    if reason.key is ReasonKey.METER_LOST:
        closer = sentences.get(f"{key}_{values.get('quality')}", sentences[key])
        if "sensor" in values or "{sensor}" not in closer:
            return closer
    if "applies_to" in values:
        return sentences[f"{key}_{values['applies_to']}"]
    return sentences[key]


def what_would_change_it(sentences: Mapping[str, str], reason: Reason) -> str:
    """Return what a person could do, or what will happen, to change the reason."""
    if "ready_later" in dict(reason.values):
        return sentences["no_boost_helps"]
    return sentences[f"change_{reason.key}"]


def _readable(
    sentences: Mapping[str, str],
    name: str,
    value: str | float,
    step: int | None,
    at: datetime | None,
) -> str:
    """Return a value as a person writes it: times of day are formatted, numbers are rounded."""
    if isinstance(value, str):
        if name in TIMES and (until := dt_util.parse_datetime(value)):
            return _clock(sentences, until, at)
        return value
    return _rounded(name, value, step).replace(".", sentences[DECIMAL_SIGN])


def _rounded(name: str, value: float, step: int | None) -> str:
    if step:
        return f"{int(value / step) * step}"
    if name in _PRICES:
        return f"{value:.2f}"
    if name.endswith(("_w", "_g", "_g_now", "_soc")):
        return f"{value:.0f}"
    if name.endswith("_wh"):
        value /= WH_PER_KWH
    return f"{value:.1f}".removesuffix(".0")


def _clock(sentences: Mapping[str, str], time: datetime, at: datetime | None) -> str:
    """Return the time of day, and in brackets the day of the week and the date as far as it is ambiguous without.

    A preposition that fits a time of day does not fit a weekday in most languages: the brackets keep the two apart.
    """
    name = sentences.get(_ZONE)
    zone = (name and dt_util.get_time_zone(name)) or dt_util.DEFAULT_TIME_ZONE
    local = time.astimezone(zone)
    clock = f"{local:%H:%M}"
    if _HALF_DAYS in sentences:
        clock = (
            f"{local.hour % 12 or 12}:{local:%M} {'PM' if local.hour > 11 else 'AM'}"
        )
    clocks = [now for now in (dt_util.utcnow(), at) if now is not None]
    if any(
        local.date() == now.astimezone(zone).date()
        or timedelta(0) <= time - now < _A_DAY
        for now in clocks
    ):
        return clock
    day = weekday_in_words(sentences, local)
    if any(timedelta(0) <= time - now < _SIX_DAYS for now in clocks):
        return f"{clock} ({day})"
    return f"{clock} ({day}, {local:%Y-%m-%d})"


def weekday_in_words(sentences: Mapping[str, str], local: datetime) -> str:
    """Return the day of the week of a time."""
    return sentences[f"weekday_{WEEKDAY_KEYS[local.weekday()]}"]
