"""An energy site, and the sections in which Tesla reports it."""

from .site import Site

__all__ = ["Site"]
