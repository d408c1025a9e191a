"""The forms of Modbus devices."""
