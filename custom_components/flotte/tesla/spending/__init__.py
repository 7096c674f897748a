"""Spending: prices, the ledger, the budget and the gate. Pure functions and state, no I/O."""
