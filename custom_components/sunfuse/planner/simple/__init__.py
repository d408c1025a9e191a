"""The planner without a solver, with the same guarantees about limits and departures."""
