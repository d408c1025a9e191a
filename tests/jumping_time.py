"""Time that jumps: where a whole test waits for nothing but the clock, the clock moves on to what is due next.

A site that lives by the second is tested in the time that its decisions take. And as time stands still while there is
something to do, a machine that is busy with something else changes nothing: what happens within a second in the test
does so however long that takes.
"""

import asyncio
from asyncio import wrap_future
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
import selectors
from typing import Any
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from freezegun import freeze_time
import pytest

# What other threads do is waited for, in steps of so many real seconds.
_THREADS_S = 0.002
# What is still on its way through loopback gets so many real seconds, but where a test merely looks again.
_LOOPBACK_S, _LOOKS_AGAIN_S = 0.001, 0.05


class _JumpingSelector:
    """Stands for the selector of an event loop: lets no real time pass where all wait for the clock."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        jump: Callable[[float], None],
        threads_work: Callable[[], bool],
    ) -> None:
        self._selector = selector
        self._jump = jump
        self._threads_work = threads_work

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the selector."""
        return getattr(self._selector, name)

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready; where nothing is, move the clock on by the timeout."""
        ready = self._selector.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self._threads_work():
            return self._selector.select(timeout if timeout is None else _THREADS_S)
        if timeout > _LOOKS_AGAIN_S and (ready := self._selector.select(_LOOPBACK_S)):
            return ready
        self._jump(timeout)
        return ready


@contextmanager
def jumping_loop(
    loop: Any, moved: Callable[[float], object] = lambda _seconds: None
) -> Iterator[None]:
    """Let the clock of an event loop jump, and tell `moved` by how much. `loop` is asyncio's own, in Python."""
    now_s = loop.time()
    selector = loop._selector  # noqa: SLF001
    working: set[asyncio.Future[Any]] = set()

    def jump(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds
        moved(seconds)

    def wrap(future: Any, **of_loop: Any) -> asyncio.Future[Any]:
        """Remember what awaits another thread: an executor's job, or something of the ledger."""
        wrapped: asyncio.Future[Any] = wrap_future(future, **of_loop)
        working.add(wrapped)
        wrapped.add_done_callback(working.discard)
        return wrapped

    loop._selector = _JumpingSelector(selector, jump, lambda: bool(working))  # noqa: SLF001
    # It keeps this time: what it has yet to call is due by that.
    loop.time = lambda: now_s
    with (
        patch.object(asyncio, "wrap_future", wrap),
        patch.object(asyncio.futures, "wrap_future", wrap),
    ):
        try:
            yield
        finally:
            loop._selector = selector  # noqa: SLF001


@contextmanager
def jumping_time(loop: Any, begins_at: datetime) -> Iterator[None]:
    """Let everybody's clocks jump, those of the wall included, from this time on."""
    walls: list[Any] = []

    def moved(seconds: float) -> None:
        for wall in walls:
            wall.tick(timedelta(seconds=seconds))

    # The loop's clock comes first: it goes on from its own time, not from that of the wall.
    with jumping_loop(loop, moved), freeze_time(begins_at) as wall:
        walls.append(wall)
        yield


@pytest.fixture
def begins_at() -> datetime:
    """Return when the time of a test begins, whenever it is run.

    It is a Wednesday at eleven in the morning in the tests' own time zone, San Diego's: no midnight, no end of a month and no
    change of the clocks is near.
    """
    return datetime(2026, 6, 10, 18, 3, 20, tzinfo=UTC)


@pytest.fixture
async def jumping(begins_at: datetime) -> AsyncIterator[None]:
    """Let the time of a test jump. A client of Home Assistant is asked for after it: its token is of that time."""
    with jumping_time(asyncio.get_running_loop(), begins_at):
        yield


def _sign_something() -> None:
    """Let cryptography see what a time really is: it takes the first class that it is shown for that."""
    name = x509.Name([])
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=now,
        not_valid_after=now,
    ).sign(key, hashes.SHA256())


_sign_something()
