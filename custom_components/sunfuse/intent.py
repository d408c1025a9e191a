"""The intents of Sunfuse: what people ask Assist about their cars, and tell it."""

from collections.abc import Awaitable, Callable
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

type Question = Callable[[CarPlace, Speech], Awaitable[str]]
type Order = Callable[[HomeAssistant, Context | None, CarPlace, Speech], Awaitable[str]]


async def async_setup_intents(hass: HomeAssistant) -> None:
    """Register the intents."""
    for handler in (
        _Asks(
            IS_READY,
            "Tells whether a car is ready for its next departure, or will be in time",
            async_is_ready,
        ),
        _Asks(
            WHEN_READY,
            "Tells when a car will have charged what it needs",
            async_when_ready,
        ),
        _Asks(
            SUN_TODAY,
            "Tells how much a car charged today, and how much of that was solar power",
            async_sun_today,
        ),
        _Tells(
            CHARGE_NOW,
            "Charges a car that is plugged in at full power now",
            async_charge_now,
        ),
        _Tells(
            STOP_CHARGING, "Pauses charging of a car for a day", async_stop_charging
        ),
        _Tells(
            RESUME_CHARGING,
            "Ends a pause: the car charges as its mode and plan say",
            async_resume_charging,
        ),
    ):
        intent.async_register(hass, handler)


class _CarIntent(intent.IntentHandler):
    """An intent about a car, by its name, its charger's, or the only one."""

    @property
    @override
    def slot_schema(self) -> dict[Any, Any]:
        """Return what it can be told."""
        return {
            vol.Optional(
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
        name: str | None = slots[NAME]["value"] if NAME in slots else None
        texts = await async_load_sentences(hass, language)
        speech = Speech(language=language, texts=texts)
        try:
            places = await async_places(hass, intent_obj.context, intent_obj.assistant)
            answer = await self._async_answer(intent_obj, places, name, speech)
        except AssistError as err:
            raise intent.IntentHandleError(speech.say(err.key, **err.values)) from err
        response = intent_obj.create_response()
        response.async_set_speech(answer)
        return response

    async def _async_answer(
        self,
        intent_obj: intent.Intent,
        places: list[CarPlace],
        name: str | None,
        speech: Speech,
    ) -> str:
        raise NotImplementedError


class _Asks(_CarIntent):
    """A question. Without a name it is about every car that is plugged in."""

    def __init__(self, intent_type: str, description: str, question: Question) -> None:
        """Remember the question."""
        self.intent_type = intent_type
        self.description = description
        self._question = question

    @override
    async def _async_answer(
        self,
        intent_obj: intent.Intent,
        places: list[CarPlace],
        name: str | None,
        speech: Speech,
    ) -> str:
        answers = [
            await self._question(place, speech) for place in chosen(places, name)
        ]
        return " ".join(answers)


class _Tells(_CarIntent):
    """An order. It is for one car, and for who may control its charger."""

    def __init__(self, intent_type: str, description: str, order: Order) -> None:
        """Remember the order."""
        self.intent_type = intent_type
        self.description = description
        self._order = order

    @override
    async def _async_answer(
        self,
        intent_obj: intent.Intent,
        places: list[CarPlace],
        name: str | None,
        speech: Speech,
    ) -> str:
        place = the_one(places, name)
        return await self._order(intent_obj.hass, intent_obj.context, place, speech)
