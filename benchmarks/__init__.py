"""Figures that anyone can reproduce, with their baselines."""
