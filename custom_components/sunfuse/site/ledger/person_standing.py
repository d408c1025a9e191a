"""Follows who may charge: days pass, quotas are used up, and months begin."""

from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback

from ...central_system import CentralSystem
from ...sessions import GroupBy
from ..people.cards import Cards
from ..people.persons import Persons
from .ledger_figures import LedgerFigures


@callback
def follow_standings(
    hass: HomeAssistant,
    *,
    persons: Persons,
    cards: Cards,
    figures: LedgerFigures,
    central_system: CentralSystem,
    changed: Callable[[], None],
) -> None:
    """Keep chargers up to date with who may charge, while the site is loaded; `changed` hears of it too."""

    def used_wh() -> dict[str, float]:
        return {
            key: sums.energy_wh
            for (by, key), sums in figures.data.this_month.items()
            if by is GroupBy.PERSON and key is not None
        }

    persons.use(used_wh())
    central_system.set_cards(cards.policy())
    before = persons.standings

    @callback
    def look() -> None:
        nonlocal before
        persons.use(used_wh())
        if (now := persons.standings) == before:
            return
        before = now
        central_system.set_cards(cards.policy())
        changed()

    @callback
    def new_day() -> None:
        look()
        # A month may have begun, too.
        hass.async_create_task(figures.async_refresh(), "Sunfuse new day")

    entry = figures.config_entry
    entry.async_on_unload(figures.async_add_listener(look))
    entry.async_on_unload(persons.follow_days(new_day))
