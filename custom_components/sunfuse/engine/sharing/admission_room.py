"""What is free for minimums while cars are admitted one after the other, and what the admitted ones claim and lend.

A car that leaves an ampere less than the next one's minimum would leave it idle. So one that can wait a little lends what that minimum
lacks, as long as more flows by it.

A load that goes up and down decides nothing at its highest: who runs at its lowest keeps its minimum meanwhile, and the
others, who can be lowered at once and rise again, give up what that lacks.
"""

from collections.abc import Mapping

from ..cars.asking import Ask
from ..cars.confirmed_offer import before_a
from ..cars.ramp import was_paused
from ..meters.steadiness import trembles_a
from ..model import Snapshot
from ..tuning import Policy
from .filling import EPSILON, Uses
from .in_time import charge_as
from .ranking import NO_TIME_S, TIME_LEFT_S, laxity_s, takes_a, yields
from .resources import Amounts, Lack, Resources, blocked_by, take

# To start a car on what others lend is worth it from this on.
LEAST_GAIN_A = 1.0
# Who lends until it is full needs only this part of the time that others must be able to wait.
LENT_SLACK = 0.2


class AdmissionRoom:
    """What is free for minimums, and what of it must stay free for cars that start (see `steadiness`)."""

    def __init__(
        self,
        resources: Resources,
        free: Amounts,
        asks: list[Ask],
        snapshot: Snapshot,
        *,
        enough: bool,
    ) -> None:
        """Begin with all that is free; `enough`: for all to be ready when they leave."""
        self.resources = resources
        self.enough = enough
        self.snapshot = snapshot
        self.free = free
        self.left = list(free)
        self._calmest = resources.calmest(free)  # the same at the lowest load of late
        self._unsteady = resources.unsteady_now()
        self._trembles = trembles_a(self._unsteady)
        self._starts = [0.0] * len(free)  # of `unsteady`, where a car starts
        self._borne = self._find_borne(asks)
        self._claims: dict[str, tuple[Ask, float]] = {}  # beyond minimums, not promised
        self._unyielding = [a for a in asks if not yields(a, snapshot)]
        self._due: dict[str, float] = {}  # beyond the minimums of those that have it
        # Who needs the same as one that nobody could lend it to.
        self._not_lent: set[tuple[Uses, float, bool, bool]] = set()

    def _find_borne(self, asks: list[Ask]) -> frozenset[int]:
        """Return the resources that cannot carry the minimums of the running cars, and tolerate that for a moment."""
        bears = self.resources.bears()
        if not bears:
            return frozenset()
        left = list(self.free)
        for asking in asks:
            if self.runs(asking):
                take(left, self.uses(asking), asking.connector.min_a)
        return frozenset(index for index in bears if left[index] < -EPSILON)

    def uses(self, asking: Ask) -> Uses:
        """Return what a car uses, without solar power."""
        return self.resources.uses(asking.connector, asking.phases)

    def runs(self, asking: Ask) -> bool:
        """Whether a car has an offer already."""
        return before_a(asking.connector, self.snapshot) >= asking.connector.min_a

    def take(self, asking: Ask, current_a: float) -> None:
        """Take a current for a car."""
        take(self.left, self.uses(asking), current_a)
        take(self._calmest, self.uses(asking), current_a)

    def admit(self, asking: Ask) -> None:
        """Take a car's minimum and what is due to it, as far as that leaves the minimums of those that must not wait for it."""
        self.take(asking, asking.connector.min_a)
        self._due[asking.id] = 0.0
        more_a = asking.due_a - asking.connector.min_a
        if more_a <= 0:
            return
        left = list(self.left)
        for other in self._unyielding:
            if other.id not in self._due:
                take(left, self.uses(other), other.connector.min_a)
        fits_a = min(left[index] / used for index, used in self.uses(asking))
        self._due[asking.id] = max(min(more_a, fits_a), 0.0)
        self.take(asking, self._due[asking.id])

    def remember(self) -> tuple[Amounts, Amounts, dict[str, float]]:
        """Return what is left and who has it, to come back to."""
        return list(self.left), list(self._calmest), dict(self._due)

    def come_back(self, remembered: tuple[Amounts, Amounts, dict[str, float]]) -> None:
        """Forget what was taken since."""
        left, calmest, due = remembered
        self.left, self._calmest, self._due = list(left), list(calmest), dict(due)

    def blocked(self, asking: Ask) -> Lack | None:
        """Return what cannot carry the minimum; running cars are tolerated if it is only for a moment."""
        uses, min_a = self.uses(asking), asking.connector.min_a
        if self._borne and self.runs(asking):
            uses = tuple([use for use in uses if use[0] not in self._borne])
        return blocked_by(self.left, uses, min_a)

    def start(self, asking: Ask) -> None:
        """Keep free what is not steadily free, where a car starts."""
        if not self.runs(asking):
            for index, _ in self.uses(asking):
                self._starts[index] = max(
                    self._starts[index], self.unsteady(asking)[index]
                )

    def unsteady(self, asking: Ask) -> Amounts:
        """Return what must stay free before a car starts."""
        back = was_paused(asking.past, self.snapshot.now)
        return self._trembles if back else self._unsteady

    def beside_starts(self) -> Amounts:
        """Return what is free beside what must stay free for cars that start."""
        return [a - kept for a, kept in zip(self.free, self._starts, strict=True)]

    def blocked_at_peak(self, asking: Ask) -> Lack | None:
        """Return what could not carry a car that starts at the highest load of late, when others would lend what they claim."""
        left = list(self.left)
        for lender, claimed_a in self._claims.values():
            if laxity_s(lender, self.snapshot) > NO_TIME_S:
                take(left, self.uses(lender), -claimed_a)
        return blocked_by(left, self.uses(asking), 0.0, self.unsteady(asking))

    def claim(self, admitted: list[Ask]) -> None:
        """Reserve for those that have their minimum what they can take beyond it."""
        for asking in admitted:
            more_a = self._fits_a(asking, self.left)
            if more_a > 0:
                take(self.left, self.uses(asking), more_a)
                if not asking.promised_a:
                    self._claims[asking.id] = asking, more_a
            calm_a = self._fits_a(asking, self._calmest)
            take(self._calmest, self.uses(asking), max(calm_a, 0.0))
        self._not_lent.clear()

    def _fits_a(self, asking: Ask, left: Amounts) -> float:
        """Return what a car can take of what is left beyond its minimum; what only the sun would give it keeps nobody waiting."""
        most_a = min(asking.uses_a, asking.grid_a) - asking.connector.min_a
        most_a -= self._due.get(asking.id, 0.0)
        return min(most_a, *(left[index] / used for index, used in self.uses(asking)))

    def lend(self, asking: Ask) -> Mapping[str, float]:
        """Free what a minimum lacks, and return who lends how much of its claim.

        Nobody lends who could not wait, or could not be ready if it lent that until it is full. Nothing is lent unless more flows
        by it, at once or when the load is as low again as it was of late.
        """
        runs = self.runs(asking)
        back = was_paused(asking.past, self.snapshot.now)
        alike = (self.uses(asking), asking.connector.min_a, runs, back)
        if alike in self._not_lent:
            return {}
        least_s, gain_a = NO_TIME_S, 0.0
        if not runs:
            least_s, gain_a = TIME_LEFT_S, LEAST_GAIN_A * len(asking.phases)
        elif self.enough and self.snapshot.policy is Policy.LAXITY:
            gain_a = -2 * EPSILON  # nobody is stopped for what others do not need now
        lent: dict[str, float] = {}
        flows_a = asking.connector.min_a * len(asking.phases)
        for lender, claimed_a in reversed(list(self._claims.values())):
            lacks_a = self._lacks_a(asking, lender)
            lent_a = min(lacks_a, claimed_a)
            if lacks_a > 0 and self._can_lend(lender, lent_a, least_s):
                lent[lender.id] = lent_a
                self._lend(lender, lent_a)
                flows_a -= lent_a * len(lender.phases)
        if flows_a < gain_a + EPSILON and not (runs and self._fits_at_calmest(asking)):
            self.take_back(lent)
            self._not_lent.add(alike)
            return {}
        return lent

    def _can_lend(self, lender: Ask, lent_a: float, least_s: float) -> bool:
        """Whether a car that lends can still be ready: it can wait a while, or can do without as much until it is full."""
        slack_s = laxity_s(lender, self.snapshot)
        if slack_s > least_s:
            return True
        left_a = takes_a(lender) - lent_a
        longer_s = charge_as(lender, self.snapshot) * (1 / left_a - 1 / takes_a(lender))
        return slack_s - longer_s > least_s * LENT_SLACK

    def take_back(self, lent: Mapping[str, float]) -> None:
        """Undo what was lent."""
        for name, lent_a in lent.items():
            self._lend(self._claims[name][0], -lent_a)

    def _fits_at_calmest(self, asking: Ask) -> bool:
        min_a = asking.connector.min_a
        return blocked_by(self._calmest, self.uses(asking), min_a) is None

    def _lend(self, lender: Ask, lent_a: float) -> None:
        take(self.left, self.uses(lender), -lent_a)
        self._claims[lender.id] = lender, self._claims[lender.id][1] - lent_a

    def _lacks_a(self, asking: Ask, lender: Ask) -> float:
        """Return what of a lender's current a minimum lacks, by what both use."""
        lenders, most_a = dict(self.uses(lender)), 0.0
        unsteady = None if self.runs(asking) else self.unsteady(asking)
        for index, used in self.uses(asking):
            if index in lenders:
                kept = unsteady[index] if unsteady else 0.0
                lacks = used * asking.connector.min_a + kept - self.left[index]
                most_a = max(most_a, lacks / lenders[index])
        return most_a
