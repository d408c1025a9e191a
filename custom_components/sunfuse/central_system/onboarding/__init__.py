"""How a station that came is let in, asked what it can do, and set up."""
