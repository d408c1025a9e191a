"""Fixtures for every test that runs a Home Assistant."""

from hypothesis import HealthCheck, settings
import pytest

# Imported early, for Home Assistant's loader to find it.
import custom_components.sunfuse  # noqa: F401

from .forms import no_setup, sensors
from .price_site import start_frozen
from .site_fixtures import start

# How long an example takes says more of the machine than of the code.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

__all__ = ["no_setup", "sensors", "start", "start_frozen"]


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load custom integrations, in the tests that have one.

    A test that also asks for the recorder must get it before Home Assistant is made.
    """
    if "hass" not in request.fixturenames:
        return
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("recorder_mock")
    request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each test a configuration folder of its own: a site's ledger is a file in it."""
    return hass_tmp_config_dir
