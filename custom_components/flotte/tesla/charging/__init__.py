"""Charging of vehicles over time: as their reports prove it, and as Tesla bills it."""
