"""TLS of the stream: certificates, trust, and the identity of a car."""
