"""Tests of the forms, filled in as a user would."""
