"""A small Tesla for tests and demonstrations: cloud, cars and an energy site, on loopback."""

from simulator.app import Simulator

__all__ = ["Simulator"]
