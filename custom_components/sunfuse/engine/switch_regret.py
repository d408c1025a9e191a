"""Decides when to start, to stop or to use another number of phases, by the cost of each under the recent sky, not by a fixed delay.

Each state of a car has a cost that can be calculated each second: solar power that it does not use, and energy that it
takes from the grid. Off, it leaves solar power unused; on at its minimum, it takes from the grid what solar power lacks; on
one phase it leaves what only three could take. This is its *regret*, in watts.

For each other state the regret that it would have avoided is added up (and never falls below zero: a period in which
the present state was the better one erases what was before). When that sum equals the cost of the change itself, the
change is made. This rule never costs much more than twice as much as knowing the future (the ski rental
problem; Karlin et al., 1988), and needs no delays.

The cost of a stop includes that of the start after it. Once a car is off, waiting saves no start, and each second of sun
is lost. So a car starts within seconds, and only a lasting shadow stops it.

Under broken clouds the next gap is as near as the next shadow. How long a state of the sky lasts is then known: half an
hour divided by the number of changes in it. Half of what a start or a stop would avoid in that time counts at once. But
each change and each start of the hour make a stop more expensive, so that a contactor has a few starts in an hour; and the
more changes there were, the more the usual regret of that time counts beside the present one: a car for which its present state is good on
average keeps it. Each phase switch of this hour makes the next one more expensive, long before their number is used up.

If there is a forecast, the regret of each state under the expected sun of the next half hour also counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# Energy from the grid weighs more than unused solar power.
GRID_WEIGHT = 1.6
# A car that waits while others run could share solar power with them: nothing is lost, but it is fair.
FAIR_W = 500.0
# How long the sky is remembered.
REMEMBERED_S = 1800.0
# A smaller difference is a fluctuation, not a change of the best state.
TREMBLES_W = 200.0
# How much one change of the best state in this time adds to the weight of the usual regret.
USUAL_BY_TURN = 0.03
USUAL_MOST = 0.3
# The weight of the forecast.
FORECAST_WEIGHT = 0.2
# The part of what a start or a stop would avoid while the sky stays the same that counts at once; after so many changes
# the duration of a state is known; at most this duration counts.
EXPECTED = 0.5
KNOWN_BY_TURNS = 8.0
EXPECTED_MOST_S = 600.0
# The most starts in an hour: contactors last for 100,000 and more, cars may give up sooner.
STARTS_PER_HOUR = 8
# Beside running cars: they take what a switch would give one of them.
DEARER_BESIDE_OTHERS = 2.0
HOUR = timedelta(hours=1)
# Over a longer pause, nothing is known.
LONGEST_S = 60.0

# The numbers of phases that a car can use; 0: it is off.
OFF = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCost:
    """The cost of a change in watt-hours, and what each change of the sky, and each switch or start of the hour, add to it."""

    least_wh: float
    by_turn: float = 0.0
    by_switch: float = 0.0
    by_start: float = 0.0


# A few seconds of sun: the noise of a meter and a very short gap do not start a car.
START = ChangeCost(least_wh=2.0)
# A start on another number of phases than before is a switch without its pause: cheaper than one, and no way around it.
START_SWITCHED = ChangeCost(least_wh=30.0, by_switch=0.4)
# Beside running cars a start or a stop hardly changes how much of the sun is used: they take the rest. So a start can wait,
# and a stop saves energy from the grid without losing any sun.
START_BESIDE_OTHERS = ChangeCost(least_wh=15.0, by_turn=0.1)
STOP_BESIDE_OTHERS = ChangeCost(least_wh=10.0, by_turn=0.1)
# The start after it costs a car about fifteen seconds at four to eight kilowatts, and wears its contactor a little.
STOP = ChangeCost(least_wh=18.0, by_turn=0.27, by_start=0.25)
# A switch costs a pause of twenty seconds, and one of four in an hour. On one phase a car still takes 3.7 kW.
MORE_PHASES = ChangeCost(least_wh=60.0, by_switch=0.4)
FEWER_PHASES = ChangeCost(least_wh=40.0, by_turn=0.1, by_switch=0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRegret:
    """What a connector remembers of the recent sky. All by the number of phases, in the order of `states`."""

    states: tuple[int, ...] = ()
    state: int = OFF  # the present state
    spared_wh: tuple[
        float, ...
    ] = ()  # the regret that each other state would have avoided
    usual_w: tuple[float, ...] = ()  # the mean regret of each
    best: int | None = None  # which had the least when last observed
    turns: float = 0.0  # how often that changed recently


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a connector is to do: `state` is the present one unless another is due; `due` is when others may be."""

    state: int
    due: tuple[
        tuple[int, float], ...
    ] = ()  # seconds until each other state, if solar power stays as it is

    def due_s(self, state: int) -> float | None:
        """Return in how many seconds another state is due if solar power stays as it is; None: not with this solar power."""
        return dict(self.due).get(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """The least and the most power of a car on each number of phases, and of the others that run beside it, in watts."""

    of: Mapping[int, tuple[float, float]]
    others: tuple[float, float] = (0.0, 0.0)


def regret_w(sun_w: float, state: int, powers: Powers) -> float:
    """Return the regret of a state with this solar power: usable solar power that is not used, and energy from the grid."""
    others_low_w, others_high_w = powers.others
    own_least_w = min((low for low, _ in powers.of.values()), default=0.0)
    least_w = others_low_w or own_least_w
    most_w = others_high_w + max((high for _, high in powers.of.values()), default=0.0)
    usable_w = min(sun_w, most_w) if sun_w >= least_w else 0.0
    low_w, high_w = powers.of.get(state, (0.0, 0.0))
    taken_w = min(max(sun_w, others_low_w + low_w), others_high_w + high_w)
    from_sun_w = min(taken_w, sun_w)
    found_w = max(usable_w - from_sun_w, 0.0) + GRID_WEIGHT * (taken_w - from_sun_w)
    if state == OFF and others_low_w and sun_w >= others_low_w + own_least_w:
        found_w += FAIR_W
    return found_w


def add_regret(
    regret: SwitchRegret,
    sun_w: float,
    state: int,
    powers: Powers,
    elapsed_s: float,
    ahead_w: float | None = None,
) -> SwitchRegret:
    """Return the regret with what was added since the last decision; `ahead_w` is the expected sun of the next half hour."""
    states = tuple(sorted({OFF, *powers.of}))
    now_w = _regrets_w(sun_w, states, powers)
    if regret.states != states:
        regret = SwitchRegret(states=states, usual_w=now_w)
    seconds = min(max(elapsed_s, 0.0), LONGEST_S)
    best, turned = states[now_w.index(min(now_w))], False
    if regret.best is not None and best != regret.best:
        turned = now_w[states.index(regret.best)] - min(now_w) > TREMBLES_W
        best = best if turned else regret.best
    faded = seconds / REMEMBERED_S
    usual_w = tuple(
        usual + (now - usual) * faded
        for usual, now in zip(regret.usual_w, now_w, strict=True)
    )
    spared_wh = regret.spared_wh
    if regret.state != state or not spared_wh:
        spared_wh = (0.0,) * len(states)
    regret = replace(
        regret,
        state=state,
        usual_w=usual_w,
        best=best,
        turns=regret.turns * (1.0 - faded) + turned,
    )
    gains_w = _gains_w(regret, now_w, powers, ahead_w)
    return replace(
        regret,
        spared_wh=tuple(
            max(spared + gain * seconds / 3600, 0.0)
            for spared, gain in zip(spared_wh, gains_w, strict=True)
        ),
    )


def _regrets_w(
    sun_w: float, states: tuple[int, ...], powers: Powers
) -> tuple[float, ...]:
    return tuple(regret_w(sun_w, state, powers) for state in states)


def _gains_w(
    regret: SwitchRegret,
    now_w: tuple[float, ...],
    powers: Powers,
    ahead_w: float | None,
) -> tuple[float, ...]:
    """Return what each state avoids of the regret of the present one; zero for itself."""
    usual = min(USUAL_BY_TURN * regret.turns, USUAL_MOST)
    ahead = 0.0 if ahead_w is None else FORECAST_WEIGHT
    weighted_w = [
        (1.0 - usual - ahead) * now + usual * mean
        for now, mean in zip(now_w, regret.usual_w, strict=True)
    ]
    if ahead_w is not None:
        expected_w = _regrets_w(ahead_w, regret.states, powers)
        weighted_w = [
            weighted + ahead * expected
            for weighted, expected in zip(weighted_w, expected_w, strict=True)
        ]
    here_w = weighted_w[regret.states.index(regret.state)]
    return tuple(here_w - each_w for each_w in weighted_w)


def choose(
    regret: SwitchRegret,
    sun_w: float,
    powers: Powers,
    *,
    switches: int,
    starts: int = 0,
    ahead_w: float | None = None,
    starts_on: int | None = None,
    charged_on: int | None = None,
) -> Choice:
    """Return which state is due: of those that have avoided as much as they cost, the one with the highest ratio.

    A car that is off starts on the number of phases `starts_on`, if that is given, and was on `charged_on` before.
    """
    now_w = _regrets_w(sun_w, regret.states, powers)
    here_w = now_w[regret.states.index(regret.state)]
    gains_w = _gains_w(regret, now_w, powers, ahead_w)
    ready: list[tuple[float, int]] = []
    due: list[tuple[int, float]] = []
    for state, spared_wh, now, gain_w in zip(
        regret.states, regret.spared_wh, now_w, gains_w, strict=True
    ):
        if state == regret.state or now >= here_w:
            continue  # with this solar power it is no better
        if regret.state == OFF and starts_on not in (None, state):
            continue
        switched = charged_on not in (None, state)
        cost = _cost(regret, state, powers, switched=switched)
        cost_wh = (
            cost.least_wh
            * (1.0 + cost.by_turn * regret.turns)
            * (1.0 + cost.by_switch * switches)
            * (1.0 + cost.by_start * starts)
        )
        if powers.others[0] and OFF not in (state, regret.state):
            cost_wh *= DEARER_BESIDE_OTHERS
        avoids_wh = spared_wh
        if OFF in (state, regret.state):
            avoids_wh += _expected_wh(regret, here_w - now)
        if avoids_wh >= cost_wh:
            ready.append((avoids_wh / cost_wh, state))
        if gain_w > 0:
            due.append((state, max(cost_wh - avoids_wh, 0.0) * 3600 / gain_w))
    return Choice(state=max(ready)[1] if ready else regret.state, due=tuple(due))


def _expected_wh(regret: SwitchRegret, gain_w: float) -> float:
    """Return what a change is expected to avoid while the sky stays the same."""
    if regret.turns <= 1.0:
        return 0.0  # this shadow may be the first: nothing is known of it
    lasts_s = min(REMEMBERED_S / regret.turns, EXPECTED_MOST_S)
    known = min((regret.turns - 1.0) / KNOWN_BY_TURNS, 1.0)
    return EXPECTED * known**2 * gain_w * lasts_s / 3600


def _cost(
    regret: SwitchRegret, state: int, powers: Powers, *, switched: bool
) -> ChangeCost:
    """Return the cost of a change to a state."""
    if OFF not in (state, regret.state):
        return MORE_PHASES if state > regret.state else FEWER_PHASES
    starts, beside = regret.state == OFF, powers.others[0] > 0
    if beside:
        return START_BESIDE_OTHERS if starts else STOP_BESIDE_OTHERS
    if not starts:
        return STOP
    return START_SWITCHED if switched else START


def next_start(starts: tuple[datetime, ...], now: datetime) -> datetime | None:
    """Return when the hour has a start left again, None if it has one now."""
    recent = [at for at in starts if now - at < HOUR]
    return recent[-STARTS_PER_HOUR] + HOUR if len(recent) >= STARTS_PER_HOUR else None
