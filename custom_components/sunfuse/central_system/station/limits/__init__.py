"""What each connector may draw: how it is commanded, whether the charger complies, and what else limits it."""
