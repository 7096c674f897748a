"""Triggers and conditions of devices: what automations can begin with, and what they can ask."""
