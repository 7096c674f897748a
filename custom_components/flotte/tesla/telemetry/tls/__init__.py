"""TLS of the receiver: certificates, trust, and the identity of vehicles."""
