"""What a person should look into, as repair issues that go away by themselves when it is put right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.const import CONF_NAME
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .central_system.protocol.text import escaped
from .central_system.station.quirks import understood
from .central_system.station_state import FailSafe, NewPassword
from .const import (
    CONF_QUIRKS,
    CONF_SOURCES,
    DOMAIN,
    MAIN_CIRCUIT,
    SUBENTRY_CAPACITY,
    SUBENTRY_CHARGER,
    SUBENTRY_TARIFF,
)
from .data import SunfuseConfigEntry
from .engine.model import ConnectorProblem, MeterQuality
from .flows.fail_safe_check import beside_house, chargers_of, fail_safe_problem
from .repairs import hanging
from .sentences import explain
from .site.circuits import CircuitTree, hangs_from
from .site.outcome import ConnectorData, SiteData
from .site.subentries import ignored, usable
from .sources.config import SourcesConfig
from .sources.energy_dashboard import async_grid_counters
from .sources.sign_watch import SignWatch
from .sources.states import ProblemKind, StateReader

# A restart of a device or a gateway, and the update of its firmware, are over by then.
MODBUS_GONE_AFTER = timedelta(minutes=10)
# A sensor that is away for a moment needs nobody.
METER_LOST_AFTER = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairIssue:
    """A repair issue: its translation, what it is about, and what its text names."""

    translation_key: str
    about: str
    placeholders: tuple[tuple[str, str], ...]
    fix: tuple[tuple[str, str], ...] = ()  # what repairs.py needs to put it right


@callback
def watch_issues(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Show what is wrong for as long as it is wrong, and for as long as the site is loaded."""
    coordinator = entry.runtime_data.coordinator
    shown: dict[str, RepairIssue] = {}
    signs = _Signs(hass, entry)
    entry.async_create_background_task(
        hass, signs.async_start(), f"{DOMAIN} counters {entry.title}"
    )
    lost_since: dict[str, datetime] = {}
    # What is stored of a tariff changes with a new set-up only.
    unusable = tuple(_unusable_tariffs(entry))

    @callback
    def update() -> None:
        found = {
            f"{entry.entry_id}_{issue.translation_key}_{issue.about}": issue
            for issue in (
                *_issues(hass, coordinator.data, entry),
                *unusable,
                *signs.issues(coordinator.data),
                *_lost_meters(coordinator.data, entry, lost_since),
            )
        }
        for issue_id in shown.keys() - found.keys():
            ir.async_delete_issue(hass, DOMAIN, issue_id)
            del shown[issue_id]
        for issue_id, issue in found.items():
            if shown.get(issue_id) != issue:
                shown[issue_id] = issue
                ir.async_create_issue(
                    hass,
                    DOMAIN,
                    issue_id,
                    is_fixable=bool(issue.fix),
                    data={"entry_id": entry.entry_id, **dict(issue.fix)},
                    severity=ir.IssueSeverity.WARNING,
                    translation_key=issue.translation_key,
                    translation_placeholders=dict(issue.placeholders),
                )

    @callback
    def clear() -> None:
        for issue_id in shown:
            ir.async_delete_issue(hass, DOMAIN, issue_id)

    entry.async_on_unload(coordinator.async_add_listener(update))
    entry.async_on_unload(clear)
    update()


