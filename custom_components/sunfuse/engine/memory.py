"""What the engine remembers from tick to tick."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from .codec import to_jsonable
from .meters.doubt import Doubt
from .meters.load_swings import LoadSwing
from .model import BatteryReading, ConnectorStatus, PerPhase, Reason, ReasonKey, watts
from .switch_regret import RecentSky


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a connector drew on the site's phases, and when."""

    at: datetime
    # If only the power is known: spread over the phases that it may use.
    current_a: PerPhase
    power_w: float | None = None
    # What each phase carries at least and at most, if only the power is known; None: as in `current_a`.
    least_a: PerPhase | None = None
    most_a: PerPhase | None = None

    @property
    def lowest_a(self) -> PerPhase:
        """The least that each phase carries."""
        return self.current_a if self.least_a is None else self.least_a

    @property
    def highest_a(self) -> PerPhase:
        """The most that each phase may carry."""
        return self.current_a if self.most_a is None else self.most_a

    def watts(self, voltage_v: float) -> float:
        """Return the power: as reported, otherwise from the currents."""
        return watts(self.power_w, self.current_a, voltage_v)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An offer, when it was sent, and when it was confirmed."""

    at: datetime
    current_a: float
    confirmed_at: datetime | None = None

    @property
    def since(self) -> datetime:
        """Return since when it was in force."""
        return self.confirmed_at or self.at


@dataclass(kw_only=True)
class ConnectorMemory:
    """The past of one connector, as far as it matters for what comes next.

    The steps of a decision write into a copy of it: it has too many fields to be built anew at each. It has no slots,
    because one dictionary is copied in a twentieth of the time that so many slots take.
    """

    FORMER: ClassVar[frozenset[str]] = frozenset(("sky", "regret"))

    draws: tuple[Draw, ...] = ()  # the newest last, as far back as a meter may lag
    asked_at: datetime | None = None  # since when it asks for current
    raised_at: datetime | None = None  # the last increase
    on_since: datetime | None = None  # with an offer since
    waited_long: bool = False  # and it was admitted because it had waited too long
    off_since: datetime | None = None  # waiting for an offer since
    stopped_at: datetime | None = None  # its offer was withdrawn
    stopped_for: Reason | None = None  # and why
    paused_at: datetime | None = None  # the same, for an overload that was measured
    stops: int = 0  # in a row, for lack of capacity: each doubles the lockout
    sunny_since: datetime | None = None  # since when solar power is enough to start
    # Since when solar power is too little to continue.
    dull_since: datetime | None = None
    # When the sun that it followed last became too little for its minimum: the last two times.
    dulled: tuple[datetime, ...] = ()
    recent_sky: RecentSky = RecentSky()
    starts: tuple[datetime, ...] = ()  # in the last hour, on solar power

    # The car's real maximum
    takes_a: float | None = None
    takes_since: datetime | None = None  # since when it has not taken more
    less_since: datetime | None = None  # since when it has taken less than that
    less_a: float = 0.0  # and the most that it has taken since
    leaves_since: datetime | None = None  # since when it has left some of its offers
    follows: float | None = None  # the part of its offer that it takes
    probed_at: datetime | None = None
    offered_a: float = 0.0  # the offer that was last seen in force
    settled_at: datetime | None = None  # and since when
    # Since when its charger reports that it takes nothing.
    rests_since: datetime | None = None
    idle_since: datetime | None = None  # since when it has an offer and takes nothing
    # What its charger reports since its offer was withdrawn.
    without_offer: ConnectorStatus | None = None
    needed_wh: float = 0.0  # the least that it has needed since

    # Phases, where the charger switches
    phases: int | None = None
    car_phases: int | None = None  # how many the car was seen to use
    last_car_phases: int | None = None  # and the one before it
    charged_on: int | None = None  # how many it used when it last had an offer
    switches: tuple[datetime, ...] = ()  # in the last hour
    switching_until: datetime | None = None
    fewer_since: datetime | None = None  # one phase would be better since
    more_since: datetime | None = None  # all phases would be better since

    # Commanded against measured
    offers: tuple[Offered, ...] = ()  # as far back as the newest draw may respond to
    commanded_a: float | None = None  # the last command to the charger
    commanded_phases: int | None = None
    commanded_at: datetime | None = None  # since when it has been that
    # Lower commands of late that a slow charger may follow all the same.
    taken_back: tuple[Offered, ...] = ()
    lowered_at: datetime | None = None  # since when a lower offer is not confirmed
    # How long the charger takes to confirm a lower offer; slow confirmations weigh more.
    confirms_s: float | None = None
    confirmed_a: float | None = None  # what the charger last confirmed
    confirmed_until: datetime | None = None  # and when that lapses
    above_since: datetime | None = None
    asked_again_at: datetime | None = None
    # When it was stopped for exceeding its offer.
    forced_stop_at: datetime | None = None
    lacked_at: datetime | None = None  # when a circuit last had no place for it
    said: ReasonKey | None = None  # the last reason: what is nearly so does not end it

    # Boost
    boost_at: datetime | None = None  # which boost the energy belongs to
    boost_wh: float = 0.0

    def copy(self) -> ConnectorMemory:
        """Return a copy to write into."""
        new = object.__new__(ConnectorMemory)
        new.__dict__.update(self.__dict__)
        return new


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPhase:
    """Since when a phase has shown the same value, what its cars took since at least and at most, and whether its sensor is stuck."""

    since: datetime
    cars_a: float
    cars_most_a: float | None = None  # None: the same
    # The least and the most by what may keep it at zero; None: nothing does.
    supplied_a: PerPhase | None = None
    answered_at: datetime | None = None  # when that last answered a change of the cars
    compared: bool = False  # whether its cars have reported since what they take
    missed_since: datetime | None = None  # a change of the cars that it did not show
    stuck: bool = False
    meter_changes: int = 0  # how often the whole meter had changed when it began
    charged_since: datetime | None = None  # since when a car has charged there
    # While cars charged there: how often it changed, and the longest time that it was the same.
    changes: int = 0
    longest_still_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What cars have to release on a phase, since when, and what the meter measured then."""

    at: datetime
    phase: int
    cut_a: float
    before_a: float
    unseen_at: datetime | None = None  # when the meter last did not show it yet


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadHistory:
    """The highest load of a circuit, besides its cars, in this day and in the one before (see `presumed_load`)."""

    mean_a: PerPhase = ()  # over a minute
    mean_at: datetime | None = None
    day_at: datetime | None = None  # when the day began
    first_day: bool = False  # the house's highest load is not known yet
    highest_a: PerPhase = ()
    highest_before_a: PerPhase = ()
    # Whether a phase has ever fed in: of a circuit below the main one it is what shows that it has panels of its own.
    fed_in: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterLosses:
    """When a meter was last lost, how often before that within minutes, and when which sensors were the cause (see `intermittent`)."""

    FORMER: ClassVar[frozenset[str]] = frozenset(("sensors",))

    at: datetime | None = None
    again: int = 0
    lost: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitMemory:
    """The past of one circuit."""

    uncontrolled_a: PerPhase = ()
    uncontrolled_w: float | None = None
    average_a: PerPhase = ()  # of the uncontrolled load; falls slowly
    # Its highest and its lowest in this minute, and in the one before.
    minute_at: datetime | None = None
    highest_a: PerPhase = ()
    lowest_a: PerPhase = ()
    highest_at: tuple[datetime, ...] = ()  # by phase
    highest_before_a: PerPhase = ()
    highest_before_at: tuple[datetime, ...] = ()
    lowest_before_a: PerPhase = ()
    mean_a: PerPhase = ()  # of the uncontrolled load over ten seconds
    mean_at: datetime | None = None
    usual_a: PerPhase = ()  # and over half an hour
    swings: tuple[LoadSwing, ...] = ()  # by phase, which way the load went
    heat: PerPhase = ()  # how much of what its fuse can carry is used up (see `fuse_curve`)
    interval_s: float | None = None  # how often the meter reports, averaged
    response_s: float | None = None  # until it measures a reduction (see `response`)
    cut: Cut | None = None  # that it has not measured yet
    stepped_at: datetime | None = None  # when a load took a step above the limit
    # The meter's last value, the last one that was believed, and how long it has been unchanged.
    read_at: datetime | None = None
    read_a: PerPhase | None = None
    read_w: float | None = None
    changed_at: datetime | None = None
    same_since: datetime | None = None  # the same, also while nothing flows
    longest_still_s: float = 0.0
    finest_a: float | None = None  # the smallest change that it has shown
    # By how much the phases carried more than their total when all were believed: motors draw current that is no power.
    beyond_total_a: float = 0.0
    changes: int = 0
    cars_at_change_a: PerPhase = ()
    suspect_a: PerPhase | None = None  # a jump that the next value has to confirm
    # The value was unchanged for too long: only a different one is believed.
    frozen: bool = False
    standing: tuple[StandingPhase, ...] = ()  # by phase
    doubt: Doubt = Doubt()
    # Since when its meter has shown nothing that is believed.
    lost_since: datetime | None = None
    losses: MeterLosses = MeterLosses()
    # When each part of it last showed that something flows.
    shown_at: tuple[datetime | None, ...] = ()
    history: LoadHistory = LoadHistory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosted:
    """What a person has boosted on a day (UTC)."""

    person: str
    day: str
    energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Starts empty; goes into and comes out of every decision."""

    FORMER: ClassVar[frozenset[str]] = frozenset(("hold_since",))

    connectors: dict[str, ConnectorMemory] = field(default_factory=dict)
    circuits: dict[str, CircuitMemory] = field(default_factory=dict)
    surplus_w: float | None = None  # the running average
    # What is left of solar power after the house, with its sign.
    own_w: float | None = None
    batteries: tuple[BatteryReading, ...] = ()  # of the last minute
    # The highest charging power of the home battery so far.
    battery_charge_w: float = 0.0
    battery_first: bool = True  # until it was charged as far as it is to be
    hold_needed_at: datetime | None = None  # and when holding was last needed
    boosted: tuple[Boosted, ...] = ()
    at: datetime | None = None  # of the last decision

    def connector(self, connector_id: str) -> ConnectorMemory:
        """Return what is remembered of a connector."""
        return self.connectors.get(connector_id, _NOTHING)

    def circuit(self, circuit_id: str) -> CircuitMemory:
        """Return what is remembered of a circuit."""
        return self.circuits.get(circuit_id, _NO_CIRCUIT)

    def lasting(self) -> tuple[object, ...]:
        """Return what a restart must not lose: turns, lockouts, phases, boosts. It changes seldom."""
        return tuple(
            (
                name,
                past.on_since,
                past.off_since,
                past.stopped_at,
                past.phases,
                past.switches,
                past.boost_at,
                past.forced_stop_at,
            )
            for name, past in self.connectors.items()
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a form for JSON, which `stored_memory` reads."""
        stored: dict[str, Any] = to_jsonable(self)
        return stored


_NOTHING = ConnectorMemory()
_NO_CIRCUIT = CircuitMemory()
