"""Weeks that are replayed."""
