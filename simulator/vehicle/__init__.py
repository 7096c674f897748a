"""The physical half of a simulated car: what it is made of and how it lives."""
