"""What runs while a site is set up: the loop from readings to offers, and all that serves it."""
