"""Decides when to start, to stop or to use another number of phases, by the cost of each under the recent sky, not by a fixed delay.

Each state of a car has a cost that can be calculated each second: solar power that it does not use, and energy that it
takes from the grid. Off, it leaves solar power unused; on at its minimum, it takes from the grid what solar power lacks; on
one phase it leaves what only three could take. This is its *regret*, in watts.

The state with the least regret says what kind of sky it is: one for a car that is off, for one phase, for three. How long
a kind of sky lasts once more is estimated as its time in the last half hour, divided by how often it ended in that time
plus one. A first shadow is thus expected to last as long again as it has lasted (so a car stops when it has lost what the
stop costs: the *ski rental* rule, never much more than twice as expensive as knowing the future; Karlin et al., 1988),
and under broken clouds each shadow to last as long as the others did: there, waiting is of no use, and a car stops at once,
or not at all.

A change is made when the regret that it would avoid in that time is what the change costs. The cost rises as the starts
and the switches of the hour are used up; for a car that starts, a switch counts the less the longer ago it was. The last switch of an hour is for more phases: a car without sun can stop, but
one that stays on one phase loses two thirds of a clear sky.

If there is a forecast, the regret of each state under the expected sun of the next half hour also counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import inf

# Energy from the grid weighs more than unused solar power.
GRID_WEIGHT = 1.6
# A car that waits while others run could share solar power with them: nothing is lost, but it is fair.
FAIR_W = 500.0
# How long the sky is remembered.
REMEMBERED_S = 1800.0
# A smaller difference is a fluctuation, not another kind of sky.
TREMBLES_W = 200.0
# Any sky that was seen twice is expected to last this long.
LEAST_S = 20.0
# The weight of the forecast.
FORECAST_WEIGHT = 0.2
# The most starts in an hour: contactors last for 100,000 and more, cars may give up sooner.
STARTS_PER_HOUR = 8
# Beside running cars: they take what a switch would give one of them.
DEARER_BESIDE_OTHERS = 2.0
HOUR = timedelta(hours=1)
# Over a longer pause, nothing is known.
LONGEST_S = 60.0
# The time constants of the running means of the sun, whose differences are its trend.
MEANS_S = (60.0, 300.0, 900.0)
# A car does not start on fewer phases if the sun will be enough for more so soon, and does not switch to fewer if it will not be enough
# for them either: to wait loses less than the switch.
SOON_S = 30.0

# The numbers of phases that a car can use; 0: it is off.
OFF = 0

# What changes cost, in watt-hours. While the hour has all its starts left, a start costs nothing that a car that is off does
# not lose anyway. It is a part of the cost of a stop: the start after it costs a car about twenty seconds at four to eight
# kilowatts, and wears its contactor a little.
STOP_WH = 50.0
# A switch costs a pause of twenty seconds at about seven kilowatts.
MORE_PHASES_WH = 40.0
# And this is the way there and back, with one of the few switches of the hour for each.
FEWER_PHASES_WH = 90.0
# Beside running cars a start or a stop hardly changes how much of the sun is used: they take the rest. So a start can wait,
# and a stop saves energy from the grid without losing any sun: what is left of its cost is the wear.
START_BESIDE_OTHERS_WH = 15.0
STOP_BESIDE_OTHERS_WH = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentSky:
    """What a connector remembers of the last half hour. All by the number of phases, in the order of `states`."""

    states: tuple[int, ...] = ()
    best: int = OFF  # the state with the least regret
    since_s: float = 0.0  # and how long it has been that without a break
    lasted_s: tuple[float, ...] = ()  # how long each was the best
    ended: tuple[float, ...] = ()  # and how often another one was the best after it
    sun_w: float = 0.0  # at the last decision
    rises_w_s: float = 0.0  # and how fast it rose until then
    same_s: float = 0.0  # for how long it has been the same
    means_w: tuple[float, ...] = ()  # its running means over MEANS_S

    @property
    def trend_w_s(self) -> float:
        """How fast the sun has risen or fallen, both of late and for long: not a cloud, nor a wave of thinner clouds."""
        slopes = [
            (late_w - early_w) / (long_s - short_s)
            for (late_w, short_s), (early_w, long_s) in pairwise(
                zip(self.means_w, MEANS_S, strict=False)
            )
        ]
        return max(min(slopes, default=0.0), 0.0) + min(max(slopes, default=0.0), 0.0)

    def later_w(self, sun_w: float) -> float:
        """Return the sun in the middle of the time that the present sky is expected to last."""
        return max(sun_w + self.trend_w_s * self.lasts_s / 2, 0.0)

    @property
    def lasts_s(self) -> float:
        """How long the present sky is expected to last."""
        place = self.states.index(self.best)
        return self._least_s + self.lasted_s[place] / (1.0 + self.ended[place])

    def lasts_in_s(self, seconds: float) -> float | None:
        """Return when the sky is expected to last so long if it stays as it is; None: never."""
        place = self.states.index(self.best)
        needed_s = (seconds - self._least_s) * (1.0 + self.ended[place])
        if needed_s > REMEMBERED_S:
            return None
        return max(needed_s - self.lasted_s[place], 0.0)

    @property
    def _least_s(self) -> float:
        return LEAST_S if self.since_s else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentSwitches:
    """The starts and the phase switches of the last hour, and how many switches an hour has."""

    starts: int = 0
    switches: int = 0
    switches_per_hour: int = 4
    # How many of the switches the hour almost has again: of one half an hour ago a half.
    switches_back: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a connector is to do: `state` is the present one unless another is due; `due` is when others may be."""

    state: int
    # Seconds until each other state, if solar power stays as it is.
    due: tuple[tuple[int, float], ...] = ()

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
    own_least_w = min([low for low, _ in powers.of.values()], default=0.0)
    least_w = others_low_w or own_least_w
    most_w = others_high_w + max([high for _, high in powers.of.values()], default=0.0)
    usable_w = min(sun_w, most_w) if sun_w >= least_w else 0.0
    low_w, high_w = powers.of.get(state, (0.0, 0.0))
    taken_w = min(max(sun_w, others_low_w + low_w), others_high_w + high_w)
    from_sun_w = min(taken_w, sun_w)
    found_w = max(usable_w - from_sun_w, 0.0) + GRID_WEIGHT * (taken_w - from_sun_w)
    if state == OFF and others_low_w and sun_w >= others_low_w + own_least_w:
        found_w += FAIR_W
    return found_w


