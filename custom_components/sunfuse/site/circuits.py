"""Builds the tree of circuits from the configuration: the main fuse, and the panels and feeders below it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from homeassistant.config_entries import ConfigEntry

from ..const import (
    CONF_ASSUMED_LOAD,
    CONF_CHARACTERISTIC,
    CONF_CIRCUIT,
    CONF_DERATE_FROM,
    CONF_DERATE_STOP,
    CONF_DERATE_TO,
    CONF_LIMIT,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_METER_MAX_AGE,
    CONF_PARENT,
    CONF_REMOVED_CIRCUITS,
    CONF_SOURCES,
    CONF_SYSTEM,
    CONF_TEMPERATURE,
    DEFAULT_METER_MAX_AGE_S,
    MAIN_CIRCUIT,
    SITE_PHASES,
    SUBENTRY_CHARGER,
    SUBENTRY_CIRCUIT,
)
from ..engine.model import Circuit, PerPhase
from ..engine.tuning import Characteristic, Derating
from ..sources.config import CircuitSources
from ..sources.live_readings import CircuitSource
from .subentries import ignored, usable

type Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitConfig:
    """A circuit below the main fuse, as entered in its form."""

    id: str
    name: str
    data: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitTree:
    """The circuits of a site by id. `removed` has the parents of removed circuits.

    It is not known what `ignored` circuits carry (see `subentries`): they are not part of the tree.
    """

    site: Form  # data and options of the config entry
    circuits: Mapping[str, CircuitConfig] = field(default_factory=dict)
    removed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entry: ConfigEntry) -> Self:
        """Return the circuits of a site."""
        return cls(
            site={**entry.data, **entry.options},
            circuits={
                subentry.subentry_id: CircuitConfig(
                    id=subentry.subentry_id, name=subentry.title, data=subentry.data
                )
                for subentry in usable(entry, SUBENTRY_CIRCUIT)
            },
            removed=entry.data.get(CONF_REMOVED_CIRCUITS, {}),
            ignored=frozenset(
                subentry.subentry_id for subentry in ignored(entry, SUBENTRY_CIRCUIT)
            ),
        )

    @property
    def phases(self) -> int:
        """Return how many phases the site has."""
        return SITE_PHASES[self.site[CONF_SYSTEM]]

    def at(self, circuit: str) -> str:
        """Return a circuit that exists: for a removed one its former parent, ultimately the main fuse."""
        seen: set[str] = set()
        while circuit not in self.circuits and circuit not in seen:
            seen.add(circuit)
            circuit = self.removed.get(circuit, {}).get(CONF_PARENT, MAIN_CIRCUIT)
        return circuit if circuit in self.circuits else MAIN_CIRCUIT

    def parent(self, circuit: str) -> str:
        """Return the parent of a circuit."""
        return self.at(self.circuits[circuit].data[CONF_PARENT])

    def name_of(self, circuit: str) -> str:
        """Return the name of a circuit below the main fuse."""
        return self.circuits[circuit].name

    def path(self, circuit: str) -> tuple[str, ...]:
        """Return the circuits from this one up to the main fuse.

        Circuits in a loop, which no form allows, are below the main fuse.
        """
        first = at = self.at(circuit)
        path: list[str] = []
        while at != MAIN_CIRCUIT:
            if at in path:
                return (first, MAIN_CIRCUIT)
            path.append(at)
            at = self.parent(at)
        return (*path, MAIN_CIRCUIT)

    def limit_a(self, circuit: str) -> PerPhase:
        """Return a circuit's limit per phase; 0 for a phase that does not feed it."""
        if circuit == MAIN_CIRCUIT:
            return main_limit(self.site, self.phases)
        data = self.circuits[circuit].data
        return per_phase(data, "limit", self.phases, data[CONF_LIMIT])

    def carried_a(self, circuit: str) -> PerPhase:
        """Return what a circuit and those above it all carry, per phase."""
        limits = [self.limit_a(name) for name in self.path(circuit)]
        return tuple(min(of_phase) for of_phase in zip(*limits, strict=True))

    def wired(self, circuit: str) -> tuple[int, ...]:
        """Return the site phases (0 is L1) that feed a circuit."""
        limits = [self.limit_a(name) for name in self.path(circuit)]
        return tuple(
            phase
            for phase in range(self.phases)
            if all(limit[phase] > 0 for limit in limits)
        )

    def engine_circuits(
        self, main_name: str, limits_a: Mapping[str, float] | None = None
    ) -> tuple[Circuit, ...]:
        """Return the tree for the engine. Limits that users set, by circuit, can only lower it."""
        lower = limits_a or {}
        return (
            main_circuit(main_name, self.site, lower.get(MAIN_CIRCUIT)),
            *(
                self._engine_circuit(circuit, lower.get(circuit.id))
                for circuit in self.circuits.values()
            ),
        )

    def _engine_circuit(self, circuit: CircuitConfig, lower_a: float | None) -> Circuit:
        data = circuit.data
        path = self.path(circuit.id)
        assumed_a = data.get(CONF_ASSUMED_LOAD)
        return Circuit(
            id=circuit.id,
            name=circuit.name,
            parent=path[1],
            limit_a=_lowered(self.limit_a(circuit.id), lower_a),
            rated_a=self.limit_a(circuit.id),
            margin_a=data[CONF_MARGIN],
            assumed_load_a=_assumed(assumed_a, self.wired(circuit.id), self.phases),
            meter_max_age_s=data.get(CONF_METER_MAX_AGE, DEFAULT_METER_MAX_AGE_S),
            fixed_load_a=fixed_load(data, self.phases),
            derating=derating(data),
            characteristic=characteristic(data),
        )

    def sources(self) -> dict[str, CircuitSource]:
        """Return the sources of each circuit; the main fuse's meter is the site's own."""
        found = {
            circuit.id: CircuitSource(
                sources=CircuitSources.from_dict(circuit.data.get(CONF_SOURCES, {})),
                wired=self.wired(circuit.id),
            )
            for circuit in self.circuits.values()
        }
        if temperature := self.site.get(CONF_TEMPERATURE):
            found[MAIN_CIRCUIT] = CircuitSource(
                sources=CircuitSources(temperature=temperature),
                wired=self.wired(MAIN_CIRCUIT),
            )
        return found

    def orphaned(self, circuits: Iterable[str]) -> set[str]:
        """Return which of these circuits do not exist."""
        return {*circuits} - {MAIN_CIRCUIT, *self.circuits, *self.ignored}

    def below_ignored(self, circuit: str) -> bool:
        """Return whether a circuit is, or is below, one whose capacity is not known."""
        if circuit in self.ignored:
            return True
        return any(
            self.circuits[name].data[CONF_PARENT] in self.ignored
            for name in self.path(circuit)[:-1]
        )


