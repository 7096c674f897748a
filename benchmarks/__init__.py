"""Benchmarks of Flotte's speed, compared with others and with lower bounds.

Run one with `scripts/bench NAME`; docs/benchmarks.md explains the figures. Nothing leaves the
machine.
"""
