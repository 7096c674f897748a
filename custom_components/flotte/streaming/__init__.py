"""Home Assistant's side of the stream: the receiver, and what each car is asked to send."""
