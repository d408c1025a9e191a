"""What a site's ledger answers, from the event loop: each question is read in a thread of its own."""

import asyncio
from datetime import datetime, timedelta

from ...sessions import (
    GroupBy,
    HourlySum,
    LatestStay,
    Ledger,
    PriceList,
    SessionFilter,
    SessionInterval,
    SessionPause,
    SessionRow,
    SessionSums,
    SignedValue,
    SiteQuarter,
)


class LedgerAnswers:
    """Asks a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Ask this one."""
        self.ledger = ledger

    async def async_sessions(
        self, wanted: SessionFilter, *, limit: int = -1, offset: int = 0
    ) -> list[SessionRow]:
        """Return sessions, the newest first."""
        return await asyncio.wrap_future(
            self.ledger.sessions(wanted, limit=limit, offset=offset)
        )

    async def async_latest_stays(
        self, since: datetime, each: int, shortest: timedelta
    ) -> list[LatestStay]:
        """Return the last stays of each vehicle, and of the guests of each connector: so many of each weekday, the oldest first."""
        return await asyncio.wrap_future(
            self.ledger.latest_stays(since, each, shortest)
        )

    async def async_intervals(self, number: int) -> list[SessionInterval]:
        """Return the quarter hours of a session."""
        return await asyncio.wrap_future(self.ledger.intervals(number))

    async def async_pauses(self, number: int) -> list[SessionPause]:
        """Return why and for how long a session was paused."""
        return await asyncio.wrap_future(self.ledger.pauses(number))

    async def async_price_lists(self) -> dict[int, PriceList]:
        """Return the price lists of sessions, as they were agreed on, by their numbers."""
        return await asyncio.wrap_future(self.ledger.price_lists())

    async def async_signed_values(self, number: int) -> list[SignedValue]:
        """Return the signed meter values of a session, as they were received."""
        return await asyncio.wrap_future(self.ledger.signed_values(number))

    async def async_sums(
        self, wanted: SessionFilter, by: GroupBy | None = None
    ) -> list[SessionSums]:
        """Return the sum of these sessions, or one for each person, vehicle or charger."""
        return await asyncio.wrap_future(self.ledger.sums(wanted, by))

    async def async_hourly_sums(
        self, by: GroupBy, since: datetime, until: datetime
    ) -> dict[str, list[HourlySum]]:
        """Return the rising sums of each charger, person or vehicle, for each full hour between two times."""
        return await asyncio.wrap_future(self.ledger.hourly_sums(by, since, until))

    async def async_site_quarters(
        self, start: datetime, end: datetime
    ) -> dict[datetime, SiteQuarter]:
        """Return the site's quarter hours that begin between two times, both included."""
        return await asyncio.wrap_future(self.ledger.site_quarters(start, end))

    async def async_first_start(self) -> datetime | None:
        """Return when the first session began."""
        return await asyncio.wrap_future(self.ledger.first_start())

    async def async_names(self, kind: str) -> dict[str, str]:
        """Return what persons, vehicles or chargers (`station`) are called, also those that are gone."""
        return await asyncio.wrap_future(self.ledger.names(kind))

    async def async_all_names(self) -> dict[GroupBy, dict[str, str]]:
        """Return what persons, vehicles and chargers are called."""
        return {by: await self.async_names(by.value) for by in GroupBy}
