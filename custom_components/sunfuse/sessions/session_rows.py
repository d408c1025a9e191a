"""What the ledger returns about sessions: rows, their quarter hours, and sums. Energies are Wh, powers W, times UTC."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One plug-in of one car. `transaction` is its first transaction's id: with `station` it names the session.

    `cost` is `grid_cost` (what the grid's part cost at the import price) plus `feed_in_lost` (what the sun's part would
    have brought at the export price; the home battery's part counts like the sun's). Costs are of `priced_wh`, the energy in whose quarter hours a price is known.
    """

    number: int
    station: str
    transaction: str
    connector: int | None = None
    vehicle: str | None = None
    person: str | None = None
    card: str | None = field(default=None, repr=False)
    plugged_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None  # None while it runs
    unplugged_at: datetime | None = None
    meter_start_wh: float | None = None
    meter_end_wh: float | None = None
    energy_wh: float = 0.0
    sun_wh: float = 0.0
    battery_wh: float = 0.0
    grid_wh: float = 0.0
    # Energy of which only the sum is known, and not when it flowed.
    estimated_wh: float = 0.0
    peak_w: float | None = None
    full_power_w: float | None = None
    grid_cost: float = 0.0
    feed_in_lost: float = 0.0
    priced_wh: float = 0.0
    currency: str | None = None
    # The same energy with full power at plug-in; None until the session is over, or where prices are not known.
    at_once_cost: float | None = None
    at_once_sun_wh: float | None = None
    # By a price list, if the person, or the charger for its guests, had one when it began: its name and its number.
    # With VAT; how much of it that is, and its rate, are None where it is not separated.
    billed: float | None = None
    billed_vat: float | None = None
    vat_percent: float | None = None
    billed_currency: str | None = None
    price_list: str | None = None
    terms: int | None = None
    end_reason: str | None = None
    offline: bool = False
    parts: int = 1  # transactions
    # When its energy was corrected last; only known of sessions that are looked for.
    corrected_at: datetime | None = None

    @property
    def cost(self) -> float | None:
        """Return what the energy cost, None where no price is known."""
        if self.priced_wh <= 0 and self.energy_wh > 0:
            return None
        return self.grid_cost + self.feed_in_lost

    @property
    def billed_net(self) -> float | None:
        """Return what is billed without VAT; None where nothing is, or VAT is not separated."""
        if self.billed is None or self.billed_vat is None:
            return None
        return float(Decimal(str(self.billed)) - Decimal(str(self.billed_vat)))

    @property
    def savings(self) -> float | None:
        """Return what was saved against charging at once with full power."""
        if self.cost is None or self.at_once_cost is None:
            return None
        return self.at_once_cost - self.cost

    @property
    def sun_share(self) -> float | None:
        """Return how much of the energy came straight from the sun; None without energy."""
        return self.sun_wh / self.energy_wh if self.energy_wh > 0 else None

    @property
    def duration(self) -> timedelta | None:
        """Return from start to stop; None while it runs, or where one of both is not known."""
        if self.started_at is None or self.stopped_at is None:
            return None
        return self.stopped_at - self.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInterval:
    """A quarter hour of a session. `estimated_wh` is the part of which it is not known when it flowed."""

    start: datetime
    energy_wh: float
    sun_wh: float
    battery_wh: float
    estimated_wh: float = 0.0
    peak_w: float = 0.0
    import_price: float | None = None
    export_price: float | None = None

    @property
    def grid_wh(self) -> float:
        """Return what came from the grid."""
        return max(self.energy_wh - self.sun_wh - self.battery_wh, 0.0)

    @property
    def cost(self) -> float | None:
        """Return what its energy cost; None where no price is known."""
        if self.import_price is None:
            return None
        own_wh = self.sun_wh + self.battery_wh
        return (
            (self.energy_wh - own_wh) * self.import_price
            + own_wh * (self.export_price or 0.0)
        ) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPause:
    """For how long a session was paused for one reason."""

    reason: str
    seconds: float
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions: those that stopped from `start` (or run still) until before `end`, of all that is named.

    A session belongs to the period in which it stopped, as a bill has it. `running` adds or leaves out those that run;
    with `heard_since` those are left out of which nobody has heard since then. `unused` adds cars that were plugged in
    and for which no transaction was started.
    """

    start: datetime | None = None
    end: datetime | None = None
    station: str | None = None
    connector: int | None = None
    person: str | None = None
    vehicle: str | None = None
    running: bool = True
    heard_since: datetime | None = None
    unused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestStay:
    """When the car of a finished session came and left, or charged, where that is all that is known; and its energy."""

    station: str
    connector: int
    vehicle: str | None
    came: datetime
    left: datetime
    energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSums:
    """The sum of some sessions; `key` is whose sum it is, where they were grouped."""

    key: str | None = None
    sessions: int = 0
    energy_wh: float = 0.0
    sun_wh: float = 0.0
    battery_wh: float = 0.0
    grid_wh: float = 0.0
    grid_cost: float = 0.0
    feed_in_lost: float = 0.0
    priced_wh: float = 0.0
    billed: float | None = None
    # Against charging at once: of the sessions of which that is known.
    savings: float | None = None
    compared_wh: float = 0.0

    @property
    def cost(self) -> float:
        """Return what the energy cost."""
        return self.grid_cost + self.feed_in_lost

    @property
    def known_cost(self) -> float | None:
        """Return what the energy cost, None where it has no price: nothing is not what it cost."""
        return None if self.priced_wh <= 0 < self.energy_wh else self.cost

    @property
    def mean_price(self) -> float | None:
        """Return the cost of a kWh; None where nothing has a price."""
        return self.cost / self.priced_wh * 1000 if self.priced_wh > 0 else None

    @property
    def sun_share(self) -> float | None:
        """Return how much of the energy came straight from the sun; None without energy."""
        return self.sun_wh / self.energy_wh if self.energy_wh > 0 else None
