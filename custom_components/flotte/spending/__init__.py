"""Home Assistant's side of spending: the stored ledger, callers and decisions."""
