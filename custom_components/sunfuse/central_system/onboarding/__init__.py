"""How a station that has connected is admitted, asked for its capabilities, and set up."""
