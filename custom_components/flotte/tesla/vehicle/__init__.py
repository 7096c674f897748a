"""Vehicles: state, polling, waking, commands and streamed records."""
