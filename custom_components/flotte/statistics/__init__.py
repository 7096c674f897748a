"""Home Assistant's long-term statistics from the energy history of sites."""
