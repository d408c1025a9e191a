"""The meaning of SunSpec's points for a site: which of them are which quantity, and with which sign."""

from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, replace

from . import sunspec_models as models
from .device import PLAUSIBLE, Condition, Dimension, Quantity, QuantityReading, Term
from .registers import RegisterTable, ValueType
from .sunspec_chain import Block
from .sunspec_solaredge import MANUFACTURER as SOLAREDGE, Battery, storage_of

_PHASES: Mapping[int, frozenset[Quantity]] = {
    phase: frozenset(
        (
            Quantity(f"power_l{phase}"),
            Quantity(f"current_l{phase}"),
            Quantity(f"voltage_l{phase}"),
        )
    )
    for phase in (1, 2, 3)
}
_VOLTAGES = frozenset((Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3))
# These are optional in the models. Those that a device lacks at the discovery are not read.
_OPTIONAL = frozenset(
    (
        Quantity.POWER_L1,
        Quantity.POWER_L2,
        Quantity.POWER_L3,
        Quantity.TEMPERATURE,
        Quantity.SOLAR_ENERGY,
    )
)
# Of a meter at an inverter: its values of the grid.
_OF_THE_GRID: Mapping[Quantity, Quantity] = {
    quantity: Quantity(f"grid_{quantity}")
    for quantity in (
        Quantity.POWER,
        Quantity.POWER_L1,
        Quantity.POWER_L2,
        Quantity.POWER_L3,
        Quantity.CURRENT_L1,
        Quantity.CURRENT_L2,
        Quantity.CURRENT_L3,
    )
} | {q: q for q in (Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT)}


type _Known = AbstractSet[Quantity]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """What a maker does differently."""

    # The sign of a meter's power on import.
    meter_sign: int = 1
    # False if the sign is not known.
    meter: bool = True


# SolarEdge: positive on export (evcc solaredge-hybrid: scale -1). KOSTAL: no document gives the sign of its model 203;
# its own registers do (kostal_plenticore).
_MAKERS: Mapping[str, _Maker] = {
    SOLAREDGE: _Maker(meter_sign=-1),
    "KOSTAL": _Maker(meter=False),
}


def readings_of(
    chain: Sequence[Block],
    manufacturer: str,
    batteries: Sequence[Battery],
    known: _Known,
) -> dict[Quantity, QuantityReading]:
    """Return all readings of a chain and of the batteries beside it, by their meaning for a site.

    Quantities known already count as implemented: at night a device may report less than it can.
    """
    maker = next(
        (maker for name, maker in _MAKERS.items() if manufacturer.startswith(name)),
        _Maker(),
    )
    inverter = _first(chain, models.INVERTERS)
    meter = _grid_meter(chain, beside=inverter is not None) if maker.meter else None
    storage = storage_of(batteries) or _storage(chain, known)
    readings: dict[Quantity, QuantityReading] = {}
    if inverter is not None:
        readings |= _inverter(inverter, known, storage=bool(storage))
        solar = (
            _solar_beside(inverter, batteries)
            if batteries
            else _solar(chain, inverter, known, storage=bool(storage))
        )
        if solar:
            readings[Quantity.SOLAR_POWER] = _reading(Quantity.SOLAR_POWER, *solar)
    if meter is not None:
        of_old = known | {q for q, of in _OF_THE_GRID.items() if of in known}
        of_meter = _meter(meter, of_old, maker.meter_sign)
        readings |= _of_the_grid(of_meter) if inverter is not None else of_meter
    return readings | storage


def _grid_meter(chain: Sequence[Block], *, beside: bool) -> Block | None:
    """Return the grid meter: the one that is declared to be it, else the first that is not declared to be elsewhere.

    A common model begins each meter. `beside` an inverter, a meter may be that of the production or of the load:
    SolarEdge states so in the option of the common model ("Export+Import", "Production", "Consumption"; SunSpec Logging
    in SolarEdge Inverters, meter models).
    """
    meters = [
        (_option(device[0]), meter)
        for device in _devices(chain)
        if (meter := _first(device, models.METERS)) is not None
    ]
    at_the_grid = [meter for option, meter in meters if "import" in option]
    possible = [
        meter
        for option, meter in meters
        if not (beside and ("production" in option or "consumption" in option))
    ]
    return next(iter((*at_the_grid, *possible)), None)


def _devices(chain: Sequence[Block]) -> list[list[Block]]:
    """Return the chain in parts, each of which begins with a common model."""
    parts: list[list[Block]] = []
    for block in chain:
        if block.model == models.COMMON or not parts:
            parts.append([])
        parts[-1].append(block)
    return parts


