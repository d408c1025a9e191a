"""The step that warns of a meter that is too slow to protect a fuse, and explains what to do."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import UnitOfElectricCurrent
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...const import CONF_MAIN_FUSE, CONF_MARGIN, CONF_VOLTAGE
from ...site.observing import is_slow, margin_for
from ...sources.config import MeterConfig
from ...sources.freshness import Freshness, Interval, watch
from ...sources.meters.recorded_meter import async_recorded_intervals
from ..checks import Errors, check_margin
from ..form_fields import Form, number

SLOW_METER = vol.Schema(
    {vol.Required(CONF_MARGIN): number(UnitOfElectricCurrent.AMPERE, step=0.5)}
)


class MeterWatch:
    """Observes how often the sensors of the chosen meter report, while other forms are filled in."""

    def __init__(self, hass: HomeAssistant, meter: MeterConfig) -> None:
        """Watch from now on, until stopped."""
        self._hass = hass
        self._meter = meter
        self._seen = Freshness()
        self.stop = watch(hass, meter.fuse_entities, self._seen)

    async def async_slow(self, voltage_v: float) -> tuple[str, Interval] | None:
        """Return the slowest sensor of the meter, if it is slow in the recorder and as observed."""
        recorded = await async_recorded_intervals(
            self._hass, self._meter, voltage_v, dt_util.utcnow()
        )
        found = []
        for entity in self._meter.fuse_entities:
            known = [recorded.get(entity), self._seen.of(entity)]
            intervals = [interval for interval in known if interval is not None]
            if intervals:
                # The recorder only has changes; the same value may have been reported in between.
                found.append((entity, min(intervals, key=lambda one: one.usual_s)))
        slowest = max(found, key=lambda pair: pair[1].usual_s, default=None)
        return slowest if slowest and is_slow(slowest[1]) else None


def slow_meter_texts(slow: tuple[str, Interval], margin_a: float) -> Mapping[str, str]:
    """Return the placeholders of the warning."""
    entity, interval = slow
    return {
        "entity": entity,
        "interval": f"{interval.usual_s:.0f}",
        "margin": f"{margin_a:.0f}",
    }


class SlowMeterFlow(ConfigFlow):
    """Watches the meter while the other forms are filled in."""

    _form: dict[str, Any]
    _watch: MeterWatch | None = None
    _slow: tuple[str, Interval] | None = None
    _check: Callable[[Form, dict[str, str]], str | None]
    _then: Callable[[], Awaitable[ConfigFlowResult]]

    @callback
    def watch_meter(self, meter: MeterConfig) -> None:
        """Observe how often the chosen sensors report."""
        self.async_remove()
        self._watch = MeterWatch(self.hass, meter)

    @callback
    @override
    def async_remove(self) -> None:
        """Stop watching when the flow ends."""
        if self._watch:
            self._watch.stop()

    async def async_warn_of_slow_meter(
        self,
        *,
        check: Callable[[Form, dict[str, str]], str | None],
        then: Callable[[], Awaitable[ConfigFlowResult]],
    ) -> ConfigFlowResult:
        """Warn of a meter that is too slow for the margin, then continue.

        `check` returns the error of a site with another margin.
        """
        self._check, self._then = check, then
        assert self._watch
        self._slow = await self._watch.async_slow(self._form[CONF_VOLTAGE])
        if self._slow is None:
            return await then()
        margin_a = margin_for(self._form[CONF_MAIN_FUSE], self._slow[1])
        if self._form[CONF_MARGIN] >= margin_a:
            return await then()
        return await self.async_step_slow_meter()

    async def async_step_slow_meter(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Explain what helps, and propose a margin that allows for a slow meter."""
        fuse_a = self._form[CONF_MAIN_FUSE]
        errors: Errors = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            form = self._form | user_input
            errors = check_margin(user_input[CONF_MARGIN], fuse_a)
            if not errors and (problem := self._check(form, placeholders)):
                errors[CONF_MARGIN] = problem
            if not errors:
                self._form = form
                return await self._then()
        assert self._slow
        margin_a = margin_for(fuse_a, self._slow[1])
        return self.async_show_form(
            step_id="slow_meter",
            data_schema=self.add_suggested_values_to_schema(
                SLOW_METER, user_input or {CONF_MARGIN: margin_a}
            ),
            errors=errors,
            description_placeholders={
                **slow_meter_texts(self._slow, margin_a),
                **placeholders,
            },
        )
