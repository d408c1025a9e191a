"""What runs while a site is set up: the loop from readings to offers, and everything that supports it."""
