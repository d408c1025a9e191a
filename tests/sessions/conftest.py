"""Fixtures of the ledger's tests."""

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a ledger can be."""
    return tmp_path / "ledger.db"
