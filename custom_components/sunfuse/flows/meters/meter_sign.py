"""The sign of the grid meter: what it shows now, and a question if the sign is not known."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ...sources.config import MeterConfig
from ...sources.meters.energy_dashboard import async_sign_is_known
from ...sources.meters.sign_conventions import (
    agreed,
    contradict,
    phases_now_w,
    power_now_w,
    signed_sensors,
    with_sign,
)
from ..form_fields import (
    GRID_INVERTED,
    GRID_PHASES_INVERTED,
    asked,
    meter_of,
    unanswered,
)
from ..reader import async_readers_sentences, written

GRID_SIGN = "grid_sign"
_EXPORT = "export"
SIGN = vol.Schema(
    {
        # Nobody guesses an unknown sign: the user says it.
        asked(GRID_SIGN): SelectSelector(
            SelectSelectorConfig(
                options=["import", _EXPORT],
                translation_key="grid_sign",
                mode=SelectSelectorMode.LIST,
            )
        ),
    }
)
_VOLTAGE_V = 230.0


async def async_chosen_now(hass: HomeAssistant, meter: MeterConfig) -> str:
    """Return what a meter that was just chosen shows now, for the form after it; empty if it shows nothing."""
    return await _async_reading(hass, meter, "meter_chosen")


async def async_meter_now(hass: HomeAssistant, meter: MeterConfig) -> str:
    """Return a sentence about what a meter shows now, empty if it shows nothing."""
    return await _async_reading(hass, meter, "meter_now")


async def _async_reading(hass: HomeAssistant, meter: MeterConfig, sentence: str) -> str:
    sentences = await async_readers_sentences(hass)

    def flow(power_w: float) -> str:
        # What is shown as 0.0 has no direction that could be wrong.
        power_kw = round(power_w / 1000, 1)
        way = "drawing" if power_kw >= 0 else "feeding"
        power = written(abs(power_kw), 1, sentences)
        return sentences[f"meter_{way}"].format(power=power)

    parts = []
    if (total_w := power_now_w(hass, meter.power)) is not None:
        parts.append(flow(total_w))
    if (phases_w := phases_now_w(hass, meter, _VOLTAGE_V)) is not None:
        parts += [f"L{n} {flow(power_w)}" for n, power_w in enumerate(phases_w, 1)]
    return sentences[sentence].format(reading=", ".join(parts)) if parts else ""


def meter_contradicts(hass: HomeAssistant, meter: MeterConfig) -> bool:
    """Return whether the phases and the total of a meter have opposite signs now."""
    total_w = power_now_w(hass, meter.power)
    phases_w = phases_now_w(hass, meter, _VOLTAGE_V)
    return (
        total_w is not None
        and phases_w is not None
        and contradict(total_w, sum(phases_w))
    )


class SignFlow(ConfigFlow):
    """Asks for the sign of a proposed sensor, if neither its integration nor a counter shows it."""

    def __init__(self) -> None:
        """Start with nothing to ask."""
        super().__init__()
        self._asked: dict[str, Any] = {}
        self._then_sign: Callable[[], Awaitable[ConfigFlowResult]] | None = None

    async def async_ask_sign(
        self,
        form: dict[str, Any],
        proposed: MeterConfig | None,
        then: Callable[[], Awaitable[ConfigFlowResult]],
    ) -> ConfigFlowResult:
        """Ask for the sign of an unchanged proposal, and continue; the answer corrects the form."""
        meter = meter_of(form)
        if (
            proposed is None
            or meter.power != proposed.power
            or (meter.power is None and meter != proposed)
            or await async_sign_is_known(self.hass, meter)
        ):
            return await then()
        self._asked, self._then_sign = form, then
        return await self.async_step_sign()

    async def async_step_sign(
        self, user_input: Mapping[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which way the grid power counts."""
        assert self._then_sign
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = unanswered(user_input, GRID_SIGN)
        if user_input is not None and not errors:
            inverted = user_input[GRID_SIGN] == _EXPORT
            meter = with_sign(self.hass, meter_of(self._asked), inverted=inverted)
            meter = agreed(self.hass, meter)
            self._asked[GRID_INVERTED] = (
                meter.power is not None and meter.power.inverted
            )
            if meter.phases:
                self._asked[GRID_PHASES_INVERTED] = meter.phases_inverted
            return await self._then_sign()
        sensors = signed_sensors(self.hass, meter_of(self._asked))
        states = [self.hass.states.get(sensor) for sensor in sensors]
        return self.async_show_form(
            step_id="sign",
            data_schema=SIGN,
            errors=errors,
            description_placeholders={
                "sensor": ", ".join(
                    state.name if state else sensor
                    for state, sensor in zip(states, sensors, strict=True)
                ),
                "reading": ", ".join(map(_shown, states)),
            },
        )


def _shown(state: State | None) -> str:
    if state is None:
        return "?"
    return f"{state.state} {state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, '')}"
