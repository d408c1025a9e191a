"""The forms with which a charger becomes part of a site: discovered, by hand, or changed."""

from collections.abc import Iterable, Mapping
from itertools import chain, count
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlowResult,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME, UnitOfElectricCurrent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.typing import DiscoveryInfoType

from ...central_system.protocol.text import escaped, plain
from ...const import (
    CONF_CIRCUIT,
    CONF_FAIL_SAFE_CURRENT,
    CONF_IDENTITY,
    CONF_L1_PHASE,
    CONF_MAIN_FUSE,
    CONF_MAX_CURRENT,
    CONF_MIN_CURRENT,
    CONF_MODE,
    CONF_PHASES,
    CONF_SECURITY,
    MAIN_CIRCUIT,
    SECURITY_OPEN,
    SECURITY_PASSWORD,
    SITE_PHASES,
    SUBENTRY_CHARGER,
)
from ...site.chargers.ocpp_address import OcppAddress, address_of
from ...site.circuits import CircuitTree
from ...site.entry_data import site_of, wiring
from ...site.fail_safe_check import async_doubt_chargers, chargers_of, fail_safe_problem
from ..checks import LEAST_CURRENT_A, Errors, check_charger, check_name, check_new_name
from ..circuits.circuit_choice import circuit_selector
from ..confirmation import Confirmation
from ..form_fields import asked, number, unanswered
from ..reader import async_readers_sentences
from .charger_options import (
    ADVANCED,
    advanced_data,
    advanced_fields,
    advanced_values,
    check_advanced,
    check_security,
    quirks_in_force,
    security_data,
    security_fields,
)
from .charger_password import (
    PasswordFlow,
    PasswordSubentryFlow,
    needs_password,
    not_about_security,
)
from .first_mode import first_mode_selector

# OCPP 2.0.1, section 4.1.1 of part 4 (OCPP-J): at most 48 characters; 1.6 sets no limit of its own.
LONGEST_IDENTITY = 48
_USUAL_MAXIMUM_A = 16.0
SITE_PHASE_NAMES = ("L1", "L2", "L3")


