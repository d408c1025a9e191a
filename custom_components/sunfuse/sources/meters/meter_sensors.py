"""Which of a device's sensors measure what of the grid, by the names that integrations give them.

A wrong proposal is worse than none: an inverter's own currents, or the strings of its roof, taken for the
house's connection would let a fuse blow. So a sensor whose name is not the grid's, or that fits twice, is not proposed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..config import MeterConfig, PowerSource
from .phase_names import PHASE_NUMBERS, bare_phase, named_phase, phase_devices, words_in
from .sign_conventions import convention_of

_CLASSES = frozenset((SensorDeviceClass.POWER, SensorDeviceClass.CURRENT))


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_IMPORT = _set(
    "absorbed consumed consumption draw drawn import imported positive usage used"
)
_EXPORT = _set(
    "delivery export exported feed feedin injected injection negative produced production return returned supplied"
)
# "Power to grid" and "power from grid".
_TOWARDS = {("to", "grid"): "exported", ("from", "grid"): "imported"}
# A balance has both directions, whatever else its name contains.
_BALANCE = _set("balance balanced net")
# Feed-in goes to the grid, whatever else its name contains.
_FED_IN = _set("feed feedin injected injection")
_GRID = _FED_IN | _set("grid mains meter metering net site utility")
_NOT_THE_GRID = _set(
    "apparent average avg backfeed backup bat batt battery busway dc demand estimated evse factor fuse generation "
    "generator inverter "
    "limit load max maximum min minimum mppt n neutral off optimizer output peak photovoltaics port pv reactive solar storage "
    "string target threshold"
)
# A device with such sensors is an inverter, whose own phases may have no name but "current L1".
_INVERTER = _set("bat batt battery inverter mppt photovoltaics pv solar string")
# Numbers with these words are of inputs, clamps and outlets; what is connected to them is unknown.
_NUMBERED = _set(
    "channel ch circuit clamp ct input in outlet output out plug port relay socket"
)
# Their power is not that of the house.
_LOADS = _set(
    "aircon airco boiler car charger charging conditioner cooker cooling dishwasher dryer elbil ev evse freezer fridge "
    "garage heat heater heating heatpump hob hvac kitchen laadpaal light lights oven plug pool pump sauna server socket "
    "stove tesla vehicle voiture wallbox warmtepomp washer washing"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sensor:
    """A sensor: its phase if it has one, its name without that, and the words that describe it."""

    entity_id: str
    device_class: str
    phase: int | None
    stem: tuple[str, ...]
    words: frozenset[str]
    # Whether it is positive on export, None if its integration is not known.
    inverted: bool | None = None
    # A number alone may mean anything.
    bare: bool = False

    @property
    def direction(self) -> int:
        """Return 1 for import, -1 for export, 0 for both or unknown."""
        if self.words & _BALANCE or self.inverted is not None:
            return 0
        return bool(self.words & _IMPORT) - bool(self.words & _EXPORT)


def suggest_meter(
    hass: HomeAssistant, entities: Iterable[str], *, inverted: bool = False
) -> MeterConfig:
    """Return the meter on the device of these entities, as far as the names of its sensors show it.

    `inverted` is what is known of the sign of its total.
    """
    registry = er.async_get(hass)
    known = [entry for name in entities if (entry := registry.async_get(name))]
    sensors = [one for one in _sensors(hass, known) if not _of_a_load(one)]
    from_0 = _numbered_from_0(sensors)
    sensors = [one for one in sensors if one not in from_0]
    words = frozenset(word for entry in known for word in _words_of(entry))
    own = [
        one
        for one in sensors
        if one.device_class == SensorDeviceClass.POWER
        and not _may_be_first_phase(one, sensors)
    ]
    if any(one.words & _INVERTER for one in sensors):
        sensors = [one for one in sensors if _is_named_after_the_grid(one)]
    drawn, given = _group(sensors, words, 1), _group(sensors, words, -1)
    powers = _group(sensors, words, 0)
    currents = _group(sensors, words, 0, SensorDeviceClass.CURRENT)
    by_convention = [one for one in sensors if one.inverted is not None]
    own_currents = _group(by_convention, words, 0, SensorDeviceClass.CURRENT)
    own_powers = _group(by_convention, words, 0)
    signs = {
        one.inverted
        for one in by_convention
        if one.entity_id in (*own_currents, *own_powers)
    }
    if drawn and len(drawn) == len(given):
        phases = MeterConfig(phases=drawn, phases_export=given)
    elif signs == {True}:
        # Currents of unknown sign are of no use beside powers whose sign is known to differ from ours.
        phases = MeterConfig(phases=own_currents or own_powers, phases_inverted=True)
    elif currents:
        matching = len(powers) == len(currents)
        phases = MeterConfig(
            phases=currents,
            phases_inverted=inverted,
            phase_powers=powers if matching else (),
        )
    else:
        phases = MeterConfig(phases=powers, phases_inverted=inverted and bool(powers))
    return MeterConfig(
        power=_total(own, words),
        phases=phases.phases,
        phases_inverted=phases.phases_inverted,
        phases_export=phases.phases_export,
        phase_powers=phases.phase_powers,
    )


def is_of_one_phase(hass: HomeAssistant, counter: str) -> bool:
    """Return whether a counter is named after a phase, beside those of other phases."""
    entry = er.async_get(hass).async_get(counter)
    if entry is None or entry.device_id is None:
        return False
    counters = list(
        _sensors_on(
            hass,
            phase_devices(hass, entry.device_id),
            frozenset((SensorDeviceClass.ENERGY,)),
        )
    )
    return any(
        one.entity_id == counter
        and one.phase is not None
        and not one.bare
        and any(
            o.stem == one.stem and o.phase not in (None, one.phase) for o in counters
        )
        for one in counters
    )


def _total(powers: Iterable[_Sensor], known: frozenset[str]) -> PowerSource | None:
    """Return the total: one sensor of both directions, or one for each."""
    totals = _likeliest([(one,) for one in powers if one.phase is None], known)
    signs = {one.entity_id: one.inverted for (one,) in totals}
    by_direction: dict[int, list[str]] = defaultdict(list)
    for (one,) in totals:
        by_direction[one.direction].append(one.entity_id)
    # Of one value under both signs (SolarEdge's "AC Power" and "AC Power Inverted"), the one with ours.
    for sign in (False, True):
        of_sign = [entity for entity in by_direction[0] if signs[entity] is sign]
        if len(by_direction[0]) > 1 and of_sign:
            by_direction[0] = of_sign
    if any(len(found) > 1 for found in by_direction.values()):
        return None
    both, drawn, given = (by_direction[direction] for direction in (0, 1, -1))
    if both and bool(drawn) == bool(given):
        return PowerSource(entity=both[0], inverted=bool(signs[both[0]]))
    # Tibber's "power" is the import, beside "power production".
    if given and (taken := drawn or both):
        return PowerSource(positive=taken[0], negative=given[0])
    return None


def _group(
    sensors: Iterable[_Sensor],
    known: frozenset[str],
    direction: int,
    device_class: SensorDeviceClass = SensorDeviceClass.POWER,
) -> tuple[str, ...]:
    """Return the sensors of all phases that measure this, L1 first; none if several sets do."""
    sets: dict[tuple[str, ...], dict[int, _Sensor]] = defaultdict(dict)
    for one in sensors:
        if (
            one.phase is not None
            and one.device_class == device_class
            and one.direction == direction
        ):
            sets[one.stem].setdefault(one.phase, one)
    complete = [
        tuple(found[phase] for phase in sorted(found))
        for found in sets.values()
        if len(found) > 1
        and sorted(found) == list(range(1, len(found) + 1))
        and _alike(found.values())
    ]
    likeliest = _likeliest(complete, known)
    if len(likeliest) != 1:
        return ()
    return tuple(one.entity_id for one in likeliest[0])


def _alike(phases: Iterable[_Sensor]) -> bool:
    """Return whether sensors that only a number identifies as phases differ in nothing but their number."""
    phases = list(phases)
    if not any(one.bare for one in phases):
        return True
    return len({one.words.difference(PHASE_NUMBERS) for one in phases}) == 1


def _may_be_first_phase(sensor: _Sensor, sensors: Iterable[_Sensor]) -> bool:
    """Return whether a sensor may be no total, but the first phase: Zigbee's "power", "power phase b" and "power phase c"."""
    if sensor.phase is not None:
        return False
    phases = {
        one.phase
        for one in sensors
        if one.device_class == sensor.device_class
        and not one.bare
        and one.phase is not None
        and sensor.words <= one.words
    }
    return bool(phases) and 1 not in phases


