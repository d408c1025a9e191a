"""What a ledger knows of the configuration: what persons, vehicles and chargers are called, and who is billed by which prices."""

import asyncio
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...const import SUBENTRY_CHARGER, SUBENTRY_VEHICLE
from ...sessions import Ledger, PriceLists
from ..outcome import identity_of
from ..people.persons import Persons
from ..people.price_lists import price_lists_of
from ..prices import SitePrices
from ..subentries import usable


class LedgerConfiguration:
    """Notes in a ledger what the sub-entries of a site say."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        *,
        persons: Persons,
        prices: SitePrices | None,
    ) -> None:
        """Note in this ledger; `note` does it."""
        self._hass = hass
        self._entry = entry
        self._ledger = ledger
        self._persons = persons
        self._prices = prices

    @callback
    def note(self) -> None:
        """Note names, which reports use also after their owners are removed, and who is billed what from now on."""
        chargers = usable(self._entry, SUBENTRY_CHARGER)
        self._ledger.named("station", {identity_of(one): one.title for one in chargers})
        vehicles = usable(self._entry, SUBENTRY_VEHICLE)
        self._ledger.named("vehicle", {one.subentry_id: one.title for one in vehicles})
        self._ledger.named("person", {one.id: one.name for one in self._persons})
        self._ledger.agree(self.price_lists(), dt_util.utcnow())

    async def async_bill_again(self, since: datetime) -> int:
        """Bill the sessions that began from a time on by the present price lists; returns how many."""
        again = self._ledger.bill_again(self.price_lists(), since)
        return await asyncio.wrap_future(again)

    def price_lists(self) -> PriceLists:
        """Return who is billed by which price list, by the present configuration."""
        own = self._prices.currency if self._prices else None
        currency = own or self._hass.config.currency
        return price_lists_of(
            self._entry, self._persons, currency, self._hass.config.time_zone
        )
