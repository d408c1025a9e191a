"""Tests of repair issues and the dialogs that fix them."""
