"""What a language model may do for a user of Assist: ask about cars, and drive the user's own, but nothing of the fuse."""

from datetime import datetime
from typing import Any, override

import voluptuous as vol

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, intent
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    IntentTool,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util import dt as dt_util

from .assist.answers import Speech, async_set_departure
from .assist.car_facts import car_facts
from .assist.car_places import AssistError, any_exposed, async_places, chosen, the_one
from .const import DOMAIN
from .intent import CHARGE_NOW, NAME, RESUME_CHARGING, STOP_CHARGING, SUN_TODAY
from .translated_reasons import async_load_sentences

PROMPT = (
    "Sunfuse charges the user's electric cars and shares the power of the house among them, solar power first. "
    f"Use the {DOMAIN} tools for questions about charging, departures and solar power of cars. "
    "The explanation that get_cars returns says why a car charges as it does, or waits."
)
# Whatever they do can be taken back, and stays in the house.
_ORDER = ToolAnnotations(destructive=False, idempotent=True, open_world=False)
_QUESTION = ToolAnnotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)
_INTENTS = {
    CHARGE_NOW: ("Charge a car now", _ORDER),
    STOP_CHARGING: ("Pause charging", _ORDER),
    RESUME_CHARGING: ("Resume charging", _ORDER),
    SUN_TODAY: ("Get solar energy of today", _QUESTION),
}


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tools for the cars and chargers that are exposed to the assistant."""
    if api_id != LLM_API_ASSIST or not any_exposed(hass, llm_context.assistant):
        return None
    tools: list[Tool] = [GetCars(), SetDeparture()]
    for handler in intent.async_get(hass):
        if handler.intent_type in _INTENTS:
            title, annotations = _INTENTS[handler.intent_type]
            tools.append(
                IntentTool(
                    f"{DOMAIN}__{handler.intent_type}",
                    handler,
                    title=title,
                    integration=DOMAIN,
                    annotations=annotations,
                )
            )
    return LLMTools(tools=tools, prompt=PROMPT)


class GetCars(Tool):
    """Tells how cars and chargers are."""

    name = f"{DOMAIN}__get_cars"
    title = "Get cars and chargers"
    description = (
        "Returns for each car and charger: whether it is plugged in and charges, with which power and state of charge, "
        "why, its next departure, whether it is ready for that (ready, on_track or will_miss) and when it will be"
    )
    parameters = vol.Schema(
        {vol.Optional(NAME, description="Only this car or charger"): cv.string}
    )
    annotations = _QUESTION
    integration = DOMAIN

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Return what is known of them, as far as the user may see it."""
        name: str | None = self.parameters(tool_input.tool_args).get(NAME)
        speech = await _async_speech(hass, llm_context)
        try:
            places = await async_places(
                hass, llm_context.context, llm_context.assistant
            )
            if name is not None:
                places = chosen(places, name)
        except AssistError as err:
            return _failed(speech, err)
        return ToolResult(
            data={"cars": [car_facts(place, speech.texts) for place in places]}
        )


class SetDeparture(Tool):
    """Says when a car leaves."""

    name = f"{DOMAIN}__set_departure"
    title = "Set the departure of a car"
    description = "Says when a car leaves next, and how full it has to be then"
    parameters = vol.Schema(
        {
            vol.Optional(
                NAME,
                description="Name of the car or charger; not needed for the only one",
            ): cv.string,
            vol.Required(
                "departure", description="Local date and time, such as 2026-06-01 07:30"
            ): cv.datetime,
            vol.Optional(
                "state_of_charge", description="Percent that it has to have then"
            ): vol.All(vol.Coerce(float), vol.Range(min=1, max=100)),
        }
    )
    annotations = _ORDER
    integration = DOMAIN

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Set it, if the user may control the car."""
        args: dict[str, Any] = self.parameters(tool_input.tool_args)
        at: datetime = args["departure"]
        speech = await _async_speech(hass, llm_context)
        try:
            places = await async_places(
                hass, llm_context.context, llm_context.assistant
            )
            answer = await async_set_departure(
                hass,
                llm_context.context,
                the_one(places, args.get(NAME)),
                speech,
                at=dt_util.as_utc(at),
                soc=args.get("state_of_charge"),
            )
        except AssistError as err:
            return _failed(speech, err)
        return ToolResult(data={"answer": answer})


def _failed(speech: Speech, err: AssistError) -> ToolResult:
    """Return why something cannot be done, for the model to say it or to mend it."""
    return ToolResult(data={"error": speech.say(err.key, **err.values)}, error=True)


async def _async_speech(hass: HomeAssistant, llm_context: LLMContext) -> Speech:
    language = llm_context.language or hass.config.language
    return Speech(language=language, texts=await async_load_sentences(hass, language))