def _numbered_from_0(sensors: Iterable[_Sensor]) -> list[_Sensor]:
    """Return sensors whose numbers begin at 0, so that 1 and 2 do not mean the first and the second phase."""
    sets: dict[tuple[str, frozenset[str]], list[_Sensor]] = defaultdict(list)
    for one in sensors:
        if one.bare or (one.phase is None and "0" in one.words):
            rest = one.words.difference(PHASE_NUMBERS, "0")
            sets[one.device_class, rest].append(one)
    return [
        one
        for found in sets.values()
        if {True, False} <= {other.bare for other in found}
        for one in found
    ]


def _is_named_after_the_grid(sensor: _Sensor) -> bool:
    return bool(sensor.words & _GRID) or sensor.inverted is not None


def _of_a_load(sensor: _Sensor) -> bool:
    """Return whether a sensor is of a single load, or of an input that may be one, and not the grid's by its name."""
    return not sensor.words & _GRID and bool(
        sensor.words & _LOADS or (sensor.words & _NUMBERED and sensor.bare)
    )


def _likeliest(
    sets: Iterable[tuple[_Sensor, ...]], known: frozenset[str]
) -> list[tuple[_Sensor, ...]]:
    """Return the sets that are named after the grid, if any, and of several those whose names are most like what is known."""
    left = [found for found in sets if not found[0].words & _NOT_THE_GRID]
    named_alike = known & _GRID
    for said in (_GRID, named_alike | _FED_IN if named_alike else named_alike):
        left = [found for found in left if found[0].words & said] or left
    return left


