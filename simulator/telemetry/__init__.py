"""Fleet Telemetry as a car does it: configuration, collection and delivery.

    configuration   the cloud's checks, and the car's reading of the signed text
    signature       Tesla.SS256, the car's side: verification
    field           one field: its type on the wire, and the firmware that has it
    readers         values of fields, computed from a car's life
    fields          the table of all fields, in Tesla's units and types
    collector       the fields of each message: a function of the car's life
    alerts          the alerts of a car
    subscription    one application's configuration in one car, and its messages
    recorder        the telemetry client of one car: all subscriptions, alerts, errors
    envelope        FlatBuffers around a message, and the answers to it
    certificates    the authorities behind the cars' certificates
    connection      one connection of one car: TLS, WebSocket
    in_flight       messages that were sent and not acknowledged
    link            the use of a connection: messages, acks, retries
    streams         all connections, and their bill

Facts: Tesla's fleet-telemetry server and documentation, August 2026. Unknown details are marked
where they were chosen.
"""
