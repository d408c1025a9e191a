"""A simulated site: sun, house, battery and cars, and chargers that really speak OCPP."""

from .simulated_site import ChargerSpec, SimulatedSite, SiteValues, default_site
from .simulation import ChargerValues, SimulatedCharger, Simulation

__all__ = [
    "ChargerSpec",
    "ChargerValues",
    "SimulatedCharger",
    "SimulatedSite",
    "Simulation",
    "SiteValues",
    "default_site",
]