def charger_schema(
    entry: ConfigEntry, *, with_identity: bool = False, existing: bool = False
) -> vol.Schema:
    """Return the form of a charger of this site. A single-phase site has no choice of phases."""
    phases = site_of(entry.data).phases
    fields: dict[vol.Marker, Any] = {}
    if with_identity:
        fields[vol.Required(CONF_IDENTITY)] = TextSelector()
    fields[vol.Required(CONF_NAME)] = TextSelector()
    if not existing:
        # No default: a charger that charges at night, or does not, should surprise nobody.
        fields[asked(CONF_MODE)] = first_mode_selector(entry.data)
    fields[vol.Required(CONF_CIRCUIT)] = circuit_selector(CircuitTree.of(entry))
    if phases > 1:
        fields[vol.Required(CONF_PHASES)] = SelectSelector(
            SelectSelectorConfig(
                options=[str(index + 1) for index in range(phases)],
                translation_key="phases",
            )
        )
        fields[vol.Required(CONF_L1_PHASE)] = SelectSelector(
            SelectSelectorConfig(
                options=list(SITE_PHASE_NAMES[:phases]),
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
    for field in (CONF_MIN_CURRENT, CONF_MAX_CURRENT, CONF_FAIL_SAFE_CURRENT):
        fields[vol.Required(field)] = number(UnitOfElectricCurrent.AMPERE)
    fields |= security_fields(with_new_password=existing)
    if existing:
        fields |= advanced_fields()
    return vol.Schema(fields)


def suggested_charger(entry: ConfigEntry, name: str) -> dict[str, Any]:
    """Return the values that fit most chargers."""
    return {
        CONF_NAME: _unused(entry, name),
        CONF_CIRCUIT: MAIN_CIRCUIT,
        CONF_PHASES: str(site_of(entry.data).phases),
        CONF_L1_PHASE: "L1",
        CONF_MIN_CURRENT: LEAST_CURRENT_A,
        CONF_MAX_CURRENT: min(_USUAL_MAXIMUM_A, entry.data[CONF_MAIN_FUSE]),
        CONF_FAIL_SAFE_CURRENT: LEAST_CURRENT_A,
        CONF_SECURITY: SECURITY_PASSWORD,
    }


def _unused(entry: ConfigEntry, name: str) -> str:
    """Return a name that nothing else of the site has: a second charger of the same model gets a number."""
    taken = {subentry.title for subentry in entry.subentries.values()}
    numbered = (f"{name} {number}" for number in count(2))
    return next(one for one in chain([name], numbered) if one not in taken)


def charger_data(identity: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a charger's sub-entry."""
    return {
        CONF_IDENTITY: identity,
        CONF_CIRCUIT: form[CONF_CIRCUIT],
        CONF_PHASES: int(form.get(CONF_PHASES, 1)),
        CONF_L1_PHASE: form.get(CONF_L1_PHASE, "L1"),
        CONF_MIN_CURRENT: form[CONF_MIN_CURRENT],
        CONF_MAX_CURRENT: form[CONF_MAX_CURRENT],
        CONF_FAIL_SAFE_CURRENT: form[CONF_FAIL_SAFE_CURRENT],
        **({CONF_MODE: form[CONF_MODE]} if CONF_MODE in form else {}),
        **security_data(form),
    }


def check(
    entry: ConfigEntry,
    form: Mapping[str, Any],
    data: Mapping[str, Any],
    placeholders: dict[str, str],
) -> dict[str, str]:
    """Check a charger against its site; the sum of the fail-safe currents is added to the placeholders."""
    tree = CircuitTree.of(entry)
    circuit, wired = tree.at(form[CONF_CIRCUIT]), wiring(data, site_of(entry.data))
    limits_a = [tree.limit_a(name)[p] for name in tree.path(circuit) for p in wired]
    placeholders["limit"] = f"{min(limits_a):g}"
    if not set(wired) <= set(tree.wired(circuit)):
        return {CONF_CIRCUIT: "phase_not_fed"}
    ids = {str(one.unique_id): one.subentry_id for one in entry.subentries.values()}
    own = ids.get(data[CONF_IDENTITY])
    errors = check_name(form) | check_charger(form, min(limits_a))
    errors |= check_new_name(entry, SUBENTRY_CHARGER, form[CONF_NAME], own)
    errors |= check_security(entry, form) | check_advanced(form)
    others = [
        charger
        for charger in chargers_of(entry)
        if charger[CONF_IDENTITY] != data[CONF_IDENTITY]
    ]
    if problem := fail_safe_problem(tree, [*others, data], placeholders):
        errors.setdefault(CONF_FAIL_SAFE_CURRENT, problem)
    return errors


async def async_doubt_fail_safe(
    hass: HomeAssistant,
    entry: ConfigEntry,
    form: Mapping[str, Any],
    data: Mapping[str, Any],
    placeholders: dict[str, str],
) -> Errors:
    """Return a doubt if the house usually leaves less than all fail-safe currents; what fits is added to the placeholders."""
    chargers = [
        data if charger[CONF_IDENTITY] == data[CONF_IDENTITY] else charger
        for charger in chargers_of(entry)
    ]
    if data not in chargers:
        chargers.append(data)
    names = {data[CONF_IDENTITY]: form[CONF_NAME].strip()}
    doubt = await async_doubt_chargers(hass, entry, chargers, names)
    if doubt is None:
        return {}
    placeholders |= doubt.placeholders
    if doubt.is_main:
        return {CONF_FAIL_SAFE_CURRENT: "fail_safe_house"}
    return {CONF_FAIL_SAFE_CURRENT: "fail_safe_house_circuit"}


def phases_fit(system: str, chargers: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a grid connection has every phase that these chargers are wired to."""
    phases = SITE_PHASES[system]
    return all(
        charger[CONF_PHASES] <= phases
        and charger[CONF_L1_PHASE] in SITE_PHASE_NAMES[:phases]
        for charger in chargers
    )


async def async_where_to_connect(
    hass: HomeAssistant, address: OcppAddress
) -> dict[str, str]:
    """Return the address to enter in a charger, and a sentence about others that this machine has."""
    others = ""
    if address.others:
        sentences = await async_readers_sentences(hass)
        others = sentences["other_addresses"].format(others=", ".join(address.others))
    return {"address": address.url, "others": others}


def check_identity(entry: ConfigEntry, identity: str) -> dict[str, str]:
    """Check the identity with which a charger is to connect."""
    if (
        not identity
        or len(identity) > LONGEST_IDENTITY
        or not identity.isprintable()
        or "/" in identity
    ):
        return {CONF_IDENTITY: "identity"}
    known = [
        str(subentry.unique_id).casefold()
        for subentry in entry.get_subentries_of_type(SUBENTRY_CHARGER)
    ]
    return {CONF_IDENTITY: "identity_known"} if identity.casefold() in known else {}


class ChargerFlowMixin(PasswordFlow):
    """The steps of a charger that was discovered."""

    _charger: DiscoveryInfoType
    _confirmation: Confirmation

    async def async_step_discovered(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Show a charger once, however often it connects."""
        site = self.hass.config_entries.async_get_entry(discovery_info["entry_id"])
        if site is None:
            return self.async_abort(reason="site_removed")
        identity = discovery_info[CONF_IDENTITY]
        await self.async_set_unique_id(f"{site.entry_id}_{identity}")
        self._abort_if_unique_id_configured()
        if check_identity(site, identity):
            return self.async_abort(reason="already_configured")
        self._site = site
        self._charger = discovery_info
        self.context["title_placeholders"] = {"name": self._title()}
        return await self.async_step_charger()

    def _title(self) -> str:
        charger = self._charger
        return f"{charger['vendor']} {charger['model']} ({charger[CONF_IDENTITY]})"

    async def async_step_charger(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for what the charger does not report itself, and make it part of the site."""
        identity = self._charger[CONF_IDENTITY]
        placeholders = {
            "charger": escaped(self._title()),
            "site": self._site.title,
        }
        errors: dict[str, str] = {}
        values = suggested_charger(
            self._site, plain(f"{self._charger['vendor']} {self._charger['model']}")
        )
        if user_input is not None:
            if self.hass.config_entries.async_get_entry(self._site.entry_id) is None:
                return self.async_abort(reason="site_removed")
            values = user_input
            data = charger_data(identity, user_input)
            errors = check(self._site, user_input, data, placeholders) | unanswered(
                user_input, CONF_MODE
            )
            if check_identity(self._site, identity):
                return self.async_abort(reason="already_configured")
            if not errors:
                doubts = await async_doubt_fail_safe(
                    self.hass, self._site, user_input, data, placeholders
                )
                errors = self._confirmation.new(doubts, user_input)
            if not errors:
                self._name, self._data = user_input[CONF_NAME].strip(), data
                if needs_password(data):
                    return await self.async_step_password()
                return self._add(data)
        return self.async_show_form(
            step_id="charger",
            data_schema=self.add_suggested_values_to_schema(
                charger_schema(self._site), values
            ),
            errors=errors,
            description_placeholders=placeholders,
        )


class ChargerSubentryFlow(PasswordSubentryFlow):
    """Add a charger by hand, or change one."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        super().__init__()
        self._confirmation = Confirmation()

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add a charger that has not connected yet."""
        entry = self._get_entry()
        errors: dict[str, str] = {}
        placeholders = await async_where_to_connect(
            self.hass, address_of(self.hass, entry)
        )
        if user_input is not None:
            identity = user_input[CONF_IDENTITY].strip()
            data = charger_data(identity, user_input)
            errors = (
                check(entry, user_input, data, placeholders)
                | check_identity(entry, identity)
                | unanswered(user_input, CONF_MODE)
            )
            if not errors:
                doubts = await async_doubt_fail_safe(
                    self.hass, entry, user_input, data, placeholders
                )
                errors = self._confirmation.new(doubts, user_input)
            if not errors:
                self._name, self._data = user_input[CONF_NAME].strip(), data
                if needs_password(data):
                    return await self.async_step_password_shown()
                return self._create()
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                charger_schema(entry, with_identity=True),
                user_input or suggested_charger(entry, ""),
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a charger; its identity stays."""
        entry = self._get_entry()
        subentry = self._get_reconfigure_subentry()
        identity = subentry.data[CONF_IDENTITY]
        errors: dict[str, str] = {}
        placeholders = {
            "identity": escaped(identity),
            "quirks": quirks_in_force(entry, identity),
        }
        if user_input is not None:
            data = {
                **not_about_security(subentry.data, user_input),
                **charger_data(identity, user_input),
                **advanced_data(user_input),
            }
            errors = check(entry, user_input, data, placeholders)
            if not errors:
                doubts = await async_doubt_fail_safe(
                    self.hass, entry, user_input, data, placeholders
                )
                errors = self._confirmation.new(doubts, user_input)
            if not errors:
                self._name, self._data = user_input[CONF_NAME].strip(), data
                if needs_password(data):
                    return await self.async_step_password()
                return self.async_update_and_abort(
                    entry, subentry, title=self._name, data=data
                )
        values = {
            CONF_SECURITY: SECURITY_OPEN,
            **subentry.data,
            CONF_CIRCUIT: CircuitTree.of(entry).at(subentry.data[CONF_CIRCUIT]),
            CONF_NAME: subentry.title,
            CONF_PHASES: str(subentry.data[CONF_PHASES]),
            ADVANCED: advanced_values(subentry.data),
        }
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                charger_schema(entry, existing=True), user_input or values
            ),
            errors=errors,
            description_placeholders=placeholders,
        )
