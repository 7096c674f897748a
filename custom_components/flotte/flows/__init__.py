"""Steps of the options flow."""
