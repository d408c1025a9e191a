"""What is answered about a car, and what is done for it, as a sentence in the language of who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, WH_PER_KWH
from ..drivers.wishes import Target, TargetKind
from ..engine.model import Reason, ReasonKey
from ..planner import CarIntention
from ..rights import async_require_control, async_require_control_of
from ..sessions import SessionFilter
from ..site.cars.driver_words import Owner, connector_owner, pause, set_departure
from ..site.cars.readiness import Readiness, readiness_at
from ..site.chargers.boosts import cancel_boost, start_boost
from ..site.engine_options import CONF_BOOST_DURATION, DEFAULT_BOOST_DURATION_MIN
from ..site.outcome import ConnectorKey
from ..site.planning.plan_slots import shortfall_reason
from ..translated_reasons import (
    DECIMAL_SIGN,
    explain,
    explain_connector,
    weekday_in_words,
)
from .car_places import AssistError, CarPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """The language of who asks, and its sentences."""

    language: str
    texts: Mapping[str, str]

    def say(self, key: str, **values: str) -> str:
        """Return a sentence."""
        return self.texts[key].format(**values)


# Whoever says stop means now, and not for ever: nobody finds an empty car next week.
STOPS_FOR = timedelta(hours=24)
# Below this the share seems to contradict the energies, which are said with one decimal place.
_LEAST_SHARED_WH = 500
_WEEK = timedelta(days=6)
# A boost changes nothing of these.
_FORBIDS = (ReasonKey.NOT_ALLOWED, ReasonKey.MODE_OFF)


async def async_is_ready(place: CarPlace, speech: Speech) -> str:
    """Answer whether a car is ready for its departure, or will be."""
    if place.key is None or not place.plugged_in:
        return speech.say(_absent(place), car=place.name)
    planning = place.entry.runtime_data.planning
    car = planning.car(place.key)
    match readiness_at(place.entry, place.key):
        case Readiness.READY:
            return speech.say("assist_ready", car=place.name)
        case Readiness.ON_TRACK:
            return speech.say(
                "assist_on_track", car=place.name, ready=_ready(place, car, speech)
            )
        case Readiness.WILL_MISS:
            return speech.say(
                "assist_will_miss",
                car=place.name,
                why=_why_missed(place, place.key, speech),
            )
    if _reason(place, place.key).key is ReasonKey.CAR_FINISHED:
        return speech.say("assist_full", car=place.name)
    why = (
        speech.say("assist_ready_at", car=place.name, ready=_ready(place, car, speech))
        if _is_known(place, car)
        else _explanation(place, place.key, speech)
    )
    return speech.say("assist_no_departure", car=place.name, why=why)


async def async_when_ready(place: CarPlace, speech: Speech) -> str:
    """Answer when a car will have what it needs."""
    if place.key is None or not place.plugged_in:
        return speech.say(_absent(place), car=place.name)
    readiness = readiness_at(place.entry, place.key)
    if readiness is Readiness.READY:
        return speech.say("assist_ready", car=place.name)
    if _reason(place, place.key).key is ReasonKey.CAR_FINISHED:
        return speech.say("assist_full", car=place.name)
    if readiness is Readiness.WILL_MISS:
        return speech.say(
            "assist_will_miss",
            car=place.name,
            why=_why_missed(place, place.key, speech),
        )
    car = place.entry.runtime_data.planning.car(place.key)
    if readiness is Readiness.ON_TRACK or _is_known(place, car):
        return speech.say(
            "assist_ready_at", car=place.name, ready=_ready(place, car, speech)
        )
    return speech.say(
        "assist_ready_unknown",
        car=place.name,
        why=_explanation(place, place.key, speech),
    )


async def async_charge_now(
    hass: HomeAssistant, context: Context | None, place: CarPlace, speech: Speech
) -> str:
    """Let a car charge at full power, for the time of a boost: whatever paused it ends."""
    key = await _async_controlled(hass, context, place)
    entry = place.entry
    minutes = entry.options.get(CONF_BOOST_DURATION, DEFAULT_BOOST_DURATION_MIN)
    try:
        start_boost(entry, key, context, duration=timedelta(minutes=minutes))
    except ServiceValidationError as err:
        raise AssistError(
            "assist_error", why=await async_error(hass, speech, err)
        ) from err
    for owner in _owners(place, key):
        pause(entry, owner, None)
    if _reason(place, key).key in _FORBIDS:
        cancel_boost(entry, key)
        return speech.say(
            "assist_forbidden", car=place.name, why=_explanation(place, key, speech)
        )
    until = dt_util.utcnow() + timedelta(minutes=minutes)
    return speech.say(
        "assist_charges_now", car=place.name, until=spoken_time(speech, until)
    )


async def async_stop_charging(
    hass: HomeAssistant, context: Context | None, place: CarPlace, speech: Speech
) -> str:
    """Pause charging for a day."""
    key = await _async_controlled(hass, context, place)
    until = dt_util.utcnow().replace(microsecond=0) + STOPS_FOR
    # Of the charger: the car may charge elsewhere.
    pause(place.entry, connector_owner(place.entry, key), until)
    return speech.say(
        "assist_stopped", car=place.name, until=spoken_time(speech, until)
    )


async def async_resume_charging(
    hass: HomeAssistant, context: Context | None, place: CarPlace, speech: Speech
) -> str:
    """End a pause, and say what the car does then."""
    key = await _async_controlled(hass, context, place)
    for owner in _owners(place, key):
        pause(place.entry, owner, None)
    return speech.say(
        "assist_resumed", car=place.name, why=_explanation(place, key, speech)
    )


async def async_set_departure(
    hass: HomeAssistant,
    context: Context | None,
    place: CarPlace,
    speech: Speech,
    *,
    at: datetime,
    soc: float | None,
) -> str:
    """Say when a car leaves, and how full it has to be."""
    try:
        await async_require_control_of(hass, context, place.entry, place.owner)
    except (Unauthorized, UnknownUser) as err:
        raise AssistError("assist_not_allowed") from err
    target = None if soc is None else Target(kind=TargetKind.SOC, value=soc)
    try:
        set_departure(place.entry, place.owner, at, target)
    except ServiceValidationError as err:
        raise AssistError(
            "assist_error", why=await async_error(hass, speech, err)
        ) from err
    return speech.say(
        "assist_departure_set", car=place.name, departure=spoken_time(speech, at)
    )


async def async_sun_today(place: CarPlace, speech: Speech) -> str:
    """Answer how much a car charged today, and how much of that came from the sun."""
    midnight = dt_util.start_of_local_day()
    wanted = (
        SessionFilter(start=midnight, vehicle=place.owner.id)
        if place.owner.key is None
        else SessionFilter(
            start=midnight,
            station=place.owner.key.identity,
            connector=place.owner.key.connector,
        )
    )
    ledger = place.entry.runtime_data.ledger
    energy_wh = sun_wh = 0.0
    for session in await ledger.async_sessions(wanted):
        for one in await ledger.async_intervals(session.number):
            if one.start >= midnight:
                energy_wh += one.energy_wh
                sun_wh += one.sun_wh
    if energy_wh < 50:
        return speech.say("assist_nothing_today", car=place.name)
    said = speech.say(
        "assist_sun_today",
        car=place.name,
        energy=_number(energy_wh / WH_PER_KWH, speech),
        sun=_number(sun_wh / WH_PER_KWH, speech),
    )
    if energy_wh < _LEAST_SHARED_WH:
        return said
    share = speech.say("assist_sun_share", share=f"{100 * sun_wh / energy_wh:.0f}")
    return f"{said} {share}"


def spoken_time(speech: Speech, at: datetime) -> str:
    """Return a time as people say it: today by the clock, within a week with the day of the week."""
    local, now = dt_util.as_local(at), dt_util.now()
    if local.date() == now.date():
        return local.strftime("%H:%M")
    if timedelta(0) < local - now < _WEEK:
        return f"{weekday_in_words(speech.texts, local)} {local:%H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"


async def async_error(
    hass: HomeAssistant, speech: Speech, err: ServiceValidationError
) -> str:
    """Return what an error says, in the language of who asks."""
    found = await async_get_translations(hass, speech.language, "exceptions", [DOMAIN])
    text = found.get(f"component.{DOMAIN}.exceptions.{err.translation_key}.message")
    return text.format(**(err.translation_placeholders or {})) if text else str(err)


def _absent(place: CarPlace) -> str:
    """Return the sentence that a car, or any car at a charger, is not plugged in."""
    if place.owner.key is None:
        return "assist_car_not_plugged_in"
    return "assist_not_plugged_in"


def _number(value: float, speech: Speech) -> str:
    """Return a number as it is read aloud."""
    return f"{value:.1f}".replace(".", speech.texts[DECIMAL_SIGN])


def _ready(place: CarPlace, car: CarIntention | None, speech: Speech) -> str:
    """Return when the plan has a car ready, in whole five minutes."""
    at = (car.ready or car.end) if car else None
    if at is None:
        return "?"
    at = place.entry.runtime_data.planning.clock.here(at)
    past = timedelta(minutes=at.minute % 5, seconds=at.second)
    return spoken_time(speech, at + (timedelta(minutes=5) - past if past else past))


def _is_known(place: CarPlace, car: CarIntention | None) -> bool:
    """Return whether the plan says when a car is ready: not if it still charges where the plan ends."""
    plan = place.entry.runtime_data.planning.data.intention
    if car is None or plan is None:
        return False
    return car.ready is not None or (
        car.end is not None and car.end < plan.slots[-1].end
    )


def _reason(place: CarPlace, key: ConnectorKey) -> Reason:
    return place.entry.runtime_data.coordinator.data.connectors[key].decision.reason


def _explanation(place: CarPlace, key: ConnectorKey, speech: Speech) -> str:
    runtime = place.entry.runtime_data
    data = runtime.coordinator.data.connectors[key]
    return explain_connector(speech.texts, data, runtime.planning.clock.now())


def _why_missed(place: CarPlace, key: ConnectorKey, speech: Speech) -> str:
    planning = place.entry.runtime_data.planning
    missed = planning.data.missed.get(key.id)
    if missed is None:  # it only follows the sun
        return _explanation(place, key, speech)
    return explain(
        speech.texts, shortfall_reason(missed.shortfall), planning.clock.now()
    )


def _owners(place: CarPlace, key: ConnectorKey) -> tuple[Owner, ...]:
    """Return the car and its charger: either may be paused."""
    of_charger = connector_owner(place.entry, key)
    return (of_charger,) if place.owner.key else (place.owner, of_charger)


async def _async_controlled(
    hass: HomeAssistant, context: Context | None, place: CarPlace
) -> ConnectorKey:
    """Return the connector of a car that is plugged in, if the user may control it.

    Raises:
        AssistError: the user may not, or the car is not plugged in.

    """
    if place.key is None or not place.plugged_in:
        raise AssistError(_absent(place), car=place.name)
    try:
        await async_require_control(hass, context, place.entry, place.key)
    except (Unauthorized, UnknownUser) as err:
        raise AssistError("assist_not_allowed") from err
    return place.key
