"""The prices and emissions of electricity at the simulated site: a typical tariff, by the hours of the day."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigSubentryData

from ...const import SUBENTRY_CAPACITY, SUBENTRY_TARIFF

_WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def simulated_tariffs(sentences: Mapping[str, str]) -> list[ConfigSubentryData]:
    """Return the sub-entries of prices and peaks of a new simulated site."""
    return [
        ConfigSubentryData(
            subentry_type=SUBENTRY_TARIFF,
            title=sentences["simulated_tariff"],
            unique_id=None,
            data={
                "source": {
                    "kind": "table",
                    "table": {
                        "value": 0.17,
                        "periods": [
                            {"value": 0.09, "start": "23:00", "end": "06:00"},
                            {"value": 0.08, "start": "11:00", "end": "15:00"},
                            {
                                "value": 0.24,
                                "start": "17:00",
                                "end": "21:00",
                                "weekdays": _WORKDAYS,
                            },
                        ],
                    },
                },
                "components": {
                    "grid_fee": {"value": 0.05},
                    "taxes": 0.05,
                    "vat_percent": 21,
                    "export": "fixed",
                    "export_table": {"value": 0.06},
                },
                "carbon": {
                    "kind": "table",
                    "table": {
                        "value": 240,
                        "periods": [
                            {"value": 90, "start": "10:00", "end": "16:00"},
                            {"value": 310, "start": "17:00", "end": "22:00"},
                        ],
                    },
                },
                "currency": "EUR",
            },
        ),
        ConfigSubentryData(
            subentry_type=SUBENTRY_CAPACITY,
            title=sentences["simulated_capacity_tariff"],
            unique_id=None,
            data={"rule": {"key": "flanders", "price_per_kw": 4.2}, "cap": False},
        ),
    ]
