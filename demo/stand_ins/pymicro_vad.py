"""Stands in for pymicro-vad, which would have to be compiled.

Home Assistant imports it at every start, and without it the front end does not even load; it uses
it for listening to satellites only, which the demonstration has none of.
"""


class MicroVad:
    """Would tell speech from noise."""

    def __init__(self) -> None:
        raise NotImplementedError("the demonstration does not listen")
