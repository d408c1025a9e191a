"""Problems that a person should look into, as repair issues that disappear when the problem is solved."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..central_system.station.quirks import understood
from ..central_system.station_state import FailSafe, NewPassword
from ..const import (
    CONF_QUIRKS,
    DOMAIN,
    SUBENTRY_CAPACITY,
    SUBENTRY_CARD,
    SUBENTRY_CHARGER,
    SUBENTRY_TARIFF,
)
from ..data import SunfuseConfigEntry
from ..engine.model import ConnectorProblem
from ..flows.fail_safe_check import (
    beside_house,
    charger_names,
    chargers_of,
    fail_safe_problem,
    fitting_currents,
    named_currents,
)
from ..planner import SOLVER
from ..site.circuits import CircuitTree, hangs_from
from ..site.outcome import ConnectorData, ConnectorKey, SiteData
from ..site.planning.plan_slots import shortfall_reason
from ..site.subentries import ignored, usable
from ..translated_reasons import explain
from .circuit_repair import CIRCUIT, hanging
from .fix_actions import (
    ABOUT,
    FIX,
    FORGET_QUIRKS,
    LOWER_FAIL_SAFE,
    PLAN_NOW,
    REMOVE,
    RESTART,
    SET_UP,
    TEST_FAIL_SAFE,
    TRY_LIMITS,
)
from .meter_issues import SignIssues, lost_meters, slow_meters, source_issues
from .modbus_repair import MODBUS
from .password_repair import PASSWORD
from .plan_repair import PLAN
from .price_repair import PRICE_DETAIL, PRICE_PROBLEM, PRICES
from .repair_issue import RepairIssue, ShownIssues
from .source_repair import ENTITY

# A restart of a device or a gateway, and the update of its firmware, are over by then.
MODBUS_GONE_AFTER = timedelta(minutes=10)


@callback
def watch_issues(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Show problems for as long as they last and the site is loaded."""
    coordinator = entry.runtime_data.coordinator
    shown = ShownIssues(hass, entry)
    signs = SignIssues(hass, entry)
    entry.async_create_background_task(
        hass, signs.async_start(), f"{DOMAIN} counters {entry.title}"
    )
    lost_since: dict[str, datetime] = {}
    # The stored data of a tariff only changes with a reload.
    unusable = tuple(_unusable_tariffs(entry))
    configured: tuple[RepairIssue, ...] = ()
    configured_by: tuple[object, ...] = ()
    of_chargers = _ChargerIssues()

    @callback
    def update() -> None:
        nonlocal configured, configured_by
        if configured_by != (now := _configuration(entry)):
            configured, configured_by = tuple(_configured_issues(entry)), now
        shown.show(
            (
                *_issues(hass, coordinator.data, entry),
                *of_chargers.of(coordinator.data),
                *configured,
                *unusable,
                *signs.issues(coordinator.data),
                *lost_meters(coordinator.data, entry, lost_since),
            )
        )

    entry.async_on_unload(coordinator.async_add_listener(update))
    entry.async_on_unload(shown.clear)
    update()


def _issues(
    hass: HomeAssistant, data: SiteData, entry: SunfuseConfigEntry
) -> Iterator[RepairIssue]:
    yield from source_issues(hass, data, entry)
    yield from _price_issues(entry)
    if entity_id := entry.runtime_data.battery_hold.failed:
        yield RepairIssue(
            translation_key="battery_hold_failed",
            about=entity_id,
            placeholders=(("entity", entity_id), ("site", entry.title)),
            fix=((ENTITY, entity_id),),
        )
    yield from _plan_issues(entry)
    yield from slow_meters(data, entry)
    yield from _modbus_issues(entry)


def _configuration(entry: SunfuseConfigEntry) -> tuple[object, ...]:
    """Return what `_configured_issues` depend on: the same objects while nothing is changed."""
    return (
        entry.title,
        entry.data,
        entry.options,
        entry.runtime_data.usual_loads,
        entry.modified_at,  # for cards: there may be thousands of them
        *(
            (one.subentry_id, one.title, one.data)
            for one in entry.subentries.values()
            if one.subentry_type != SUBENTRY_CARD
        ),
    )


