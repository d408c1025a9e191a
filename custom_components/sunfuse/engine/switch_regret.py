"""Start, stop, or another number of phases: judged by what each costs under this sky, not by one fixed delay.

Whatever a car does now costs something that can be reckoned each second: sun that it leaves, and energy that it takes
from the grid. Off, it leaves the sun; on at its minimum, it takes from the grid what the sun does not give; on one phase
it leaves what only three could take. This is its *regret*, in watts.

For each other state the regret that it would have spared is added up (and never falls below nothing: a spell in which
the present state was the better one wipes out what was before). When that sum is as much as the change itself costs, the
change is made. Whoever does so never pays much more than twice what one does who knows the future (the ski rental
problem; Karlin et al., 1988), and needs no delays: a surplus of five kilowatts starts a car in ten seconds, one of a few
hundred watts takes minutes.

Under broken clouds the next gap is as near as the next shadow. So the more often the sky has turned in the last half
hour, the more a change costs, and the more the usual regret of that time counts beside that of the moment: a car that
lives well with the mean of the sky stays as it is. Each switch of this hour makes the next one dearer, long before
their number is used up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# A start after a stop costs a car about fifteen seconds at four kilowatts, and a contactor a little of its life.
START_WH = 15.0
# A switch costs its pause besides.
SWITCH_WH = 25.0
# Energy from the grid weighs more than sun that is left.
GRID_WEIGHT = 1.6
# Who waits while others run could share the sun with them: no sun is lost by that, but it is fair.
FAIR_W = 500.0
# How long the sky is remembered.
REMEMBERED_S = 1800.0
# A sky that hardly makes a difference trembles, and does not turn.
TREMBLES_W = 200.0
# How much one turn of the sky in this time adds to the price of a change, and to the weight of what is usual.
DEARER_BY_TURN = 0.1
USUAL_BY_TURN = 0.03
USUAL_MOST = 0.3
# How much each switch of this hour adds to the price of the next one.
DEARER_BY_SWITCH = 0.8
# No more starts than that in an hour: contactors last for 100,000 and more, cars may give up sooner.
STARTS_PER_HOUR = 8
# Where others run, they take what a switch would bring one of them.
DEARER_BESIDE_OTHERS = 2.0
HOUR = timedelta(hours=1)
# Over a longer pause nobody knows what was.
LONGEST_S = 60.0

# The numbers of phases that a car can use; 0: it is off.
OFF = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRegret:
    """What a connector remembers of the sky. All by the number of phases, in the order of `states`."""

    states: tuple[int, ...] = ()
    state: int = OFF  # in which it is
    spared_wh: tuple[
        float, ...
    ] = ()  # the regret that each other state would have spared
    usual_w: tuple[float, ...] = ()  # the mean regret of each
    best: int | None = None  # which had the least when last seen
    turns: float = 0.0  # how often that turned lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a connector is to do: `state` is what it is in unless it is time for another; `due` is when that may be."""

    state: int
    due: tuple[
        tuple[int, float], ...
    ] = ()  # seconds until each other state, if the sun stays

    def due_s(self, state: int) -> float | None:
        """Return in how many seconds another state is due if the sun stays; None: not under this sun."""
        return dict(self.due).get(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """The least and the most power of a car on each number of phases, and of the others that run beside it, in watts."""

    of: Mapping[int, tuple[float, float]]
    others: tuple[float, float] = (0.0, 0.0)


def regret_w(sun_w: float, state: int, powers: Powers) -> float:
    """Return what a state costs under this sun: sun that could be used and is not, and energy from the grid."""
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
) -> SwitchRegret:
    """Return the sky with what this sun added since the last decision."""
    states = tuple(sorted({OFF, *powers.of}))
    now_w = tuple(regret_w(sun_w, each, powers) for each in states)
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
    turns = regret.turns * (1.0 - faded) + turned
    spared_wh = regret.spared_wh
    if regret.state != state or not spared_wh:
        spared_wh = (0.0,) * len(states)
    gains_w = _gains_w(now_w, usual_w, states.index(state), turns)
    return replace(
        regret,
        state=state,
        usual_w=usual_w,
        best=best,
        turns=turns,
        spared_wh=tuple(
            max(spared + gain * seconds / 3600, 0.0)
            for spared, gain in zip(spared_wh, gains_w, strict=True)
        ),
    )


def _gains_w(
    now_w: tuple[float, ...], usual_w: tuple[float, ...], at: int, turns: float
) -> tuple[float, ...]:
    """Return what each state spares of the regret of the present one; it is nothing for itself."""
    weight = min(USUAL_BY_TURN * turns, USUAL_MOST)
    return tuple(
        (1.0 - weight) * (now_w[at] - now) + weight * (usual_w[at] - usual)
        for now, usual in zip(now_w, usual_w, strict=True)
    )


def choose(
    regret: SwitchRegret,
    sun_w: float,
    powers: Powers,
    *,
    switches: int,
) -> Choice:
    """Return which state it is time for: of those that have spared what they cost, the one that has most so."""
    here_w = regret_w(sun_w, regret.state, powers)
    now_w = tuple(regret_w(sun_w, each, powers) for each in regret.states)
    gains_w = _gains_w(
        now_w, regret.usual_w, regret.states.index(regret.state), regret.turns
    )
    ready: list[tuple[float, int]] = []
    due: list[tuple[int, float]] = []
    for state, spared_wh, now, gain_w in zip(
        regret.states, regret.spared_wh, now_w, gains_w, strict=True
    ):
        if state == regret.state or now >= here_w:
            continue  # under this sun it is no better
        price_wh = _price_wh(regret, state, switches, powers)
        if spared_wh >= price_wh:
            ready.append((spared_wh / price_wh, state))
        if gain_w > 0:
            due.append((state, max(price_wh - spared_wh, 0.0) * 3600 / gain_w))
    return Choice(state=max(ready)[1] if ready else regret.state, due=tuple(due))


def _price_wh(regret: SwitchRegret, state: int, switches: int, powers: Powers) -> float:
    """Return what a change costs."""
    dearer = 1.0 + DEARER_BY_TURN * regret.turns
    if OFF in (state, regret.state):
        return START_WH * dearer
    if powers.others[0]:
        dearer *= DEARER_BESIDE_OTHERS
    return SWITCH_WH * dearer * (1.0 + DEARER_BY_SWITCH * switches)


def next_start(starts: tuple[datetime, ...], now: datetime) -> datetime | None:
    """Return when the hour has a start left again, None if it has one now."""
    recent = [at for at in starts if now - at < HOUR]
    return recent[-STARTS_PER_HOUR] + HOUR if len(recent) >= STARTS_PER_HOUR else None
