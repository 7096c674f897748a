"""How fast Flotte is, measured beside what others do and what is possible at all.

Run one with `scripts/bench NAME`; docs/benchmarks.md says what the figures mean. Nothing leaves the
machine.
"""
