"""Where vectors are kept, chosen by the scheme of a URL."""

from embedrank.engine.caches.opening import open_cache

__all__ = ["open_cache"]
