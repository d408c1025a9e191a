"""The threads that a Home Assistant leaves to a test's end."""

import threading

from homeassistant.util.executor import InterruptibleThreadPoolExecutor

WORKERS = 4


def test_workers_end_although_nobody_wakes_them() -> None:
    """As if the first one that the executor woke had been interrupted before it woke the next."""
    executor = InterruptibleThreadPoolExecutor(max_workers=WORKERS)
    busy = threading.Barrier(WORKERS + 1)
    for _ in range(WORKERS):
        executor.submit(busy.wait)
    busy.wait()
    executor._shutdown = True  # noqa: SLF001
    executor.join_threads_or_timeout()
    assert not any(thread.is_alive() for thread in executor._threads)  # noqa: SLF001
