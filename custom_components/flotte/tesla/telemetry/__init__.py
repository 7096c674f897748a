"""Tesla's Fleet Telemetry: from the bytes of a vehicle's connection to readings, and the answers.

    envelope       the FlatBuffers table around every message, and the answers to it
    fields         the table of fields: their signals, and the forms of their values
    records        the messages inside: signals, alerts, errors (protobuf)
    mqtt           these messages from a broker behind Tesla's own server (JSON)
    firmware       firmware versions that change how the stream is to be read
    admission      which handshakes may begin, before a certificate is known
    acceptor       the listening sockets, and connections that have sent nothing yet
    tls            certificates of both sides; TLS of a connection; handshakes in a thread
    entrance       connections from TCP to TLS
    connections    connections from TLS on: HTTP, WebSockets of vehicles, heartbeat
    messages       the messages of vehicles, and the answer to each
    counters       counts for diagnostics
    server         the WebSocket server that vehicles connect to, made of the parts above
    profiles       how often each field may be sent
    stream_plan    the fields that a vehicle should send; forecast computes their cost
    configuration  the claims for a plan, ready to be signed
    answers        Tesla's answers about configurations; remedies has the fixes for errors
    selfcheck      whether a vehicle could reach the server

        bytes ─> messages ─> envelope ─> records ─> Record, Alert, ReportedError
                 ack <──── envelope

The decoders do no I/O and read no clock; callers pass the time.
"""
