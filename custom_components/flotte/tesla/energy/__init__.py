"""The energy of sites, computed from the answers of Tesla's cloud. Pure functions, no I/O."""