def watch_sky(
    sky: RecentSky, sun_w: float, powers: Powers, elapsed_s: float
) -> RecentSky:
    """Return the sky with what was seen since the last decision."""
    states = tuple(sorted({OFF, *powers.of}))
    now_w = [regret_w(sun_w, state, powers) for state in states]
    best = states[now_w.index(min(now_w))]
    seconds = min(max(elapsed_s, 0.0), LONGEST_S)
    rises_w_s = same_s = 0.0
    means_w = sky.means_w if elapsed_s <= LONGEST_S else ()
    means_w = means_w or (sun_w,) * len(MEANS_S)
    if sky.states == states and sun_w == sky.sun_w:
        # The meter has not reported another value yet.
        same_s = sky.same_s + seconds
        rises_w_s = sky.rises_w_s if same_s <= SOON_S else 0.0
    elif sky.states == states and seconds:
        rises_w_s = (sun_w - sky.sun_w) / (sky.same_s + seconds)
    if sky.states != states:
        none = (0.0,) * len(states)
        sky = RecentSky(states=states, best=best, lasted_s=none, ended=none)
    if now_w[states.index(sky.best)] - min(now_w) <= TREMBLES_W:
        best = sky.best
    kept = 1.0 - seconds / REMEMBERED_S
    return RecentSky(
        states=states,
        best=best,
        sun_w=sun_w,
        rises_w_s=rises_w_s,
        same_s=same_s,
        means_w=tuple(
            [
                mean_w + (sun_w - mean_w) * seconds / (seconds + over_s)
                for mean_w, over_s in zip(means_w, MEANS_S, strict=True)
            ]
        ),
        since_s=sky.since_s + seconds if best == sky.best else 0.0,
        # The time since the last decision was that of the sky that was seen then.
        lasted_s=tuple(
            [
                lasted * kept + (seconds if state == sky.best else 0.0)
                for state, lasted in zip(states, sky.lasted_s, strict=True)
            ]
        ),
        ended=tuple(
            [
                ended * kept + (best != state == sky.best)
                for state, ended in zip(states, sky.ended, strict=True)
            ]
        ),
    )