def _option(common: Block) -> str:
    if common.model != models.COMMON:
        return ""
    return common.text(models.OPTION, models.OPTION_LENGTH).lower()


def _first(chain: Sequence[Block], preferred: Iterable[int]) -> Block | None:
    return next(
        (block for model in preferred for block in chain if block.model == model), None
    )


def _inverter(
    block: Block, known: _Known, *, storage: bool
) -> dict[Quantity, QuantityReading]:
    readings: dict[Quantity, QuantityReading] = {}
    for quantity, point in _points(block, models.INVERTERS[block.model]).items():
        # At night an inverter may report no power, which means zero.
        term = block.term(point, default=0 if quantity is Quantity.POWER else None)
        # The output of an inverter with a battery is not only solar power.
        if term is None or (storage and quantity is Quantity.SOLAR_ENERGY):
            continue
        if quantity in _OPTIONAL - known and not block.implements(term):
            continue
        readings[quantity] = _reading(quantity, term)
    # A shortened model may have currents and no power.
    sign = Quantity.POWER if Quantity.POWER in readings else None
    return {
        quantity: _reading(quantity, *reading.terms, signed_by=sign)
        if quantity.dimension is Dimension.CURRENT
        else reading
        for quantity, reading in readings.items()
    }


def _meter(block: Block, known: _Known, sign: int) -> dict[Quantity, QuantityReading]:
    readings: dict[Quantity, QuantityReading] = {}
    for quantity, point in _points(block, models.METERS[block.model]).items():
        directed = quantity.dimension in (Dimension.POWER, Dimension.CURRENT)
        term = block.term(point, sign if directed else 1)
        if term is None or (
            quantity in _OPTIONAL - known and not block.implements(term)
        ):
            continue
        readings[quantity] = _reading(quantity, term)
    readings = _where_live(readings, block)
    one_phase = models.PHASES[block.model] == 1
    for phase in (1, 2, 3):
        current = Quantity(f"current_l{phase}")
        by = Quantity.POWER if one_phase else Quantity(f"power_l{phase}")
        if current in readings and by in readings:
            readings[current] = replace(readings[current], signed_by=by)
    return readings


def _where_live(
    readings: dict[Quantity, QuantityReading], block: Block
) -> dict[Quantity, QuantityReading]:
    """Return a meter's powers and currents, valid while it measures the line's voltage or frequency.

    An inverter that sleeps, or cannot reach its meter, shows 0 for all of it; a working meter measures the line.
    """
    for quantity in (Quantity.FREQUENCY, Quantity.VOLTAGE_L1):
        if (live := readings.get(quantity)) and block.implements(live.terms[0]):
            break
    else:
        return readings
    sees = Condition(register=live.terms[0].register, between=(1.0, 1e9))
    return {
        quantity: replace(reading, valid_if=(sees,))
        if quantity.dimension in (Dimension.POWER, Dimension.CURRENT)
        else reading
        for quantity, reading in readings.items()
    }


def _points(block: Block, points: models.Points) -> dict[Quantity, models.Point]:
    """Return the points of the phases that exist."""
    phases = models.PHASES.get(block.model)
    if phases is None:
        phases = models.PHASES_BY_WIRING.get(block.word(models.WIRING) or 0, 3)
    left_out = {q for phase in (1, 2, 3) if phase > phases for q in _PHASES[phase]}
    if block.model in models.DELTA:
        left_out |= _VOLTAGES
    return {q: point for q, point in points.items() if q not in left_out}


def _of_the_grid(
    readings: Mapping[Quantity, QuantityReading],
) -> dict[Quantity, QuantityReading]:
    """Return a meter's readings as those of the grid connection."""
    return {
        _OF_THE_GRID[quantity]: replace(
            reading,
            signed_by=_OF_THE_GRID[reading.signed_by] if reading.signed_by else None,
        )
        for quantity, reading in readings.items()
        if quantity in _OF_THE_GRID
    }


def _solar(
    chain: Sequence[Block], inverter: Block, known: _Known, *, storage: bool
) -> list[Term]:
    """Return solar power: without a battery the whole output of the inverter, otherwise that of its solar inputs."""
    if storage:
        return [term for role, term in _inputs(chain, known) if role == 0]
    point = models.INVERTERS[inverter.model][Quantity.POWER]
    power = inverter.term(point, default=0)
    return [power] if power else []


def _solar_beside(inverter: Block, batteries: Sequence[Battery]) -> list[Term]:
    """Return solar power where batteries share its inputs: what comes in, and what they take before that."""
    if inverter.model not in models.WITH_DC_POWER:
        return []
    power = inverter.term(models.DC_POWER, default=0)
    return [power, *(battery.charging() for battery in batteries)] if power else []