def _sensors(
    hass: HomeAssistant, known: Iterable[er.RegistryEntry]
) -> Iterator[_Sensor]:
    """Yield the sensors on the devices of these, and those of their phases on devices below."""
    devices = dict.fromkeys(
        device
        for entry in known
        if entry.device_id
        for device in phase_devices(hass, entry.device_id)
    )
    integrations = {e.config_entry_id: None for e in known if e.config_entry_id}
    below = {
        device.id: None
        for integration in integrations
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), integration)
        if device.via_device_id in devices and device.id not in devices
    }
    yield from _sensors_on(hass, devices)
    for one in _sensors_on(hass, below):
        if one.phase is not None:
            yield one


def _sensors_on(
    hass: HomeAssistant,
    devices: Iterable[str],
    classes: AbstractSet[str] = _CLASSES,
) -> Iterator[_Sensor]:
    """Yield the sensors of these classes on these devices."""
    devices = tuple(devices)
    registry = er.async_get(hass)
    entries = [
        entry
        for device in devices
        for entry in er.async_entries_for_device(
            registry, device, include_disabled_entities=True
        )
        if entry.domain == Platform.SENSOR
    ]
    # Words that all of them share are the device's name, not a phase: "P1" is also the port of a meter.
    said = [_words_of(entry) for entry in entries]
    common = _shared(said)
    in_ids = common | _shared([frozenset(_id_words(entry)) for entry in entries])
    called = {device: _device_words(hass, device) for device in devices}
    # The name of a single device does not show a phase either.
    in_devices = (
        frozenset.intersection(*map(frozenset, called.values()))
        if called
        else frozenset()
    )
    for entry, words in zip(entries, said, strict=True):
        device_class = entry.device_class or entry.original_device_class
        row = convention_of(entry)
        if row is not None and not row.grid:
            continue
        if entry.disabled_by is None and device_class and device_class in classes:
            device = called[entry.device_id or ""]
            phase, stem, bare = _phase_of(entry, (common, in_ids), (device, in_devices))
            own = frozenset(words_in(entry.name or ""))
            yield _Sensor(
                entity_id=entry.entity_id,
                device_class=device_class,
                phase=phase,
                stem=stem,
                words=(words | own) - common,
                inverted=row.inverted if row else None,
                bare=bare,
            )


def _names(entry: er.RegistryEntry) -> list[list[str]]:
    """Return the words of each name that an integration gave a sensor."""
    names = (entry.unique_id, entry.translation_key, entry.original_name)
    return [words_in(name) for name in names if name]


def _words_of(entry: er.RegistryEntry) -> frozenset[str]:
    names = _names(entry)
    directions = (
        _TOWARDS[pair] for name in names for pair in pairwise(name) if pair in _TOWARDS
    )
    return frozenset((*directions, *(word for name in names for word in name)))


def _id_words(entry: er.RegistryEntry) -> list[str]:
    return words_in(entry.entity_id.partition(".")[2])


def _shared(said: Sequence[frozenset[str]]) -> frozenset[str]:
    return frozenset.intersection(*said) if len(said) > 1 else frozenset()


def _device_words(hass: HomeAssistant, device_id: str) -> list[str]:
    device = dr.async_get(hass).async_get(device_id)
    return words_in(device.name or "") if device else []


def _phase_of(
    entry: er.RegistryEntry,
    shared: tuple[frozenset[str], frozenset[str]],
    device: tuple[Sequence[str], frozenset[str]],
) -> tuple[int | None, tuple[str, ...], bool]:
    """Return the phase in a sensor's names, the rest of that name, and whether it is only a number.

    `shared` are the words of names and of ids that do not show a phase. If these show none, the name of the device may;
    it is given with such words of its own.
    """
    common, in_ids = shared
    names = [(name, common) for name in _names(entry)]
    for find in (named_phase, bare_phase):
        for name, shared_words in (*names, (_id_words(entry), in_ids)):
            if (found := find(name, shared_words)) is not None:
                phase, place = found
                others = (*name[:place], *name[place + 1 :])
                rest = tuple(word for word in others if word not in shared_words)
                return phase, rest, find is bare_phase
        if (found := named_phase(*device)) is not None:
            return found[0], tuple(words_in(entry.original_name or "")), False
    return None, (), False
