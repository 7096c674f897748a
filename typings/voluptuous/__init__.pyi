# Home Assistant answers `import voluptuous` with its own engine; so does the type checker.
from probatio import *  # noqa: F403  # all of it, by another name
