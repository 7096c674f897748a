"""Free ports on loopback, for the servers of tests, benchmarks and the demo."""

import itertools
import random
import socket

FIRST_PORT, LAST_PORT = 20_000, 32_000
"""Below what operating systems hand out themselves. A port of theirs may go to another connection
between the moment it was found free and the moment a server listens on it."""

_START = random.SystemRandom().randrange(LAST_PORT - FIRST_PORT)
"""Programs that run side by side begin in different places."""
_OFFSETS = itertools.count(_START)


def free_port() -> int:
    """Return a port that nothing listens on and that this process was not given lately.

    Raises OSError if all are taken.
    """
    for offset in itertools.islice(_OFFSETS, LAST_PORT - FIRST_PORT):
        port = FIRST_PORT + offset % (LAST_PORT - FIRST_PORT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("every port is taken")
