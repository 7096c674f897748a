"""Steps of the setup flow that are not in config_flow.py."""
