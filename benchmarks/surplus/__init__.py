"""Charging from the sun: contestants on measured minutes of sun and load, by their money.

A simulated vehicle, roof, house and meter in steps of 10 s. Every contestant decides on the same
minutes; the bound knows the future. Settings are chosen on the training cases only.
"""

from benchmarks.surplus.contest import add_options, run

__all__ = ["add_options", "run"]
