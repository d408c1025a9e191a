"""The flow that adds or changes a circuit below the main fuse: its place and limit, its meter, then the details."""

from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import SOURCE_RECONFIGURE, SubentryFlowResult
from homeassistant.const import CONF_BASE, CONF_NAME
from homeassistant.core import callback

from ...const import (
    CONF_ASSUMED_LOAD,
    CONF_LIMIT,
    CONF_MARGIN,
    CONF_METER_MAX_AGE,
    CONF_PARENT,
    CONF_SOURCES,
    CONF_TEMPERATURE,
    CONF_VOLTAGE,
    DEFAULT_MARGIN_A,
    DEFAULT_METER_MAX_AGE_S,
    MAIN_CIRCUIT,
)
from ...site.circuits import CircuitConfig, CircuitTree, per_phase_fields
from ...site.entry_data import site_of
from ...site.fail_safe_check import (
    async_doubt_circuit,
    chargers_of,
    fail_safe_problem,
    with_circuit,
)
from ...site.observing import margin_for
from ...sources.config import CircuitSources, MeterConfig
from ...sources.freshness import Interval
from ..checks import Errors, check_margin, check_meter, has_meter
from ..confirmation import Confirmation
from ..form_fields import GRID_POWER, Form, meter_form, meter_of
from ..meters.meter_sign import async_chosen_now, async_meter_now
from ..meters.slow_meter import SLOW_METER, MeterWatch, slow_meter_texts
from ..still_there import SiteSubentryFlow
from .circuit_forms import (
    METER_OF_CIRCUIT,
    MORE,
    check_details,
    circuit_schema,
    details_data,
    details_schema,
    doubt_details,
    doubt_limit,
    meter_data,
)

# The id of a circuit that does not exist yet while its forms are checked.
_NEW = "new"


