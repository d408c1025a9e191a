"""The end-to-end tests speak to real programs over loopback."""

import pytest


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let these tests use real sockets."""
