"""Is there a network of this shape, and a dataset of this size, for which these gradient entries vanish?"""

from zerograd._version import __version__

__all__ = ["__version__"]
