"""The transactions of a station, and when cars are plugged in."""
