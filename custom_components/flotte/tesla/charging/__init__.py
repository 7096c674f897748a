"""Charging of vehicles: as their reports prove it, as Tesla bills it, and from the sun at home."""
