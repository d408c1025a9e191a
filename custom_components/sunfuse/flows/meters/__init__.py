"""What forms tell of a meter before it is chosen: its sign, and how fast it is."""
