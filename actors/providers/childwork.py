"""How providers work in child processes: what befalls a child, in the words of the port."""

from collections.abc import Iterator
from contextlib import contextmanager

from actors.children import ChildDied, ChildFailed, ChildNotStarted, ChildTimedOut, PoolClosed
from actors.providers.base import ProviderError


@contextmanager
def translated() -> Iterator[None]:
    """Have the errors of children leave as those of providers. Nothing was paid for, so another try costs only time."""
    try:
        yield
    except ChildTimedOut as exc:
        raise ProviderError("timeout", "The renderer took too long.", retryable=True) from exc
    except ChildDied as exc:
        raise ProviderError("provider_error", "The renderer stopped unexpectedly.", retryable=True) from exc
    except ChildFailed as exc:
        # Another job may have had the memory.
        is_full = exc.type_name in {"MemoryError", "OutOfMemoryError"}
        raise ProviderError("provider_error", "The renderer failed on this request.", retryable=is_full) from exc
    except (ChildNotStarted, PoolClosed) as exc:
        raise ProviderError("provider_unavailable", "The renderer could not be started.", retryable=True) from exc
