"""A process that writes a ledger as fast as it can, and says what is stored: to be killed at any moment.

It is a script of its own: python busy_ledger.py PATH FIRST. Session number n of a charger takes n Wh in two quarter hours,
is reported minute by minute, and its end twice. Prices change with each session: the n-th costs n cents, of
which 19 % are VAT, for person n modulo 2. What it prints was stored before.
"""

from datetime import UTC, datetime, timedelta
import importlib
from pathlib import Path
import sys
from types import ModuleType

_HOUSE = Path(__file__).parents[2] / "custom_components" / "sunfuse"
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 3


def main(path: Path, first: int) -> None:
    """Write sessions from `first` on, for ever."""
    # Without Home Assistant, which takes seconds to import.
    house = ModuleType("house")
    house.__path__ = [str(_HOUSE)]
    sys.modules["house"] = house
    sessions = importlib.import_module("house.sessions")
    ledger = sessions.Ledger(path)
    print("open", flush=True)  # noqa: T201
    number = max(first - 3, 1)  # what a charger is not sure of, it sends again
    while True:
        key = {"station": f"CP{number % 3}", "transaction": str(number)}
        start = START + timedelta(hours=number)
        person = f"person {number % 2}"
        prices = sessions.PriceList(
            name="Staff",
            currency="EUR",
            time_zone="UTC",
            per_session=number / 100,
            vat_percent=19.0,
        )
        ledger.named("person", {person: f"Name {number % 2}"})
        ledger.agree({(sessions.Billed.PERSON, person): prices}, start)
        ledger.note(
            sessions.TransactionFacts(
                **key,
                connector=1,
                heard_start_at=start,
                meter_start_wh=100.0,
                person=sessions.Attribution(at=start, value=person),
            )
        ).result()
        for minute in range(1, MINUTES + 1):
            share = minute / MINUTES / 2
            ledger.note(
                *(
                    sessions.MeasuredQuarter(
                        **key,
                        start=start + timedelta(minutes=15 * quarter),
                        energy_wh=number * share,
                        seconds=60.0 * minute,
                    )
                    for quarter in range(2)
                )
            ).result()
            print("minute", number, minute, flush=True)  # noqa: T201
        for _ in range(2):
            ledger.note(
                sessions.TransactionFacts(
                    **key,
                    connector=1,
                    stated_start_at=start,
                    stated_stop_at=start + timedelta(minutes=30),
                    meter_end_wh=100.0 + number,
                    stated_wh=float(number),
                )
            ).result()
            print("stored", number, flush=True)  # noqa: T201
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
