"""A site that is not there: sun, house, battery and cars, and chargers that really speak OCPP."""

from .simulation import ChargerValues, SimulatedCharger, Simulation
from .site import ChargerSpec, SimulatedSite, SiteValues, default_site

__all__ = [
    "ChargerSpec",
    "ChargerValues",
    "SimulatedCharger",
    "SimulatedSite",
    "Simulation",
    "SiteValues",
    "default_site",
]
