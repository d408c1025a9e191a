"""Work that is asked for in bursts: it runs once for each burst, one at a time, and no request is lost."""

import asyncio
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.site.background_run import BackgroundRun
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

BURST = timedelta(seconds=2)


class _Job:
    """Counts how often it began; ends when it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()
        self.fails = False

    async def __call__(self) -> None:
        self.begun += 1
        await self.go.wait()
        if self.fails:
            raise ValueError


def _run(hass: HomeAssistant, job: _Job) -> BackgroundRun:
    entry = MockConfigEntry(domain=DOMAIN)
    return BackgroundRun(hass, entry, job, name="job", burst_s=BURST.total_seconds())


async def _pass_burst(hass: HomeAssistant) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + BURST + timedelta(seconds=1))
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_burst_of_requests_is_one_run(hass: HomeAssistant) -> None:
    """Ten changes in a moment are read once."""
    job = _Job()
    job.go.set()
    run = _run(hass, job)
    for _ in range(10):
        run.soon()
    assert job.begun == 0
    await _pass_burst(hass)
    assert job.begun == 1


async def test_a_request_during_a_run_is_answered_after_it(hass: HomeAssistant) -> None:
    """What changed while the job ran is not missed, however often it was asked for."""
    job = _Job()
    run = _run(hass, job)
    run.begin()
    run.begin()
    await run.async_run()  # returns at once: it runs already
    assert job.begun == 1
    job.go.set()
    await _pass_burst(hass)
    await _pass_burst(hass)
    assert job.begun == 2


async def test_a_run_that_fails_leaves_the_next_one_free(hass: HomeAssistant) -> None:
    """A failure ends only its own run."""
    job = _Job()
    job.fails = True
    job.go.set()
    run = _run(hass, job)
    for begun in (1, 2):
        with pytest.raises(ValueError):
            await run.async_run()
        assert job.begun == begun


async def test_nothing_begins_after_a_stop(hass: HomeAssistant) -> None:
    """Neither what waits for its burst, nor what was asked for during a run."""
    job = _Job()
    run = _run(hass, job)
    run.begin()
    run.begin()
    run.soon()
    run.stop()
    job.go.set()
    await _pass_burst(hass)
    await _pass_burst(hass)
    assert job.begun == 1
