"""The dashboard and the car card that Flotte brings along, in JavaScript without a build step."""
