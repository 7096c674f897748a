"""Flotte for Tesla: the Tesla side, which knows nothing of Home Assistant."""
