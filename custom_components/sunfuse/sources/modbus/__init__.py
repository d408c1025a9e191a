"""Meters and inverters that are read over Modbus, without another integration in between."""