class _Signs:
    """Tells of a grid power, phases and counters whose signs contradict each other."""

    def __init__(self, hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
        self._counters: tuple[list[str], list[str]] = ([], [])
        self._watch = SignWatch()

    async def async_start(self) -> None:
        """Find the dashboard's counters; those that the power is made of judge nothing."""
        drawn, given = await async_grid_counters(self._hass)
        own = self._sources.grid.entities if self._sources.grid else ()
        if not set(own) & {*drawn, *given}:
            self._counters = (drawn, given)

    def issues(self, data: SiteData) -> Iterator[RepairIssue]:
        """Yield what contradicts, by what is known now."""
        meter = dict(data.snapshot.meters).get(MAIN_CIRCUIT)
        if meter is None:
            return
        phases_w = (
            sum(meter.current_a) * data.snapshot.site.voltage_v
            if meter.current_a
            else None
        )
        self._watch.see(
            data.snapshot.now,
            power_w=meter.power_w if meter.power_w is not None else phases_w,
            phases_w=phases_w if meter.power_w is not None else None,
            counted_wh=self._counted_wh(),
        )
        placeholders = (
            ("site", self._entry.title),
            ("entities", ", ".join(self._sources.meter.entities)),
        )
        if self._watch.counters_contradict:
            yield RepairIssue(
                translation_key="sign_counters",
                about="grid",
                placeholders=placeholders,
            )
        if self._watch.phases_contradict:
            yield RepairIssue(
                translation_key="sign_phases", about="grid", placeholders=placeholders
            )

    def _counted_wh(self) -> float | None:
        """Return what the counters have counted, import less export; None where one of them says nothing."""
        drawn, given = self._counters
        reader = StateReader(self._hass)
        sides = [
            (sign, reader.energy_wh(entity))
            for sign, entities in ((1, drawn), (-1, given))
            for entity in entities
        ]
        if not sides or any(value is None for _, value in sides):
            return None
        return sum(sign * value.number for sign, value in sides if value)


def _issues(
    hass: HomeAssistant, data: SiteData, entry: SunfuseConfigEntry
) -> Iterator[RepairIssue]:
    for problem in data.problems:
        if problem.kind is ProblemKind.MISSING and hass.state is not CoreState.running:
            # Others start later than we do, and stop sooner.
            continue
        # What is unavailable comes back; what is missing or speaks another unit does not by itself.
        if problem.kind in (ProblemKind.MISSING, ProblemKind.WRONG_UNIT):
            yield RepairIssue(
                translation_key=f"source_{problem.kind}",
                about=problem.entity_id,
                placeholders=(("entity", problem.entity_id), ("site", entry.title)),
                fix=(("entity_id", problem.entity_id),),
            )
        if problem.kind is ProblemKind.TOO_COARSE:
            yield RepairIssue(
                translation_key="source_too_coarse",
                about=problem.entity_id,
                placeholders=(("entity", problem.entity_id), ("site", entry.title)),
            )
    yield from _unknown_quirks(entry)
    yield from _ignored(entry)
    yield from _circuit_issues(entry)
    yield from _fail_safe_beside_house(entry)
    yield from _price_issues(entry)
    if entity_id := entry.runtime_data.battery_hold.failed:
        yield RepairIssue(
            translation_key="battery_hold_failed",
            about=entity_id,
            placeholders=(("entity", entity_id), ("site", entry.title)),
        )
    yield from _slow_meters(data, entry)
    yield from _modbus_issues(entry)
    for connector in data.connectors.values():
        yield from _charger_issues(connector)


def _lost_meters(
    data: SiteData, entry: SunfuseConfigEntry, lost_since: dict[str, datetime]
) -> Iterator[RepairIssue]:
    """Tell of meters that have been lost for a while, and of which of their sensors it is."""
    names = {circuit.id: circuit.name for circuit in data.snapshot.circuits}
    now = data.snapshot.now
    for circuit in data.decision.circuits:
        reason = circuit.meter_lost(names[circuit.id])
        if reason is None or circuit.meter is MeterQuality.AWAITED:
            lost_since.pop(circuit.id, None)
            continue
        if now - lost_since.setdefault(circuit.id, now) < METER_LOST_AFTER:
            continue
        sensors = circuit.sensors or _fuse_sensors(entry, circuit.id)
        yield RepairIssue(
            translation_key="meter_lost",
            about=circuit.id,
            placeholders=(
                ("circuit", names[circuit.id]),
                ("site", entry.title),
                ("sensors", ", ".join(sensors) or names[circuit.id]),
                ("why", explain(entry.runtime_data.sentences, reason)),
            ),
        )


def _fuse_sensors(entry: SunfuseConfigEntry, circuit: str) -> tuple[str, ...]:
    """Return the sensors that protect a circuit."""
    if circuit == MAIN_CIRCUIT:
        return entry.runtime_data.sources.meter.fuse_entities
    meter = CircuitTree.of(entry).sources()[circuit].sources.meter
    return meter.fuse_entities if meter else ()


def _slow_meters(data: SiteData, entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    for slow in entry.runtime_data.observed.too_slow(data.snapshot.circuits):
        main = slow.circuit == MAIN_CIRCUIT
        usual_s = slow.interval.usual_s
        yield RepairIssue(
            translation_key=f"slow_{'meter' if main else 'circuit_meter'}",
            about="grid" if main else slow.circuit,
            placeholders=(
                ("entity", slow.entity),
                ("site", entry.title),
                ("circuit", slow.name),
                # Rounded, so that the issue does not change with every reading.
                ("interval", f"{10 * round(usual_s / 10) or usual_s:.0f}"),
                ("margin", f"{slow.margin_a:.0f}"),
            ),
        )


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
            fix=(("circuit", circuit),),
        )
    sums: dict[str, str] = {}
    if fail_safe_problem(tree, chargers_of(entry), sums):
        sums["circuit"] = sums["circuit"] or main
        yield RepairIssue(
            translation_key="fail_safe_sum",
            about="circuits",
            placeholders=(("site", entry.title), *sums.items()),
        )


def _fail_safe_beside_house(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    tree, chargers = CircuitTree.of(entry), chargers_of(entry)
    if fail_safe_problem(tree, chargers, {}):
        return  # the fuse does not even carry them alone, which is another repair
    warning = beside_house(tree, chargers, entry.runtime_data.unwatched_a)
    if warning is not None:
        yield RepairIssue(
            translation_key="fail_safe_house",
            about="house",
            placeholders=(("site", entry.title), *warning.items()),
        )


def _unusable_tariffs(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Tell of tariffs that are there and do nothing, since what is stored of them cannot be read."""
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
        )


def _unknown_quirks(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Tell of what is set for a charger and not understood, as after a downgrade; the charger does without."""
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
            )


def _ignored(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Tell of what is stored of a site and cannot be used; the rest of the site runs without it."""
    for subentry in ignored(entry):
        yield RepairIssue(
            translation_key=f"ignored_{subentry.subentry_type}",
            about=subentry.subentry_id,
            placeholders=(("site", entry.title), ("item", escaped(subentry.title))),
        )


def _price_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    prices = entry.runtime_data.prices
    for problem in prices.problems(dt_util.utcnow()) if prices else ():
        yield RepairIssue(
            translation_key=f"price_{problem.key}",
            about="prices",
            placeholders=(("site", entry.title), ("detail", problem.detail or "?")),
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
        )


def _charger_issues(connector: ConnectorData) -> Iterator[RepairIssue]:
    station = connector.station
    name = station.identity
    charger = (("charger", escaped(name)),)
    if connector.decision.problem is ConnectorProblem.EXCEEDS_OFFER:
        yield RepairIssue(
            translation_key="exceeds_offer",
            about=connector.key.id,
            placeholders=charger,
        )
    if connector.key.connector > 1:
        return
    if not station.takes_limits:
        yield RepairIssue(
            translation_key="cannot_be_limited", about=name, placeholders=charger
        )
    elif station.fail_safe is FailSafe.DOES_NOT_FALL_BACK:
        yield RepairIssue(
            translation_key="does_not_fall_back", about=name, placeholders=charger
        )
    if station.fail_safe_set is False and station.takes_limits:
        yield RepairIssue(
            translation_key="fail_safe_refused", about=name, placeholders=charger
        )
    if station.new_password in (NewPassword.NEEDS_RESTART, NewPassword.NOT_USED):
        yield RepairIssue(
            translation_key=f"new_password_{station.new_password}",
            about=name,
            placeholders=charger,
        )
    if station.wrong_passwords:
        address = ("address", station.wrong_password_from or "?")
        yield RepairIssue(
            translation_key="wrong_password",
            about=name,
            placeholders=(*charger, address),
        )