def _storage(chain: Sequence[Block], known: _Known) -> dict[Quantity, QuantityReading]:
    """Return what is known of a battery, nothing if there is none."""
    readings: dict[Quantity, QuantityReading] = {}
    power = [term for role, term in _inputs(chain, known) if role != 0]
    if (block := _first(chain, (models.BATTERY,))) is not None:
        # Positive on discharge (evcc reads it so for KOSTAL and others).
        if (term := block.term(models.BATTERY_POWER)) and (
            block.implements(term) or (not power and Quantity.BATTERY_POWER in known)
        ):
            power = [term]
        if (term := block.term(models.BATTERY_SOC)) and (
            block.implements(term) or Quantity.BATTERY_SOC in known
        ):
            readings[Quantity.BATTERY_SOC] = _reading(Quantity.BATTERY_SOC, term)
    elif (block := _first(chain, (models.CAPACITY,))) is not None:
        # A device without storage always reports 0 %.
        rated = block.word(models.CAPACITY_RATING)
        there = power or rated or Quantity.BATTERY_SOC in known
        if there and (term := block.term(models.CAPACITY_SOC)):
            readings[Quantity.BATTERY_SOC] = _reading(Quantity.BATTERY_SOC, term)
    elif term := _soc(chain, known):
        readings[Quantity.BATTERY_SOC] = _reading(Quantity.BATTERY_SOC, term)
    if power:
        readings[Quantity.BATTERY_POWER] = _reading(Quantity.BATTERY_POWER, *power)
    return readings


def _soc(chain: Sequence[Block], known: _Known) -> Term | None:
    """Return the state of charge of model 124, which inverters without storage also have, but leave empty."""
    block = _first(chain, (models.STORAGE,))
    term = block.term(models.STORAGE_SOC) if block else None
    if block is None or term is None:
        return None
    there = Quantity.BATTERY_SOC in known or block.implements(term)
    return term if there else None


def _inputs(chain: Sequence[Block], known: _Known) -> list[tuple[int, Term]]:
    """Return the inputs of direct current by role: 0 solar, 1 and -1 discharge and charge of a battery."""
    if (block := _first(chain, (models.PORTS,))) is not None:
        return _ports(block)
    if (block := _first(chain, (models.MODULES,))) is not None:
        return _modules(block, has_storage=_soc(chain, known) is not None)
    return []


def _ports(block: Block) -> list[tuple[int, Term]]:
    """Return the ports of model 714. Like all powers of its family they are positive on injection."""
    roles = {models.PORT_SOLAR: 0, models.PORT_STORAGE: 1}
    inputs = []
    for index in range(block.word(models.PORT_COUNT) or 0):
        start = models.PORT_START + index * models.PORT_LENGTH
        kind = block.image.get((RegisterTable.HOLDING, block.address + start))
        point = models.Point(
            offset=start + models.PORT_POWER,
            type=ValueType.INT16,
            scale=models.PORT_POWER_SCALE,
        )
        term = block.term(point, default=0)
        if term is None:
            break
        if kind in roles:
            inputs.append((roles[kind], term))
    return inputs


def _modules(block: Block, *, has_storage: bool) -> list[tuple[int, Term]]:
    """Return the modules of model 160.

    Fronius has a battery's two directions as separate modules, named "StCha 3" and "StDisCha 4", or on older
    devices the third and fourth of four without a name (PyPI: fronius-modbus 0.3, mppt.py).
    """
    starts = [
        models.MODULE_START + index * models.MODULE_LENGTH
        for index in range(block.word(models.MODULE_COUNT) or 0)
    ]
    starts = [start for start in starts if block.has(start, models.MODULE_LENGTH)]
    roles = [
        _role(block.text(start + 1, models.MODULE_NAME_LENGTH)) for start in starts
    ]
    if has_storage and len(roles) == 4 and not any(roles):
        roles = [0, 0, -1, 1]
    inputs = []
    for role, start in zip(roles, starts, strict=True):
        point = models.Point(
            offset=start + models.MODULE_POWER,
            type=ValueType.UINT16,
            scale=models.MODULE_POWER_SCALE,
        )
        if term := block.term(point, role or 1, default=0):
            inputs.append((role, term))
    return inputs


def _role(name: str) -> int:
    name = name.lower()
    if "discha" in name:
        return 1
    return -1 if "stcha" in name or "charge" in name else 0


def _reading(
    quantity: Quantity, *terms: Term, signed_by: Quantity | None = None
) -> QuantityReading:
    return QuantityReading(
        terms=terms, signed_by=signed_by, between=PLAUSIBLE[quantity.dimension]
    )
