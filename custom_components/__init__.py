"""The place of custom integrations, as Home Assistant looks for them."""
