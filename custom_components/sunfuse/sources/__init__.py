"""How to read the site: entities, Modbus meters, tariffs, forecasts."""
