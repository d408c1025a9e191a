"""Tests of sources/modbus/."""
