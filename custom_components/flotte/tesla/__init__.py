"""Flotte for Tesla: the Tesla side, which never imports Home Assistant."""
