"""Tests of what drivers want, and of which car is where."""
