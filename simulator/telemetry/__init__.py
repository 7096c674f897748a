"""Fleet Telemetry as a car does it: its configuration, what it collects, and how it delivers.

    configuration   what the cloud checks, and what the car reads from the signed text
    signature       Tesla.SS256, the car's side: verifying
    fields          what a car can tell, in Tesla's units and kinds
    collector       which of it is told when: a pure function of the car's life
    alerts          the alerts of a car
    recorder        all of it for one car: who configured it, and what waits to be sent
    envelope        FlatBuffers around a message, and the answers to it
    certificates    the authorities behind the cars' certificates
    connection      one connection of one car: TLS, WebSocket
    link            what goes over it: messages, acks, retries
    streams         all connections, the bill, and the errors that cars report

Facts: Tesla's fleet-telemetry server and documentation, August 2026. What nobody outside Tesla
knows is marked where it was chosen.
"""
