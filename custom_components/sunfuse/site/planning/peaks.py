"""The peaks of a site while it runs: what each capacity tariff counts, and what it still allows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
import logging
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ...const import CONF_MAIN_FUSE, DOMAIN
from ...engine.codec import read_number, read_time
from ...engine.meters.meter_quality import is_possible
from ...engine.model import ExternalLimit, LimitKind, MeterReading
from ...planner import TargetPeak
from ...sources.config import SourcesConfig
from ...sources.grid_history import async_grid_history
from ...sources.series import Series
from ...sources.tariffs.capacity_rules import CapacityTariff
from ...sources.tariffs.holidays import CALENDAR_AGE, Holidays
from ...sources.tariffs.meter_peak import meter_peak_w
from ...sources.tariffs.month_peaks import (
    PeakState,
    add_energy,
    advance,
    billed_w,
    corrected,
    cost,
    from_history,
    interval_start,
    local_month,
    measure_w,
    raised,
    with_past,
)
from ...sources.tariffs.stored_peaks import state_from_dict, state_to_dict
from ..entry_data import site_of
from ..outcome import PeakData
from ..storage_file import StorageFile
from .peak_rules import CapacityRule, capacity_rules
from .running_peak import RunningPeak

_LOGGER = logging.getLogger(__name__)

# A power cut loses no more than this, and the gap is filled from the readings before and after it.
SAVE_EVERY_S = 60.0
# Between two readings this far apart the power is assumed to change evenly.
LONGEST_GAP = timedelta(minutes=15)
# A meter that is silent for longer says nothing about the present.
SILENT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    at: datetime
    power_w: float  # positive on import


class SitePeaks:
    """Adds up what a site imports, for each of its capacity tariffs."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Start with nothing measured."""
        self._hass = hass
        self._entry = entry
        self._tz = ZoneInfo(hass.config.time_zone)
        self._store = peak_store(hass, entry.entry_id)
        self.rules = {rule.id: rule for rule in capacity_rules(entry)}
        self._holidays = {
            rule.id: Holidays(hass, rule.holidays) for rule in self.rules.values()
        }
        self._states = {rule_id: PeakState() for rule_id in self.rules}
        self._new = set(self.rules)
        self._planned: Mapping[str, TargetPeak] = {}
        self._last: _Sample | None = None
        site = site_of(entry.data)
        self._voltage_v = site.voltage_v
        self._fuse_w: float = entry.data[CONF_MAIN_FUSE] * site.phases * site.voltage_v

    async def async_load(self) -> None:
        """Read what was measured before a restart, if by the same rule."""
        stored = await self._store.async_load()
        for rule in self.rules.values():
            kept = stored.within("tariffs").within(rule.id)
            if kept.read("rule", list, None) == _measured_by(rule.tariff):
                if state := kept.within("state"):
                    self._states[rule.id] = state_from_dict(state)
                    self._new.discard(rule.id)
        self._last = stored.read("last", _sample_from_row, None)
        self.clock_was_set(timedelta(0))  # it may have been set since
        await self._store.async_put_aside()
        self._store.keep(self._as_dict)

    async def async_save(self) -> None:
        """Write what was measured, when the site is unloaded."""
        await self._store.async_save()

    async def async_refresh(self, sources: SourcesConfig) -> None:
        """Read the calendars of holidays, and once the recorder's months of a new tariff."""
        now = dt_util.utcnow()
        for holidays in self._holidays.values():
            await holidays.async_refresh(now)
        for rule_id in tuple(self._new):
            await self._async_recall(self.rules[rule_id], sources, now)
            self._new.discard(rule_id)

    async def _async_recall(
        self, rule: CapacityRule, sources: SourcesConfig, now: datetime
    ) -> None:
        start = interval_start(now, rule.tariff, self._tz)
        # The month itself, and those that are averaged with it.
        since = start - timedelta(days=31 * rule.tariff.months)
        history = await async_grid_history(
            self._hass, sources, since, start, self._voltage_v
        )
        history = tuple(s for s in history if is_possible(s.value, self._fuse_w))
        if not history:
            return
        past = await self._hass.async_add_executor_job(
            _recalled, rule.tariff, history, self._tz, self._holidays[rule.id].near(now)
        )
        live = self._states[rule.id]
        past = self._advanced(past, rule, start, now)
        if live.interval is not None:
            past = self._advanced(past, rule, live.interval, now)
            past = replace(past, used_wh=live.used_wh)
        self._states[rule.id] = past

    @callback
    def update(self, now: datetime, meter: MeterReading | None) -> None:
        """Add what the meter reports to the intervals in which it was drawn."""
        sample = self._sample(meter)
        last = self._last
        if sample is not None and (last is None or sample.at > last.at):
            for rule in self.rules.values():
                self._states[rule.id] = self._with(rule, last, sample, now)
            self._last = sample
            if self.rules:
                self._store.save_soon()
        elif last is None or now - last.at > SILENT:
            for rule in self.rules.values():
                state = self._states[rule.id]
                self._states[rule.id] = self._advanced(state, rule, now, now)
        for rule in self.rules.values():
            self._ask_meter(rule, now)

    def _ask_meter(self, rule: CapacityRule, now: datetime) -> None:
        """Take over the peak of the month that the meter itself keeps."""
        if rule.meter_peak is None:
            return
        peak_w = meter_peak_w(self._hass, rule.meter_peak, now, self._tz)
        if peak_w is not None and is_possible(peak_w, self._fuse_w):
            state = self._states[rule.id]
            self._states[rule.id] = raised(state, rule.tariff, peak_w, now, self._tz)

    @callback
    def clock_was_set(self, _by: timedelta) -> None:
        """Start again if stored values lie in the future: the machine ran with a wrong clock."""
        now = dt_util.utcnow()
        if self._last is not None and self._last.at > now:
            self._last = None
        for rule_id, state in self._states.items():
            if state.interval is not None and state.interval > now:
                self._states[rule_id] = replace(state, interval=None, used_wh=0.0)

    def _with(
        self, rule: CapacityRule, last: _Sample | None, sample: _Sample, now: datetime
    ) -> PeakState:
        state = self._states[rule.id]
        if last is None or sample.at - last.at > LONGEST_GAP:
            return self._advanced(state, rule, sample.at, now)
        mean_w = (max(last.power_w, 0.0) + max(sample.power_w, 0.0)) / 2
        return self._drawn(state, rule, last.at, sample.at, mean_w)

    def _drawn(
        self,
        state: PeakState,
        rule: CapacityRule,
        start: datetime,
        end: datetime,
        power_w: float,
    ) -> PeakState:
        energy_wh = power_w * ((end - start) / timedelta(hours=1))
        holidays = self._holidays[rule.id].near(end)
        return add_energy(
            state, rule.tariff, start, end, energy_wh, tz=self._tz, holidays=holidays
        )

    def _advanced(
        self, state: PeakState, rule: CapacityRule, to: datetime, now: datetime
    ) -> PeakState:
        holidays = self._holidays[rule.id].near(now)
        return advance(state, rule.tariff, to, tz=self._tz, holidays=holidays)

    @callback
    def begin_anew(self) -> None:
        """Forget what was measured."""
        self._states = {rule_id: PeakState() for rule_id in self.rules}
        self._last = None

    def running(self, now: datetime) -> tuple[RunningPeak, ...]:
        """Return each tariff with what was reached so far, for the planner."""
        return tuple(
            self._running(rule, self._states[rule.id], now)
            for rule in self.rules.values()
        )

    def _running(
        self, rule: CapacityRule, state: PeakState, now: datetime
    ) -> RunningPeak:
        return RunningPeak(
            rule=rule,
            state=self._advanced(state, rule, now, now),
            tz=self._tz,
            holidays=self._holidays[rule.id].near(now),
        )

    def data(self, now: datetime, house_w: float | None) -> dict[str, PeakData]:
        """Return what is shown of each tariff, with the power of the last reading; `house_w` is its part without the cars."""
        return {rule.id: self._data(rule, now, house_w) for rule in self.rules.values()}

    def _data(
        self, rule: CapacityRule, now: datetime, house_w: float | None
    ) -> PeakData:
        state = self._states[rule.id]
        last = self._last
        if last is not None and timedelta(0) < now - last.at <= SILENT:
            state = self._drawn(state, rule, last.at, now, max(last.power_w, 0.0))
        running = self._running(rule, state, now)
        allowed = running.allowance(now, self._planned.get(rule.id), house_w)
        state = running.state
        may_draw_w = self._fuse_w
        if allowed.power_w is not None:
            may_draw_w = min(allowed.power_w, self._fuse_w)
        return PeakData(
            allowance=allowed,
            may_draw_w=may_draw_w,
            measure_w=measure_w(state, rule.tariff),
            billed_w=billed_w(state, rule.tariff),
            peaks=state.peaks,
            cost=cost(state, rule.tariff),
        )

    @callback
    def aim(self, planned: Mapping[str, TargetPeak]) -> None:
        """Take over the peaks that a plan found worth paying, by tariff; none of them: go by what is usual."""
        self._planned = planned

    def limits(self, data: Mapping[str, PeakData]) -> tuple[ExternalLimit, ...]:
        """Return the limits that keep this interval below the month's target, if the user wants that."""
        return tuple(
            ExternalLimit(
                name=self.rules[rule_id].name,
                kind=LimitKind.PEAK,
                power_w=peak.may_draw_w,
                until=peak.allowance.interval_end,
            )
            for rule_id, peak in data.items()
            if self.rules[rule_id].cap and peak.allowance.power_w is not None
        )

    @callback
    def correct(self, rule_id: str, power_w: float, month: str | None = None) -> None:
        """Set a month's peak to the user's value (`2026-10`; this month by default)."""
        rule, now = self.rules[rule_id], dt_util.utcnow()
        state = self._advanced(self._states[rule_id], rule, now, now)
        if month is None or month == local_month(now, self._tz):
            state = corrected(state, rule.tariff, power_w, now, self._tz)
        else:
            state = with_past(state, {month: power_w})
        self._states[rule_id] = state
        self._new.discard(rule_id)
        self._store.save_soon(1)

    def _sample(self, meter: MeterReading | None) -> _Sample | None:
        if meter is None:
            return None
        power_w = meter.watts(self._voltage_v)
        if power_w is None or not is_possible(power_w, self._fuse_w):
            # A single wrong reading would become the peak of the month.
            return None
        return _Sample(at=meter.at, power_w=power_w)

    def _as_dict(self) -> dict[str, Any]:
        last = self._last
        return {
            "last": None if last is None else [last.at.isoformat(), last.power_w],
            "tariffs": {
                rule.id: {
                    "rule": _measured_by(rule.tariff),
                    "state": state_to_dict(self._states[rule.id]),
                }
                for rule in self.rules.values()
                # Months that the recorder has not been asked about yet are asked for again.
                if rule.id not in self._new
            },
        }