def choose(
    sky: RecentSky,
    sun_w: float,
    state: int,
    powers: Powers,
    recent: RecentSwitches,
    *,
    ahead_w: float | None = None,
    charged_on: int | None = None,
) -> Choice:
    """Return which state is due: the one that avoids most, of those that avoid what they cost.

    `ahead_w` is the expected sun of the next half hour. A car that is off starts with at least its minimum, and
    was on `charged_on` phases before.
    """
    now_w = regret_w(sun_w, state, powers)
    later_w = sky.later_w(sun_w)
    ready: list[tuple[float, int]] = []
    due: list[tuple[int, float]] = []
    for other in sky.states:
        if now_w <= regret_w(sun_w, other, powers):
            continue  # with this solar power it is no better
        if state == OFF and sun_w - powers.others[0] < powers.of[other][0]:
            continue
        if state == OFF and _soon_for_more(sky, sun_w, other, powers):
            continue
        if OFF < other < state and _soon_for_none(sky, sun_w, other, powers):
            continue
        gain_w = regret_w(later_w, state, powers) - regret_w(later_w, other, powers)
        if ahead_w is not None:
            ahead_gain_w = regret_w(ahead_w, state, powers)
            ahead_gain_w -= regret_w(ahead_w, other, powers)
            gain_w += FORECAST_WEIGHT * (ahead_gain_w - gain_w)
        cost_wh = _cost_wh(state, other, powers, recent, charged_on)
        if gain_w <= 0 or cost_wh == inf:
            continue
        due_s = sky.lasts_in_s(cost_wh * 3600 / gain_w)
        if OFF not in (state, other) and due_s is not None and not sky.since_s:
            due_s = max(due_s, 1.0)  # one value is too little for a switch
        if due_s is not None:
            due.append((other, due_s))
            if due_s == 0 and sky.lasts_s > 0:
                ready.append((gain_w * sky.lasts_s / 3600 - cost_wh, other))
    return Choice(state=max(ready)[1] if ready else state, due=tuple(due))


def _soon_for_more(sky: RecentSky, sun_w: float, phases: int, powers: Powers) -> bool:
    """Whether the sun rises so fast that it will be enough for all phases in a moment."""
    every = max(powers.of)
    needed_w = powers.others[0] + powers.of[every][0]
    return phases < every and sun_w < needed_w <= sun_w + sky.rises_w_s * SOON_S


def _soon_for_none(sky: RecentSky, sun_w: float, phases: int, powers: Powers) -> bool:
    """Whether the sun falls so fast that in a moment it will not even be enough for these phases: who switches then, stops all the same."""
    needed_w = powers.others[0] + powers.of[phases][0]
    return sky.rises_w_s < 0 and sun_w + sky.rises_w_s * SOON_S < needed_w


def _cost_wh(
    state: int,
    other: int,
    powers: Powers,
    recent: RecentSwitches,
    charged_on: int | None,
) -> float:
    """Return the cost of a change from one state to another."""
    beside = powers.others[0] > 0
    if other == OFF:
        stop_wh = STOP_BESIDE_OTHERS_WH if beside else STOP_WH
        return stop_wh * _scarcity(recent.starts, STARTS_PER_HOUR + 1)
    if state == OFF:
        # What makes the starts of the hour scarce, those pay that use them up: the last ones are for a sun that lasts.
        scarce_wh = STOP_WH * (_scarcity(recent.starts, STARTS_PER_HOUR + 1) - 1.0)
        start_wh = START_BESIDE_OTHERS_WH if beside else scarce_wh
        if charged_on in (None, other):
            return start_wh
        # On another number of phases than before it is a switch without its pause: no way around its cost. Who wants no
        # switches has none that a start could use up.
        if not recent.switches_per_hour:
            return start_wh + _least_switch_wh(other > charged_on)
        # A car that is off loses all of the sun while it waits for one more: so soon as the hour has it again, it is not scarce.
        used = recent.switches - recent.switches_back
        return start_wh + _switch_wh(other > charged_on, recent, used)
    if other < state and recent.switches + 2 > max(recent.switches_per_hour, 2):
        return inf  # there would be no way back
    dearer = DEARER_BESIDE_OTHERS if beside else 1.0
    return dearer * _switch_wh(other > state, recent, recent.switches)


def _switch_wh(more: bool, recent: RecentSwitches, used: float) -> float:
    if recent.switches >= recent.switches_per_hour:
        return inf
    return _least_switch_wh(more) * _scarcity(used, recent.switches_per_hour)


def _least_switch_wh(more: bool) -> float:
    return MORE_PHASES_WH if more else FEWER_PHASES_WH


def _scarcity(used: float, most: int) -> float:
    """Return how much more expensive it is to use one more of so many in an hour."""
    return most / (most - used) if used < most else inf


def next_start(starts: tuple[datetime, ...], now: datetime) -> datetime | None:
    """Return when the hour has a start left again, None if it has one now."""
    recent = [at for at in starts if now - at < HOUR]
    return recent[-STARTS_PER_HOUR] + HOUR if len(recent) >= STARTS_PER_HOUR else None
