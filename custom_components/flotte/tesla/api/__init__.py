"""Tesla's Fleet API over HTTP."""
