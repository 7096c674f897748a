"""Charging at home from the sun and in cheap hours: Home Assistant's side of `tesla.charging`."""
