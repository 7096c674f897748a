"""Home Assistant's side of the stream: the receiver, and the vehicles' subscriptions."""
