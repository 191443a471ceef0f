"""Makes any Python warn of what 3.12, 3.14 and newer warn of, as far as our dependencies use it."""

import codecs
import datetime as dt
import warnings
from typing import Any

plain, plain_open = dt.datetime, codecs.open


class Kind(type):
    """Takes a datetime for what stands in for it."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, plain)


class Deprecated(dt.datetime, metaclass=Kind):
    """Stands in for datetime, as for whoever freezes time."""

    @classmethod
    def utcnow(cls) -> Any:
        """Warn as Python 3.12 does."""
        warnings.warn("datetime.datetime.utcnow() is deprecated", DeprecationWarning, stacklevel=2)
        return plain.now(dt.UTC).replace(tzinfo=None)

    @classmethod
    def utcfromtimestamp(cls, timestamp: float, /) -> Any:
        """Warn as Python 3.12 does."""
        warnings.warn("datetime.datetime.utcfromtimestamp() is deprecated", DeprecationWarning, stacklevel=2)
        return plain.fromtimestamp(timestamp, dt.UTC).replace(tzinfo=None)


def deprecated_open(*words: Any, **options: Any) -> Any:
    """Warn as Python 3.14 does."""
    warnings.warn("codecs.open() is deprecated", DeprecationWarning, stacklevel=2)
    return plain_open(*words, **options)


vars(dt)["datetime"] = Deprecated
vars(codecs)["open"] = deprecated_open
