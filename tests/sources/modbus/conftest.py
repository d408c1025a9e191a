"""Sockets for the tests of Modbus, on the loopback interface."""

import pytest


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let the tests use real sockets."""
