"""Which meter is believed, and what circuits carry besides the cars."""
