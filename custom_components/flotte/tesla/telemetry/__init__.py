"""Tesla's Fleet Telemetry: from the bytes of a car's connection to readings, and the answers.

    envelope       the FlatBuffers table around every message, and the answers to it
    fields         the table of fields: their signals, and the forms of their values
    records        the messages inside: signals, alerts, errors, connectivity (protobuf)
    mqtt           those messages from a broker behind Tesla's own server (JSON)
    admission      which handshakes there is time for, before a certificate is known
    acceptor       the listening sockets, and connections that have sent nothing yet
    tls            certificates of both sides; TLS of a connection; handshakes in a thread
    entrance       a connection's way from TCP to TLS
    connections    connections from TLS on: HTTP, WebSockets of cars, heartbeat
    messages       the messages of cars, and the answer to each
    counters       counts for diagnostics
    server         the WebSocket server that cars connect to, of the four above
    stream_plan    the fields a car should send, by profiles; forecast has their cost
    configuration  the claims that a plan becomes, to be signed
    answers        Tesla's answers about configurations, and remedies for what goes wrong
    selfcheck      whether a car would get through to the server

        bytes ─> messages ─> envelope ─> records ─> Record, Alert, CarError
                 ack <──── envelope

What reads and writes bytes does no I/O and reads no clock: times are arguments.
"""