def hangs_from(entry: ConfigEntry) -> set[str]:
    """Return the parents that the chargers and circuits of a site name."""
    return {
        *(c.data[CONF_CIRCUIT] for c in usable(entry, SUBENTRY_CHARGER)),
        *(c.data[CONF_PARENT] for c in usable(entry, SUBENTRY_CIRCUIT)),
    }


def main_circuit(name: str, site: Form, limit_a: float | None) -> Circuit:
    """Return the main fuse as the root of the tree; a limit set in the UI can only lower it."""
    phases = SITE_PHASES[site[CONF_SYSTEM]]
    return Circuit(
        id=MAIN_CIRCUIT,
        name=name,
        parent=None,
        limit_a=_lowered(main_limit(site, phases), limit_a),
        rated_a=main_limit(site, phases),
        margin_a=site[CONF_MARGIN],
        assumed_load_a=_assumed(
            site.get(CONF_ASSUMED_LOAD), tuple(range(phases)), phases
        ),
        meter_max_age_s=site.get(CONF_METER_MAX_AGE, DEFAULT_METER_MAX_AGE_S),
        fixed_load_a=fixed_load(site, phases),
        derating=derating(site),
        characteristic=characteristic(site),
    )


def main_limit(site: Form, phases: int) -> PerPhase:
    """Return what the main fuse carries on each phase: in a few sites one of them has another rating."""
    return per_phase(site, "limit", phases, site[CONF_MAIN_FUSE])


def per_phase_fields(what: str, phases: int) -> list[str]:
    """Return the fields of a form that exist once per phase."""
    return [f"{what}_l{phase + 1}_a" for phase in range(phases)]


def per_phase(form: Form, what: str, phases: int, otherwise: float) -> PerPhase:
    """Return the values of such fields."""
    return tuple(form.get(field, otherwise) for field in per_phase_fields(what, phases))


def fixed_load(form: Form, phases: int) -> PerPhase | None:
    """Return the known loads that no meter measures, None if there are none."""
    load = per_phase(form, "fixed", phases, 0.0)
    return load if any(load) else None


def characteristic(form: Form) -> Characteristic:
    """Return the trip characteristic of a circuit's fuse or breaker: the most cautious curve by default."""
    return Characteristic(form.get(CONF_CHARACTERISTIC, Characteristic.B))


def derating(form: Form) -> Derating | None:
    """Return how a circuit's temperature lowers its limit, None if it has no sensor."""
    if not form.get(CONF_TEMPERATURE) and not form.get(CONF_SOURCES, {}).get(
        CONF_TEMPERATURE
    ):
        return None
    return Derating(
        from_c=form[CONF_DERATE_FROM],
        to_c=form[CONF_DERATE_TO],
        stop_c=form[CONF_DERATE_STOP],
    )


def _lowered(limit_a: PerPhase, lower_a: float | None) -> PerPhase:
    return limit_a if lower_a is None else tuple(min(a, lower_a) for a in limit_a)


def _assumed(
    load_a: float | None, wired: tuple[int, ...], phases: int
) -> PerPhase | None:
    if load_a is None:
        return None
    return tuple(load_a if phase in wired else 0.0 for phase in range(phases))