def _measured_by(tariff: CapacityTariff) -> list[Any]:
    """Return the properties of a rule that make its peaks useless for another."""
    measured = [tariff.key, tariff.interval_min, tariff.top, tariff.different_days]
    return [*measured, tariff.sliding] if tariff.sliding else measured


def _sample_from_row(row: list[Any] | None) -> _Sample | None:
    if row is None:
        return None
    return _Sample(at=dt_util.as_utc(read_time(row[0])), power_w=read_number(row[1]))


def _recalled(
    tariff: CapacityTariff, history: Series, tz: ZoneInfo, holidays: Iterable[date]
) -> PeakState:
    return from_history(tariff, history, tz=tz, holidays=frozenset(holidays))


def peak_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return the file of a site's peaks."""
    return StorageFile(hass, entry_id, "peaks", every_s=SAVE_EVERY_S)


@callback
def start_peaks(
    hass: HomeAssistant, entry: ConfigEntry, peaks: SitePeaks, sources: SourcesConfig
) -> None:
    """Read calendars and the recorder, now and each hour, in the background."""
    if not peaks.rules:
        return

    @callback
    def refresh(_now: datetime | None = None) -> None:
        entry.async_create_background_task(
            hass, peaks.async_refresh(sources), f"{DOMAIN} peaks"
        )

    refresh()
    entry.async_on_unload(
        async_track_time_interval(hass, refresh, CALENDAR_AGE, cancel_on_shutdown=True)
    )


async def async_load_peaks(hass: HomeAssistant, entry: ConfigEntry) -> SitePeaks:
    """Return a site's peaks as last measured."""
    peaks = SitePeaks(hass, entry)
    await peaks.async_load()
    entry.async_on_unload(peaks.async_save)
    return peaks