def _configured_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield what is wrong with the configuration, whatever happens."""
    yield from _unknown_quirks(entry)
    yield from _ignored(entry)
    yield from _circuit_issues(entry)
    yield from _fail_safe_beside_house(entry)


def _circuit_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    tree = CircuitTree.of(entry)
    main = entry.runtime_data.sentences["main_circuit"]
    for circuit in sorted(tree.orphaned(hangs_from(entry))):
        at = tree.circuits.get(tree.at(circuit))
        yield RepairIssue(
            translation_key="circuit_removed",
            about=circuit,
            placeholders=(
                ("circuit", tree.removed.get(circuit, {}).get(CONF_NAME, "?")),
                ("names", ", ".join(hanging(entry, circuit))),
                ("parent", at.name if at else main),
            ),
            fix=((CIRCUIT, circuit),),
        )
    sums: dict[str, str] = {}
    if fail_safe_problem(tree, chargers_of(entry), sums):
        sums["circuit"] = sums["circuit"] or main
        loads = entry.runtime_data.usual_loads
        fits = fitting_currents(tree, chargers_of(entry), loads)
        sums["fits"] = named_currents(fits, charger_names(entry))
        yield RepairIssue(
            translation_key="fail_safe_sum",
            about="circuits",
            placeholders=(("site", entry.title), *sums.items()),
            fix=((FIX, LOWER_FAIL_SAFE),),
        )


def _fail_safe_beside_house(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    tree, chargers = CircuitTree.of(entry), chargers_of(entry)
    if fail_safe_problem(tree, chargers, {}):
        return  # the fuse cannot even carry them alone, which is another issue
    loads, names = entry.runtime_data.usual_loads, charger_names(entry)
    for doubt in beside_house(tree, chargers, loads, names):
        placeholders = (("site", entry.title), *doubt.placeholders.items())
        if doubt.is_main:
            yield RepairIssue(
                translation_key="fail_safe_house",
                about="house",
                placeholders=placeholders,
                fix=((FIX, LOWER_FAIL_SAFE),),
            )
        else:
            yield RepairIssue(
                translation_key="fail_safe_house_circuit",
                about=doubt.circuit,
                placeholders=placeholders,
                fix=((FIX, LOWER_FAIL_SAFE),),
            )


def _unusable_tariffs(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield tariffs that have no effect because their stored data cannot be read."""
    runtime = entry.runtime_data
    tariffs = (
        entry.get_subentries_of_type(SUBENTRY_TARIFF) if not runtime.prices else ()
    )
    capacity = [
        subentry
        for subentry in entry.get_subentries_of_type(SUBENTRY_CAPACITY)
        if subentry.subentry_id not in runtime.peaks.rules
    ]
    for subentry in (*tariffs, *capacity):
        yield RepairIssue(
            translation_key="tariff_unusable",
            about=subentry.subentry_id,
            placeholders=(("site", entry.title), ("tariff", subentry.title)),
            fix=((FIX, REMOVE), (ABOUT, subentry.subentry_id)),
        )


