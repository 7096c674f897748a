"""Charging of a vehicle over time, as far as its reports prove it."""
