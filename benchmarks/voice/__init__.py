"""Sentences about cars, in English and German: how many do what was meant, and nothing else.

They are spoken to Home Assistant's own agent, in a house with other devices and a simulated car,
first as Flotte is installed, then with everything exposed and allowed. For comparison, they are
also spoken without Flotte's sentences.
"""

from benchmarks.voice.report import add_options, run

__all__ = ["add_options", "run"]
