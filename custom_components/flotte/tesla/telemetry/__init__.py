"""What cars push: Tesla's Fleet Telemetry, from the bytes of a connection to readings and back.

    envelope       the FlatBuffers table around every message, and the answers to it
    fields         what a field of the stream means: its signals, and the forms of its values
    records        the messages inside: signals, alerts, errors, connectivity (protobuf)
    mqtt           the same, from a broker behind Tesla's own server (JSON)
    certificates   who may connect, and how we prove who we are
    admission      which connections there is time for, before anybody has shown a certificate
    acceptor       the listening sockets, and connections that have sent nothing yet
    tls            TLS of a connection; handshakes in a thread
    entrance       a connection's way from TCP to TLS
    connections    connections from TLS on: HTTP, WebSockets of cars, heartbeat
    messages       the messages of cars, and the answer to each
    counters       counts for diagnostics
    server         the WebSocket server that cars connect to, of the four above
    stream_plan    what a car is asked to send, by profiles, and what that costs, by forecast
    configuration  the claims that a plan becomes, to be signed
    answers        Tesla's answers about configurations, and remedies for what goes wrong
    selfcheck      whether a car would get through to the server

        bytes ─> messages ─> envelope ─> records ─> Record, Alert, CarError
                 ack <──── envelope

What reads and writes bytes does no I/O and reads no clock: times are arguments.
"""
