"""The physical half of a simulated car: its build and its life."""
