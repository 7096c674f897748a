"""Stands in for pyspeex-noise, for the same reason as `pymicro_vad` beside it."""


class AudioProcessor:
    """Would take noise out of what a satellite hears."""

    def __init__(self, *_settings: float) -> None:
        raise NotImplementedError("the demonstration does not listen")
