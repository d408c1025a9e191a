"""Reads the site: entities, Modbus meters, tariffs, forecasts."""
