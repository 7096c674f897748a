"""The account of a config entry: login, key, storage, devices."""
