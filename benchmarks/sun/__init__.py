"""How much of the sun reaches the cars: beside an ideal controller and beside evcc's published rules."""
