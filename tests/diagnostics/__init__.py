"""Tests of diagnostics and system health."""
