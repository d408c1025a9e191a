"""The action that replays a site's own weeks with something else: a tariff, a fuse, a battery, a roof, chargers."""

import asyncio
from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..data import SunfuseConfigEntry
from ..rights import async_require_administrator
from ..site.replay.what_if_history import DAYS, TAIL_DAYS, NoPricesError, TooShortError
from ..site.replay.what_if_replay import SINCE, PastOfSite, async_compare, async_past
from ..site.replay.what_if_variation import (
    BATTERY_CONTROLLED,
    BATTERY_KW,
    BATTERY_KWH,
    CAPACITY_PRICE,
    CAPACITY_TARIFF,
    CHARGERS,
    EXPORT_PRICE,
    FUSE,
    IMPORT_PRICE,
    NO_TARIFF,
    POLICY,
    PRICE_ENTITY,
    PRICE_SURCHARGE,
    PRICE_TABLE,
    PRICED,
    SOLAR_PERCENT,
    VARIED,
    async_recorded_prices,
    variation_of,
)
from ..sources.series import Series
from ..sources.tariffs.capacity_rules import CATALOGUE
from ..sources.tariffs.table import TableError
from ..what_if import ChargingPolicy, Variation
from ..what_if.comparison_answer import answer
from .targets import named_site
from .values import (
    ENTITY,
    YES_OR_NO,
    ActionSchema,
    one_of,
    one_of_kind,
    several,
    within,
)

_MOST_WEEKS = 12
_PRICE = within(-1_000_000, 1_000_000)
_MONEY = within(0, 1_000_000_000)
WHAT_IF = ActionSchema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional("weeks", default=4): within(1, _MOST_WEEKS, int),
        vol.Optional(POLICY): one_of_kind(ChargingPolicy),
        vol.Optional(IMPORT_PRICE): _PRICE,
        vol.Optional(PRICE_TABLE): dict,
        vol.Optional(PRICE_ENTITY): ENTITY,
        vol.Optional(PRICE_SURCHARGE): _PRICE,
        vol.Optional(EXPORT_PRICE): _PRICE,
        vol.Optional(CAPACITY_TARIFF): one_of(NO_TARIFF, *CATALOGUE),
        vol.Optional(CAPACITY_PRICE): within(0, 1_000_000),
        vol.Optional(FUSE): within(6, 10_000),
        vol.Optional(BATTERY_KWH): within(0.5, 10_000),
        vol.Optional(BATTERY_KW): within(0.1, 10_000),
        vol.Optional(BATTERY_CONTROLLED): YES_OR_NO,
        vol.Optional(SOLAR_PERCENT): within(0, 10_000),
        vol.Optional(CHARGERS): within(1, 100, int),
        vol.Optional("investment"): _MONEY,
    }
)


@callback
def async_setup_what_if_action(hass: HomeAssistant) -> None:
    """Register the action."""
    # A replay takes a core for a minute: others wait.
    one_at_a_time = asyncio.Lock()

    async def what_if(call: ServiceCall) -> ServiceResponse:
        await async_require_administrator(hass, call.context)
        entry = named_site(call)
        asked = call.data
        if not any(name in asked for name in VARIED):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="nothing_varied",
            )
        if several(asked, (IMPORT_PRICE, PRICE_TABLE, PRICE_ENTITY)):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="one_price"
            )
        async with one_at_a_time:
            past = await _async_past(hass, entry, asked)
            variation = await _async_variation(hass, past, asked)
            found = await async_compare(hass, past, variation, asked.get("investment"))
        prices = entry.runtime_data.prices
        currency = prices.currency if prices else hass.config.currency
        return answer(found, currency) | {
            "weeks_available": past.history.available,
            "replayed": [week.start.isoformat() for week in past.history.weeks][
                : found.today.weeks
            ],
        }

    hass.services.async_register(
        DOMAIN, "what_if", what_if, WHAT_IF, SupportsResponse.ONLY
    )


async def _async_past(
    hass: HomeAssistant, entry: SunfuseConfigEntry, asked: dict[str, Any]
) -> PastOfSite:
    """Return the weeks to replay.

    Raises:
        ServiceValidationError: they are not known, or there is no charger.

    """
    priced = any(name in asked for name in PRICED)
    try:
        past = await async_past(hass, entry, asked["weeks"], priced=priced)
    except TooShortError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="history_too_short",
            translation_placeholders={
                "days": f"{err.days:.0f}",
                "needed": str(DAYS + TAIL_DAYS),
            },
        ) from err
    except NoPricesError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_past_prices",
        ) from err
    if not past.setup.outlets:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_charger_to_replay",
        )
    if SOLAR_PERCENT in asked and not any(max(w.sun_w) for w in past.history.weeks):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_past_sun",
        )
    return past


async def _async_variation(
    hass: HomeAssistant, past: PastOfSite, asked: dict[str, Any]
) -> Variation:
    """Return what is varied.

    Raises:
        ServiceValidationError: a price is not known, or cannot be used.

    """
    recorded: Series = ()
    if entity := asked.get(PRICE_ENTITY):
        now = dt_util.utcnow()
        recorded = await async_recorded_prices(hass, entity, now - SINCE, now)
        if not recorded:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="no_recorded_prices",
                translation_placeholders={"entity": entity},
            )
    try:
        return variation_of(asked, past.tz, recorded)
    except TableError as err:
        if err.period is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="bad_price_table"
            ) from err
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=f"price_row_{err.key}",
            translation_placeholders={"row": str(err.period + 1)},
        ) from err
