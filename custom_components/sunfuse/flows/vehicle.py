"""The forms of a vehicle: chosen from the cars that Home Assistant knows, or by hand."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry, SubentryFlowResult
from homeassistant.const import (
    CONF_NAME,
    PERCENTAGE,
    Platform,
    UnitOfElectricCurrent,
    UnitOfEnergy,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..const import (
    CONF_CAPACITY_KWH,
    CONF_CAR_LIMIT,
    CONF_CAR_PLUG,
    CONF_CAR_SOC,
    CONF_CHARGE_EFFICIENCY,
    CONF_CONSUMPTION,
    CONF_IDENTIFIERS,
    CONF_MAX_CURRENT,
    CONF_PHASES,
    CONF_PRIORITY,
    CONF_SOURCES,
    CONF_USUAL_CONNECTOR,
    SUBENTRY_CARD,
    SUBENTRY_CHARGER,
    SUBENTRY_VEHICLE,
)
from ..site.cars.vehicles import (
    CONSUMPTION_KWH,
    EFFICIENCY_PERCENT,
    LARGEST_BATTERY_KWH,
)
from ..site.outcome import ConnectorKey, connector_numbers, identity_of
from ..site.subentries import usable
from ..sources.car_proposals import CarProposal, find_cars
from ..sources.vehicles import CarEntities, is_percent
from .checks import LEAST_CURRENT_A, Errors, check_name, check_new_name
from .confirmation import Confirmation
from .form_fields import number
from .people.card_forms import LONGEST_NUMBER, PRIORITY
from .still_there import SiteSubentryFlow

CAR = "car"
BY_HAND = "by_hand"
MORE = "more"
# The largest batteries of cars have a little more than 200 kWh, and vans need up to 50 kWh for 100 km; lorries need more.
USUAL_BATTERY_KWH, USUAL_CONSUMPTION_KWH = 250.0, 60.0
_CAR_FIELDS = (CONF_CAR_SOC, CONF_CAR_LIMIT, CONF_CAR_PLUG)
_NUMBERS = [Platform.SENSOR, Platform.NUMBER, "input_number"]
_PERCENT = EntitySelector(
    EntitySelectorConfig(filter={"domain": _NUMBERS, "unit_of_measurement": PERCENTAGE})
)
_PLUG = EntitySelector(
    EntitySelectorConfig(
        filter={"domain": [Platform.BINARY_SENSOR, Platform.SENSOR, "input_boolean"]}
    )
)
_PHASES = SelectSelector(
    SelectSelectorConfig(options=["1", "2", "3"], translation_key="phases")
)


def choose_car_schema(cars: list[CarProposal]) -> vol.Schema:
    """Return the choice of a car that Home Assistant knows."""
    options = [SelectOptionDict(value=car.device_id, label=car.name) for car in cars]
    by_hand = SelectOptionDict(value=BY_HAND, label=BY_HAND)
    return vol.Schema(
        {
            vol.Required(CAR): SelectSelector(
                SelectSelectorConfig(
                    # Names the last choice; the cars have the names that they have in Home Assistant.
                    options=[*options, by_hand] if options else [BY_HAND],
                    translation_key="car",
                    mode=SelectSelectorMode.LIST,
                )
            )
        }
    )


def vehicle_schema(entry: ConfigEntry) -> vol.Schema:
    """Return the form of a vehicle of this site."""
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_CAPACITY_KWH): number(
                UnitOfEnergy.KILO_WATT_HOUR, step=0.1
            ),
            vol.Optional(CONF_MAX_CURRENT): number(UnitOfElectricCurrent.AMPERE),
            vol.Optional(CONF_PHASES): _PHASES,
            vol.Optional(CONF_CAR_SOC): _PERCENT,
            vol.Optional(CONF_CAR_LIMIT): _PERCENT,
            vol.Optional(CONF_CAR_PLUG): _PLUG,
            vol.Optional(CONF_IDENTIFIERS): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=card.subentry_id, label=card.title)
                        for card in usable(entry, SUBENTRY_CARD)
                    ],
                    multiple=True,
                    custom_value=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
            vol.Optional(MORE): section(_more_schema(entry), {"collapsed": True}),
        }
    )


def _more_schema(entry: ConfigEntry) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional(CONF_USUAL_CONNECTOR): SelectSelector(
                SelectSelectorConfig(
                    options=_connectors(entry), mode=SelectSelectorMode.DROPDOWN
                )
            ),
            vol.Optional(CONF_PRIORITY): PRIORITY,
            vol.Optional(CONF_CHARGE_EFFICIENCY): number(
                PERCENTAGE, step=0.1, low=None
            ),
            vol.Optional(CONF_CONSUMPTION): number("kWh/100 km", step=0.1, low=None),
        }
    )


def _connectors(entry: ConfigEntry) -> list[SelectOptionDict]:
    """Return the connectors of the site, by the names of their chargers."""
    found = []
    for charger in usable(entry, SUBENTRY_CHARGER):
        numbers = connector_numbers(charger.data)
        for connector in numbers:
            key = ConnectorKey(identity=identity_of(charger), connector=connector)
            label = (
                charger.title if len(numbers) == 1 else f"{charger.title} {connector}"
            )
            found.append(SelectOptionDict(value=key.id, label=label))
    return found


def check_vehicle(
    hass: HomeAssistant,
    entry: ConfigEntry,
    form: Mapping[str, Any],
    own: str | None = None,
) -> Errors:
    """Check a vehicle, `own` if it is changed; what is wrong inside the section is shown above it."""
    errors = check_name(form) | check_new_name(
        entry, SUBENTRY_VEHICLE, form[CONF_NAME], own
    )
    if not 0 < form[CONF_CAPACITY_KWH] <= LARGEST_BATTERY_KWH:
        errors[CONF_CAPACITY_KWH] = "battery_capacity"
    if form.get(CONF_MAX_CURRENT, LEAST_CURRENT_A) < LEAST_CURRENT_A:
        errors[CONF_MAX_CURRENT] = "below_6_a"
    for field in (CONF_CAR_SOC, CONF_CAR_LIMIT):
        state = hass.states.get(form[field]) if field in form else None
        if state is not None and not is_percent(state):
            errors[field] = "not_percent"
    for identifier in form.get(CONF_IDENTIFIERS, ()):
        if not identifier.strip() or len(identifier) > LONGEST_NUMBER:
            errors[CONF_IDENTIFIERS] = "card_number"
    return errors | _check_more(form.get(MORE, {}))


def _check_more(more: Mapping[str, Any]) -> Errors:
    low, high = EFFICIENCY_PERCENT
    if not low <= more.get(CONF_CHARGE_EFFICIENCY, high) <= high:
        return {MORE: "charge_efficiency"}
    low, high = CONSUMPTION_KWH
    if not low <= more.get(CONF_CONSUMPTION, high) <= high:
        return {MORE: "consumption"}
    return {}


def unusual(form: Mapping[str, Any]) -> Errors:
    """Return what is possible, but more likely a decimal that is missing: a browser drops the comma of another language."""
    errors: Errors = {}
    if form[CONF_CAPACITY_KWH] > USUAL_BATTERY_KWH:
        errors[CONF_CAPACITY_KWH] = "capacity_unusual"
    if form.get(MORE, {}).get(CONF_CONSUMPTION, 0) > USUAL_CONSUMPTION_KWH:
        errors[MORE] = "consumption_unusual"
    return errors


def vehicle_data(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a vehicle's sub-entry."""
    more = form.get(MORE, {})
    data: dict[str, Any] = {CONF_CAPACITY_KWH: form[CONF_CAPACITY_KWH]}
    if CONF_MAX_CURRENT in form:
        data[CONF_MAX_CURRENT] = form[CONF_MAX_CURRENT]
    if CONF_PHASES in form:
        data[CONF_PHASES] = int(form[CONF_PHASES])
    sources = {field: form[field] for field in _CAR_FIELDS if form.get(field)}
    if sources:
        data[CONF_SOURCES] = sources
    if identifiers := [one.strip() for one in form.get(CONF_IDENTIFIERS, ())]:
        data[CONF_IDENTIFIERS] = identifiers
    for field in (CONF_USUAL_CONNECTOR, CONF_CHARGE_EFFICIENCY, CONF_CONSUMPTION):
        if field in more:
            data[field] = more[field]
    if CONF_PRIORITY in more:
        data[CONF_PRIORITY] = int(more[CONF_PRIORITY])
    return data


