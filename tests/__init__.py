"""The tests of Flotte; they mirror the code."""
