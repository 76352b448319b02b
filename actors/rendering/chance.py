"""Seeded choices: one source of numbers per picture and purpose, the same on every machine and Python."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def key_of(*parts: object) -> int:
    """A 64-bit key of the parts."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


class Chance:
    """A stream of choices. Uses `random()` alone, whose sequence Python promises to keep for a seed."""

    def __init__(self, *parts: object) -> None:
        self._random = random.Random(key_of(*parts))  # noqa: S311  # pictures, no secrets

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self._random.random()

    def side(self) -> float:
        """-1 or 1."""
        return -1.0 if self._random.random() < 0.5 else 1.0  # noqa: PLR2004  # a half

    def yes(self, probability: float) -> bool:
        """True with that probability."""
        return self._random.random() < probability

    def one_of(self, items: Sequence[T]) -> T:
        """One item, each as likely as the others."""
        return items[int(self._random.random() * len(items))]

    def weighted(self, weights: Mapping[str, float]) -> str:
        """One key, as likely as its weight says."""
        point = self._random.random() * sum(weights.values())
        for key, weight in weights.items():
            point -= weight
            if point < 0:
                return key
        return list(weights)[-1]