def vehicle_values(entry: ConfigEntry, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a vehicle; a card and a charger that are gone are left out."""
    cards = {card.subentry_id for card in entry.subentries.values()}
    connectors = {option["value"] for option in _connectors(entry)}
    more = {
        field: data[field]
        for field in (CONF_PRIORITY, CONF_CHARGE_EFFICIENCY, CONF_CONSUMPTION)
        if field in data
    }
    if data.get(CONF_USUAL_CONNECTOR) in connectors:
        more[CONF_USUAL_CONNECTOR] = data[CONF_USUAL_CONNECTOR]
    shown = {
        field: data[field]
        for field in (CONF_CAPACITY_KWH, CONF_MAX_CURRENT)
        if field in data
    }
    if CONF_PHASES in data:
        shown[CONF_PHASES] = str(data[CONF_PHASES])
    identifiers = [
        one
        for one in data.get(CONF_IDENTIFIERS, ())
        if one in cards or not _was_a_card(one)
    ]
    return {
        **shown,
        **CarEntities.from_dict(data.get(CONF_SOURCES, {})).to_dict(),
        CONF_IDENTIFIERS: identifiers,
        MORE: more,
    }


def _was_a_card(identifier: str) -> bool:
    """Whether it is the id of a sub-entry: a ULID of 26 capitals and digits, which begins with its time."""
    return len(identifier) == 26 and identifier.isalnum() and identifier[:2] == "01"


class VehicleSubentryFlow(SiteSubentryFlow):
    """Add a vehicle, or change one."""

    def __init__(self) -> None:
        """Start with no car chosen."""
        self._proposed: dict[str, Any] = {}
        self._confirmation = Confirmation()

    def _check(self, form: Mapping[str, Any], own: str | None = None) -> Errors:
        errors = check_vehicle(self.hass, self._get_entry(), form, own)
        return errors or self._confirmation.new(unusual(form), form)

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Choose from the cars that Home Assistant knows, where it knows any."""
        cars = find_cars(self.hass)
        if not cars:
            return await self.async_step_details()
        if user_input is None:
            return self.async_show_form(
                step_id="user", data_schema=choose_car_schema(cars)
            )
        for car in cars:
            if car.device_id == user_input[CAR]:
                self._proposed = {CONF_NAME: car.name, **car.entities.to_dict()}
        return await self.async_step_details()

    async def async_step_details(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the rest."""
        errors: Errors = {}
        if user_input is not None:
            errors = self._check(user_input)
            if not errors:
                return self.async_create_entry(
                    title=user_input[CONF_NAME].strip(), data=vehicle_data(user_input)
                )
        return self.async_show_form(
            step_id="details",
            data_schema=self.add_suggested_values_to_schema(
                vehicle_schema(self._get_entry()), user_input or self._proposed
            ),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a vehicle."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        errors: Errors = {}
        if user_input is not None:
            errors = self._check(user_input, subentry.subentry_id)
            if not errors:
                return self.async_update_and_abort(
                    entry,
                    subentry,
                    title=user_input[CONF_NAME].strip(),
                    data=vehicle_data(user_input),
                )
        values = vehicle_values(entry, subentry.data) | {CONF_NAME: subentry.title}
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                vehicle_schema(entry), user_input or values
            ),
            errors=errors,
        )
