"""A year of simulated homes: what the planner and the engine pay, against whoever knew everything before."""
