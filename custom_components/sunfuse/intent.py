"""The intents of Sunfuse: what people ask Assist about their cars, and tell it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

import voluptuous as vol

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import config_validation as cv, intent

from .assist.answers import (
    Speech,
    async_charge_now,
    async_is_ready,
    async_resume_charging,
    async_stop_charging,
    async_sun_today,
    async_when_ready,
)
from .assist.car_places import AssistError, CarPlace, async_places, chosen, the_one
from .translated_reasons import async_load_sentences

IS_READY = "SunfuseIsReady"
WHEN_READY = "SunfuseWhenReady"
SUN_TODAY = "SunfuseSunToday"
CHARGE_NOW = "SunfuseChargeNow"
STOP_CHARGING = "SunfuseStopCharging"
RESUME_CHARGING = "SunfuseResumeCharging"

NAME = "name"

type _Question = Callable[[CarPlace, Speech], Awaitable[str]]
type _Order = Callable[
    [HomeAssistant, Context | None, CarPlace, Speech], Awaitable[str]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAboutCars:
    """What somebody asked for: the cars that they may ask about, and the name that they said."""

    hass: HomeAssistant
    context: Context | None
    places: list[CarPlace]
    name: str | None
    speech: Speech


type Answer = Callable[[AskedAboutCars], Awaitable[str]]


def _asks(question: _Question) -> Answer:
    """Answer a question. Without a name it is about every car that is plugged in."""

    async def answer(asked: AskedAboutCars) -> str:
        return " ".join(
            [
                await question(place, asked.speech)
                for place in chosen(asked.places, asked.name)
            ]
        )

    return answer


def _does(order: _Order) -> Answer:
    """Follow an order. It is for one car, and for who may control its charger."""

    async def answer(asked: AskedAboutCars) -> str:
        place = the_one(asked.places, asked.name)
        return await order(asked.hass, asked.context, place, asked.speech)

    return answer


# What each intent is, as a language model reads it, and how it is answered.
_INTENTS: Mapping[str, tuple[str, Answer]] = {
    IS_READY: (
        "Tells whether a car is ready for its next departure, or will be in time",
        _asks(async_is_ready),
    ),
    WHEN_READY: (
        "Tells when a car will have charged what it needs",
        _asks(async_when_ready),
    ),
    SUN_TODAY: (
        "Tells how much a car charged today, and how much of that was solar power",
        _asks(async_sun_today),
    ),
    CHARGE_NOW: (
        "Charges a car that is plugged in at full power now",
        _does(async_charge_now),
    ),
    STOP_CHARGING: ("Pauses charging of a car for a day", _does(async_stop_charging)),
    RESUME_CHARGING: (
        "Ends a pause: the car charges as its mode and plan say",
        _does(async_resume_charging),
    ),
}


async def async_setup_intents(hass: HomeAssistant) -> None:
    """Register the intents."""
    for intent_type, (description, answer) in _INTENTS.items():
        intent.async_register(hass, CarIntent(intent_type, description, answer))


class CarIntent(intent.IntentHandler):
    """An intent about a car, by its name, its charger's, or the only one."""

    def __init__(self, intent_type: str, description: str, answer: Answer) -> None:
        """Remember how it is answered."""
        self.intent_type = intent_type
        self.description = description
        self._answer = answer

    @property
    @override
    def slot_schema(self) -> dict[Any, Any]:
        """Return what it can be told."""
        return {
            vol.Optional(
                NAME,
                NAME,
                description="Name of the car or charger; not needed for the only one",
            ): cv.string
        }

    @override
    async def async_handle(self, intent_obj: intent.Intent) -> intent.IntentResponse:
        """Answer in the language of who asks.

        Raises:
            IntentHandleError: it cannot be done; the message says why.

        """
        hass, language = intent_obj.hass, intent_obj.language
        slots = self.async_validate_slots(intent_obj.slots)
        texts = await async_load_sentences(hass, language)
        speech = Speech(language=language, texts=texts)
        try:
            answer = await self._answer(
                AskedAboutCars(
                    hass=hass,
                    context=intent_obj.context,
                    places=await async_places(
                        hass, intent_obj.context, intent_obj.assistant
                    ),
                    name=slots[NAME]["value"] if NAME in slots else None,
                    speech=speech,
                )
            )
        except AssistError as err:
            raise intent.IntentHandleError(speech.say(err.key, **err.values)) from err
        response = intent_obj.create_response()
        response.async_set_speech(answer)
        return response
