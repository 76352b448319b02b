"""What collections of garbage may cost: each stops every stream for as long as it looks at what there is."""

import gc

THRESHOLDS = (5_000, 5, 20)
"""How many more objects there are before a collection, and how many of a generation before one of the next."""


def collect_seldom() -> None:
    """Let a page of events die young, which is thousands of objects for some milliseconds.

    By Python's own thresholds each page brings a full collection nearer.
    """
    gc.set_threshold(*THRESHOLDS)


def keep_out_of_collections() -> None:
    """Collect what is garbage, and look no more at what is left, which is there for good or for long.

    It is freed as soon as nobody refers to it, as always. Only what refers to itself in a circle would stay for ever,
    so requests and streams must not; `tests/integration/app/test_garbage.py` sees to that.
    """
    gc.collect()
    gc.freeze()
