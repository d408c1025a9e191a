"""Config flow of Sunfuse: a real site, or a simulated one."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.core import callback
from homeassistant.helpers.typing import DiscoveryInfoType

from .const import (
    CONF_ASSUMED_LOAD,
    CONF_CARD_NUMBER,
    CONF_KIND,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_PORT,
    CONF_SYSTEM,
    DOMAIN,
    ENTRY_MINOR_VERSION,
    ENTRY_VERSION,
    KIND_SIMULATED,
    KIND_SITE,
    SUBENTRY_CAPACITY,
    SUBENTRY_CARD,
    SUBENTRY_CHARGER,
    SUBENTRY_CIRCUIT,
    SUBENTRY_MODBUS,
    SUBENTRY_PERSON,
    SUBENTRY_PRICE_LIST,
    SUBENTRY_TARIFF,
    SUBENTRY_VEHICLE,
)
from .flows.chargers.charger import (
    ChargerFlowMixin,
    ChargerSubentryFlow,
    async_where_to_connect,
    phases_fit,
)
from .flows.checks import (
    USUAL_FUSE_A,
    Errors,
    check_electrical,
    check_grid,
    check_sun,
    doubt_fuse,
    has_meter,
)
from .flows.circuits.circuit import CircuitSubentryFlow
from .flows.confirmation import Confirmation
from .flows.form_fields import (
    GRID,
    GRID_PHASES_INVERTED,
    GRID_POWER,
    GRID_UNMETERED,
    SIMULATED,
    SUN,
    electrical_schema,
    grid_form,
    meter_of,
    sources_of,
    sun_form,
)
from .flows.meters.meter_sign import (
    SignFlow,
    async_chosen_now,
    async_meter_now,
    meter_contradicts,
)
from .flows.meters.slow_meter import SlowMeterFlow
from .flows.modbus.modbus import ModbusSubentryFlow
from .flows.people.card import CardFlowMixin, CardSubentryFlow
from .flows.people.person import PersonSubentryFlow
from .flows.people.price_list_form import PriceListSubentryFlow
from .flows.reader import async_readers_sentences
from .flows.site.found_sources import CHOOSE, FOUND, found_form, found_list, suffices
from .flows.site.known_site import KnownSite
from .flows.site.options import SunfuseOptionsFlow
from .flows.site.simulated import simulated_data, simulated_subentries
from .flows.site.site_data import meter_is_used, site_data
from .flows.still_there import SiteConfigFlow
from .flows.tariffs.capacity_tariff import CapacitySubentryFlow
from .flows.tariffs.tariff import TariffSubentryFlow
from .flows.vehicle import VehicleSubentryFlow
from .site.fail_safe_check import async_doubt_site, fail_safe_problem, with_site
from .sources.config import SourcesConfig
from .translated_reasons import async_load_sentences

LOOPBACK = "127.0.0.1"


class SunfuseConfigFlow(
    ChargerFlowMixin,
    CardFlowMixin,
    SlowMeterFlow,
    SignFlow,
    SiteConfigFlow,
    domain=DOMAIN,
):
    """Set up a site, or accept a charger that was discovered."""

    VERSION = ENTRY_VERSION
    MINOR_VERSION = ENTRY_MINOR_VERSION

    def __init__(self) -> None:
        """Start with nothing known."""
        super().__init__()
        self._form: dict[str, Any] = {}
        self._chooses = False
        self._confirmation = Confirmation()

    @cached_property
    def _known(self) -> KnownSite:
        changed = self.source == SOURCE_RECONFIGURE
        return KnownSite(self.hass, self._get_reconfigure_entry() if changed else None)

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> SunfuseOptionsFlow:
        """Return the options flow."""
        return SunfuseOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the types of a site's sub-entries."""
        return {
            SUBENTRY_CHARGER: ChargerSubentryFlow,
            SUBENTRY_CIRCUIT: CircuitSubentryFlow,
            SUBENTRY_PERSON: PersonSubentryFlow,
            SUBENTRY_CARD: CardSubentryFlow,
            SUBENTRY_PRICE_LIST: PriceListSubentryFlow,
            SUBENTRY_VEHICLE: VehicleSubentryFlow,
            SUBENTRY_TARIFF: TariffSubentryFlow,
            SUBENTRY_CAPACITY: CapacitySubentryFlow,
            SUBENTRY_MODBUS: ModbusSubentryFlow,
        }

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose between a real site and a simulated one."""
        return self.async_show_menu(step_id="user", menu_options=["site", "simulated"])

    async def async_step_simulated(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Try Sunfuse with a simulated site."""
        self._async_abort_entries_match({CONF_KIND: KIND_SIMULATED})
        errors: dict[str, str] = {}
        if user_input is not None:
            if not await self._known.async_port_is_free(
                LOOPBACK, user_input[CONF_PORT]
            ):
                errors[CONF_PORT] = "port_taken"
            else:
                sentences = await async_load_sentences(self.hass)
                return self.async_create_entry(
                    title=sentences["simulated_site"],
                    data=simulated_data(user_input[CONF_PORT]),
                    subentries=simulated_subentries(sentences),
                    description="simulated",
                )
        values = user_input or {CONF_PORT: await self._known.async_free_port(LOOPBACK)}
        return self.async_show_form(
            step_id="simulated",
            data_schema=self.add_suggested_values_to_schema(SIMULATED, values),
            errors=errors,
        )

    async def async_step_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the grid's meters, with the Energy dashboard's sensors filled in."""
        suggested = await self._known.async_sources()
        errors: dict[str, str] = {}
        phases = len(suggested.grid_phases) or 3
        system = self._known.usual_system(phases)
        if user_input is None and self._offers_found(suggested, system):
            return await self.async_step_found()
        if user_input is not None:
            errors = check_grid(self.hass, user_input)
            if not errors and meter_is_used(user_input, self._known.others()):
                errors[GRID_POWER] = "already_used"
            if not errors and meter_contradicts(self.hass, meter_of(user_input)):
                errors[GRID_PHASES_INVERTED] = "phases_against_total"
            if not phases_fit(user_input[CONF_SYSTEM], self._known.chargers):
                errors[CONF_SYSTEM] = "chargers_need_phases"
            if not errors:
                self._form |= user_input
                self.watch_meter(meter_of(user_input))
                proposed = (
                    None if self.source == SOURCE_RECONFIGURE else suggested.meter
                )
                return await self.async_ask_sign(
                    self._form, proposed, self.async_step_sun
                )
        values = grid_form(suggested) | {CONF_SYSTEM: system}
        if CONF_ASSUMED_LOAD in self._known.tree.site:
            values[GRID_UNMETERED] = True
        return self.async_show_form(
            step_id="site",
            data_schema=self.add_suggested_values_to_schema(
                GRID, values if user_input is None else user_input
            ),
            errors=errors,
            description_placeholders={
                "disabled": await self._known.async_disabled_sensors(),
                "now": await async_meter_now(
                    self.hass,
                    suggested.meter if user_input is None else meter_of(user_input),
                ),
            },
        )

    def _offers_found(self, found: SourcesConfig, system: str) -> bool:
        """Return whether what the Energy dashboard knows can be taken as it is."""
        return (
            self.source != SOURCE_RECONFIGURE
            and not self._chooses
            and suffices(self.hass, found, system)
            and not meter_is_used(found_form(found, system), self._known.others())
        )

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what the Energy dashboard knows, to be taken as it is or chosen anew."""
        suggested = await self._known.async_sources()
        if user_input is not None:
            system = user_input[CONF_SYSTEM]
            form = found_form(suggested, system)
            self._chooses = user_input[CHOOSE] or not suffices(
                self.hass, suggested, system
            )
            if user_input[CHOOSE]:
                return await self.async_step_site()
            if self._chooses:  # another grid connection needs other sensors
                return await self.async_step_site(form)
            self._form |= form
            self.watch_meter(meter_of(form))
            return await self.async_ask_sign(
                self._form, suggested.meter, self.async_step_electrical
            )
        system = self._known.usual_system(len(suggested.grid_phases) or 3)
        sentences = await async_readers_sentences(self.hass)
        return self.async_show_form(
            step_id="found",
            data_schema=self.add_suggested_values_to_schema(
                FOUND, {CONF_SYSTEM: system}
            ),
            description_placeholders={
                "found": found_list(self.hass, suggested, sentences),
                "now": await async_meter_now(self.hass, suggested.meter),
            },
        )

    async def async_step_sun(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for solar power, battery and prices."""
        suggested = await self._known.async_sources()
        errors: dict[str, str] = {}
        if user_input is not None:
            used = sources_of(self._form | user_input, ()).grid
            grid = (
                *(used.entities if used else ()),
                *self._form.get("grid_phases", ()),
            )
            errors = check_sun(self.hass, user_input, grid)
            if not errors:
                self._form |= user_input
                return await self.async_step_electrical()
        return self.async_show_form(
            step_id="sun",
            data_schema=self.add_suggested_values_to_schema(
                SUN, sun_form(suggested) if user_input is None else user_input
            ),
            errors=errors,
            description_placeholders={
                "now": await async_chosen_now(self.hass, meter_of(self._form))
            },
        )

    async def async_step_electrical(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the main fuse, and the port that chargers connect to."""
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            errors = check_electrical(user_input)
            form = self._form | user_input
            if not errors and (problem := self._fuse_problem(form, placeholders)):
                errors[CONF_MAIN_FUSE] = problem
            if not await self._known.async_port_is_free(None, user_input[CONF_PORT]):
                errors[CONF_PORT] = "port_taken"
            if not errors:
                doubts = await self._async_doubt_house(form, placeholders)
                doubts |= doubt_fuse(user_input, form[CONF_SYSTEM])
                errors = self._confirmation.new(doubts, user_input)
                placeholders["usual"] = f"{USUAL_FUSE_A[form[CONF_SYSTEM]]:g}"
            if not errors:
                self._form = form
                return await self.async_warn_of_slow_meter(
                    check=self._fuse_problem, then=self._async_finish
                )
        values = user_input or await self._known.async_electrical_values(self._form)
        return self.async_show_form(
            step_id="electrical",
            data_schema=self.add_suggested_values_to_schema(
                electrical_schema(metered=has_meter(self._form)), values
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _fuse_problem(
        self, form: Mapping[str, Any], placeholders: dict[str, str]
    ) -> str | None:
        """Return an error if the fuse cannot carry the site's chargers."""
        tree = with_site(self._known.tree, form)
        return fail_safe_problem(tree, self._known.chargers, placeholders)

    async def _async_doubt_house(
        self, form: Mapping[str, Any], placeholders: dict[str, str]
    ) -> Errors:
        """Return a doubt if the house leaves less of a smaller fuse than the chargers' fail-safe currents."""
        if self.source != SOURCE_RECONFIGURE:
            return {}
        entry = self._get_reconfigure_entry()
        if (warning := await async_doubt_site(self.hass, entry, form)) is None:
            return {}
        placeholders |= warning
        return {CONF_MAIN_FUSE: "fail_safe_house"}

    async def _async_finish(self) -> ConfigFlowResult:
        """Store the site, and show the address to enter in a charger."""
        suggested = await self._known.async_sources()
        data = site_data(self._form, suggested.solar_forecasts)
        if self.source == SOURCE_RECONFIGURE:
            # The listener of the running site reloads it.
            entry = self._get_reconfigure_entry()
            options = dict(entry.options)
            if CONF_MARGIN in options:
                # The value that was entered last applies.
                options[CONF_MARGIN] = data[CONF_MARGIN]
            kept = {k: v for k, v in entry.data.items() if k != CONF_ASSUMED_LOAD}
            return self.async_update_and_abort(
                entry, data={**kept, **data}, options=options
            )
        return self.async_create_entry(
            title=self.hass.config.location_name,
            data=data,
            description="site",
            description_placeholders=await async_where_to_connect(
                self.hass, self._known.address(data[CONF_PORT])
            ),
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change a site; of a simulated one only the port can be changed."""
        entry = self._get_reconfigure_entry()
        if entry.data[CONF_KIND] == KIND_SITE:
            return await self.async_step_site()
        errors: dict[str, str] = {}
        if user_input is not None:
            if await self._known.async_port_is_free(LOOPBACK, user_input[CONF_PORT]):
                return self.async_update_and_abort(
                    entry, data={**entry.data, **user_input}
                )
            errors[CONF_PORT] = "port_taken"
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                SIMULATED, user_input or entry.data
            ),
            errors=errors,
        )

    @override
    async def async_step_integration_discovery(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Handle an unknown charger that connected to a site, or an unknown card that was presented to one."""
        if CONF_CARD_NUMBER in discovery_info:
            return await self.async_step_card_found(discovery_info)
        return await self.async_step_discovered(discovery_info)
