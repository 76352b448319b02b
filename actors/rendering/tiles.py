"""How a picture is cut into tiles: enough of them to report progress and stop quickly, few enough to cost little."""

from collections.abc import Iterator

MIN_EDGE, MAX_EDGE = 16, 128
TILES_WANTED = 64  # at least, unless tiles would be smaller than MIN_EDGE

Tile = tuple[int, int, int, int]


def edge_of(width: int, height: int) -> int:
    """The tiles' edge in pixels: the largest power of two that gives `TILES_WANTED` tiles."""
    edge = MAX_EDGE
    while edge > MIN_EDGE and _count(width, height, edge) < TILES_WANTED:
        edge //= 2
    return edge


def tile_count(width: int, height: int) -> int:
    """How many tiles a picture of that size has."""
    return _count(width, height, edge_of(width, height))


def tiles_of(width: int, height: int) -> Iterator[Tile]:
    """Column, row, width, height of every tile, in reading order."""
    edge = edge_of(width, height)
    for row in range(0, height, edge):
        for column in range(0, width, edge):
            yield column, row, min(edge, width - column), min(edge, height - row)


def _count(width: int, height: int, edge: int) -> int:
    return -(-width // edge) * -(-height // edge)