class CircuitSubentryFlow(SiteSubentryFlow):
    """Add a circuit, or change one."""

    def __init__(self) -> None:
        """Start with nothing typed."""
        self._name = ""
        self._data: dict[str, Any] = {}
        self._watch: MeterWatch | None = None
        self._slow: tuple[str, Interval] | None = None
        self._confirmation = Confirmation()

    @callback
    @override
    def async_remove(self) -> None:
        """Stop watching the meter when the flow ends."""
        if self._watch:
            self._watch.stop()

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the parent of a new circuit, and its limit."""
        errors, placeholders = self._placed(user_input)
        if user_input is not None and not errors:
            return await self.async_step_meter()
        return self.async_show_form(
            step_id="user",
            data_schema=self._place_form(user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change the parent of a circuit, and its limit."""
        errors, placeholders = self._placed(user_input)
        if user_input is not None and not errors:
            return await self.async_step_meter()
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self._place_form(user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _placed(self, form: Form | None) -> tuple[Errors, dict[str, str]]:
        """Store the first form; returns its errors."""
        placeholders: dict[str, str] = {}
        if form is None:
            return {}, placeholders
        tree = CircuitTree.of(self._get_entry())
        errors = self._check_place(tree, form)
        self._name = form[CONF_NAME].strip()
        self._data = {key: form[key] for key in form if key != CONF_NAME}
        data = self._limits_before() | self._data
        if not errors and (problem := self._problem(self._name, data, placeholders)):
            errors[CONF_LIMIT] = problem
        if not errors:
            errors = self._confirmation.new(doubt_limit(form, tree), form)
        return errors, placeholders

    def _limits_before(self) -> dict[str, Any]:
        """Return the limits of single phases, until the last form asks for them."""
        fields = per_phase_fields("limit", 3)
        return {key: value for key, value in self._stored.items() if key in fields}

    def _place_form(self, form: Form | None) -> vol.Schema:
        tree = CircuitTree.of(self._get_entry())
        return self.add_suggested_values_to_schema(
            circuit_schema(tree, self._own), form or self._before(tree)
        )

    def _before(self, tree: CircuitTree) -> Form:
        """Return what the first form shows: the present circuit, or the usual values."""
        if (own := self._own) is None:
            return {CONF_PARENT: MAIN_CIRCUIT, CONF_MARGIN: DEFAULT_MARGIN_A}
        circuit = tree.circuits[own]
        return {
            **circuit.data,
            CONF_NAME: circuit.name,
            CONF_PARENT: tree.parent(own),
        }

    def _check_place(self, tree: CircuitTree, form: Form) -> Errors:
        errors = check_margin(form[CONF_MARGIN], form[CONF_LIMIT])
        if form[CONF_LIMIT] <= 0:
            errors[CONF_LIMIT] = "fuse"
        others = [c.name for c in tree.circuits.values() if c.id != self._own]
        if form[CONF_NAME].strip().casefold() in (name.casefold() for name in others):
            errors[CONF_NAME] = "name_known"
        if not form[CONF_NAME].strip():
            errors[CONF_NAME] = "name_missing"
        return errors

    async def async_step_meter(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the circuit's meter, or the load to assume without one."""
        errors: Errors = {}
        meter = meter_of(user_input) if user_input else self._meter
        placeholders = {"now": await async_meter_now(self.hass, meter)}
        if user_input is not None:
            data = self._data | meter_data(user_input)
            errors = self._check_meter(user_input)
            known = self._limits_before() | data
            if not errors and (
                problem := self._problem(self._name, known, placeholders)
            ):
                errors[CONF_ASSUMED_LOAD] = problem
            if not errors:
                self._data = data
                self._watch_meter()
                # Without it, what is stored of the details is checked again, and shown if it no longer fits.
                before = None if user_input[MORE] else self._details_stored()
                return await self.async_step_details(before)
        return self.async_show_form(
            step_id="meter",
            data_schema=self.add_suggested_values_to_schema(
                METER_OF_CIRCUIT, user_input or self._meter_before()
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _meter_before(self) -> Form:
        stored = self._stored
        sources = CircuitSources.from_dict(stored.get(CONF_SOURCES, {}))
        return {
            CONF_METER_MAX_AGE: DEFAULT_METER_MAX_AGE_S,
            MORE: bool(self._details_stored()),
            **stored,
            **(meter_form(sources.meter) if sources.meter else {}),
        }

    def _check_meter(self, form: Form) -> Errors:
        # The phases that feed the circuit are asked for last: until then a sensor for each of its phases is accepted.
        phases = site_of(self._get_entry().data).phases
        phases_given = len(form.get("grid_phases", ()))
        errors = check_meter(self.hass, form, min(phases_given, phases) or phases)
        if not has_meter(form) and CONF_ASSUMED_LOAD not in form:
            errors.setdefault(GRID_POWER, "no_meter_no_load")
        if form[CONF_METER_MAX_AGE] <= 0:
            errors[CONF_METER_MAX_AGE] = "not_positive"
        return errors

    async def async_step_details(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for what most circuits do not need, and make the circuit part of the site."""
        entry = self._get_entry()
        phases = site_of(entry.data).phases
        errors: Errors = {}
        meter = CircuitSources.from_dict(self._data[CONF_SOURCES]).meter
        now = await async_chosen_now(self.hass, meter) if meter else ""
        placeholders = {"now": now}
        if user_input is not None:
            errors = check_details(self.hass, user_input, self._data[CONF_LIMIT])
            data = self._data | details_data(user_input, self._data)
            errors = errors or self._check_all(data, placeholders)
            if not errors:
                doubts = doubt_details(user_input, data, CircuitTree.of(entry))
                doubts |= await self._async_doubt_house(data, placeholders)
                errors = self._confirmation.new(doubts, user_input)
            if not errors:
                self._data = data
                return await self._warned()
        return self.async_show_form(
            step_id="details",
            data_schema=self.add_suggested_values_to_schema(
                details_schema(phases),
                user_input or self._details_before(),
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _async_doubt_house(
        self, data: Form, placeholders: dict[str, str]
    ) -> Errors:
        """Return a doubt if the circuit's usual load leaves less than the fail-safe currents below it."""
        doubt = await async_doubt_circuit(
            self.hass, self._get_entry(), self._circuit(self._name, data)
        )
        if doubt is None:
            return {}
        placeholders |= doubt.placeholders
        return {CONF_BASE: "fail_safe_house_circuit"}

    def _watch_meter(self) -> None:
        self.async_remove()
        meter = CircuitSources.from_dict(self._data[CONF_SOURCES]).meter
        self._watch = MeterWatch(self.hass, meter) if meter else None

    async def _warned(self) -> SubentryFlowResult:
        """Warn of a meter that is too slow for the margin; otherwise the circuit is done."""
        voltage_v = self._get_entry().data[CONF_VOLTAGE]
        self._slow = await self._watch.async_slow(voltage_v) if self._watch else None
        if self._slow is None or self._data[CONF_MARGIN] >= self._margin_a(self._slow):
            return self._finish(self._data)
        return await self.async_step_slow_meter()

    def _margin_a(self, slow: tuple[str, Interval]) -> float:
        return margin_for(self._data[CONF_LIMIT], slow[1])

    async def async_step_slow_meter(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Explain what helps, and propose a margin that allows for a slow meter."""
        assert self._slow
        errors: Errors = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            data = self._data | user_input
            errors = check_margin(user_input[CONF_MARGIN], data[CONF_LIMIT])
            if not errors and (
                problem := self._problem(self._name, data, placeholders)
            ):
                errors[CONF_MARGIN] = problem
            if not errors:
                return self._finish(data)
        margin_a = self._margin_a(self._slow)
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

    def _details_before(self) -> Form:
        stored = self._stored
        temperature = stored.get(CONF_SOURCES, {}).get("temperature")
        return {**stored, CONF_TEMPERATURE: temperature} if temperature else stored

    def _details_stored(self) -> dict[str, Any]:
        schema = details_schema(site_of(self._get_entry().data).phases).schema
        before = self._details_before()
        return {str(key): before[str(key)] for key in schema if str(key) in before}

    def _check_all(self, data: Form, placeholders: dict[str, str]) -> Errors:
        """Check the circuit as a whole: its meter against its phases, and the fail-safe currents below it."""
        circuit = self._circuit(self._name, data)
        tree = with_circuit(CircuitTree.of(self._get_entry()), circuit)
        meter = CircuitSources.from_dict(data[CONF_SOURCES]).meter
        wired = tree.wired(circuit.id)
        if not wired:
            return {CONF_BASE: "no_phase"}
        if meter and meter.phases and len(meter.phases) != len(wired):
            placeholders["phases"] = str(len(wired))
            return {CONF_BASE: "meter_phases"}
        if problem := self._problem(self._name, data, placeholders):
            return {CONF_BASE: problem}
        return {}

    def _problem(
        self, name: str, data: Form, placeholders: dict[str, str]
    ) -> str | None:
        """Return an error if a circuit can no longer carry the fail-safe currents with this one as entered."""
        entry = self._get_entry()
        tree = with_circuit(CircuitTree.of(entry), self._circuit(name, data))
        return fail_safe_problem(tree, chargers_of(entry), placeholders)

    def _circuit(self, name: str, data: Form) -> CircuitConfig:
        return CircuitConfig(id=self._own or _NEW, name=name, data=data)

    def _finish(self, data: dict[str, Any]) -> SubentryFlowResult:
        if self._own is None:
            return self.async_create_entry(title=self._name, data=data)
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=self._name,
            data=data,
        )

    @property
    def _own(self) -> str | None:
        """Return the id of the circuit that is changed, None of a new one."""
        if self.source != SOURCE_RECONFIGURE:
            return None
        return self._get_reconfigure_subentry().subentry_id

    @property
    def _meter(self) -> MeterConfig:
        """Return the meter that the circuit has until now."""
        sources = CircuitSources.from_dict(self._stored.get(CONF_SOURCES, {}))
        return sources.meter or MeterConfig()

    @property
    def _stored(self) -> Form:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        return self._get_reconfigure_subentry().data