def _unknown_quirks(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield settings of a charger that are not understood, as after a downgrade; they are ignored."""
    for subentry in usable(entry, SUBENTRY_CHARGER):
        overrides: dict[str, str] = subentry.data.get(CONF_QUIRKS, {})
        if unknown := overrides.keys() - dict(understood(overrides.items())).keys():
            yield RepairIssue(
                translation_key="quirk_not_understood",
                about=subentry.subentry_id,
                placeholders=(
                    ("charger", subentry.title),
                    ("quirks", ", ".join(sorted(unknown))),
                ),
                fix=((FIX, FORGET_QUIRKS), (ABOUT, subentry.subentry_id)),
            )


def _ignored(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield sub-entries that cannot be used; the rest of the site runs without them."""
    for subentry in ignored(entry):
        yield RepairIssue(
            translation_key=f"ignored_{subentry.subentry_type}",
            about=subentry.subentry_id,
            placeholders=(("site", entry.title), ("item", subentry.title)),
            fix=((FIX, REMOVE), (ABOUT, subentry.subentry_id)),
        )


def _price_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    if (prices := entry.runtime_data.prices) is None:
        return
    for problem in prices.problems(dt_util.utcnow()):
        yield RepairIssue(
            translation_key=f"price_{problem.key}",
            about="prices",
            placeholders=(("site", entry.title), ("detail", problem.detail or "?")),
            fix=(
                (PRICES, prices.part_of(problem)),
                (PRICE_PROBLEM, problem.key),
                (PRICE_DETAIL, problem.detail or "?"),
            ),
        )


def _plan_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    planning, sentences = entry.runtime_data.planning, entry.runtime_data.sentences
    site = ("site", entry.title)
    names = {key.id: name for key, name in entry.runtime_data.chargers.names.items()}
    if not SOLVER:
        yield RepairIssue(
            translation_key="no_solver", about="plan", placeholders=(site,)
        )
    if planning.failing(planning.clock.now()):
        yield RepairIssue(
            translation_key="planning_failed",
            about="plan",
            placeholders=(site,),
            fix=((FIX, PLAN_NOW),),
        )
    for connector_id, shortfall in planning.lasting_misses().items():
        yield RepairIssue(
            translation_key="plan_misses",
            about=connector_id,
            placeholders=(
                ("charger", names.get(connector_id, connector_id)),
                site,
                (
                    "why",
                    explain(
                        sentences, shortfall_reason(shortfall), planning.clock.now()
                    ),
                ),
            ),
            fix=((PLAN, connector_id),),
        )


def _modbus_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    devices = entry.runtime_data.modbus
    for subentry_id, reader in devices.gone(dt_util.utcnow(), MODBUS_GONE_AFTER):
        yield RepairIssue(
            translation_key="modbus_gone",
            about=subentry_id,
            placeholders=(
                ("device", reader.name),
                ("site", entry.title),
                ("detail", reader.last_error or "?"),
            ),
            fix=((MODBUS, subentry_id),),
        )


class _ChargerIssues:
    """The issues of chargers, looked for again where something about a connector changed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[
            ConnectorKey, tuple[ConnectorData, tuple[RepairIssue, ...]]
        ] = {}

    def of(self, data: SiteData) -> Iterator[RepairIssue]:
        """Yield the issues of all chargers."""
        before, self._known = self._known, {}
        for key, connector in data.connectors.items():
            known = before.get(key)
            if known is None or known[0] is not connector:
                known = connector, tuple(_charger_issues(connector))
            self._known[key] = known
            yield from known[1]


def _charger_issues(connector: ConnectorData) -> Iterator[RepairIssue]:
    station = connector.station
    name = station.identity
    charger = (("charger", name),)
    if connector.decision.problem is ConnectorProblem.EXCEEDS_OFFER:
        yield RepairIssue(
            translation_key="exceeds_offer",
            about=connector.key.id,
            placeholders=charger,
            fix=((FIX, RESTART), (ABOUT, name)),
        )
    if connector.key.connector > 1:
        return
    if not station.takes_limits:
        yield RepairIssue(
            translation_key="cannot_be_limited",
            about=name,
            placeholders=charger,
            fix=((FIX, TRY_LIMITS), (ABOUT, name)),
        )
    elif station.fail_safe_set is False:
        yield RepairIssue(
            translation_key="fail_safe_refused",
            about=name,
            placeholders=charger,
            fix=((FIX, SET_UP), (ABOUT, name)),
        )
    elif station.fail_safe is FailSafe.DOES_NOT_FALL_BACK:
        yield RepairIssue(
            translation_key="does_not_fall_back",
            about=name,
            placeholders=charger,
            fix=((FIX, TEST_FAIL_SAFE), (ABOUT, name)),
        )
    if station.new_password in (NewPassword.NEEDS_RESTART, NewPassword.NOT_USED):
        yield RepairIssue(
            translation_key=f"new_password_{station.new_password}",
            about=name,
            placeholders=charger,
            fix=((FIX, RESTART), (ABOUT, name)),
        )
    if station.wrong_passwords:
        address = ("address", station.wrong_password_from or "?")
        yield RepairIssue(
            translation_key="wrong_password",
            about=name,
            placeholders=(*charger, address),
            fix=((PASSWORD, name),),
        )
