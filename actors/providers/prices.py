"""What tokens cost: the usage that an answer tells, in US dollars."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """US dollars for a million tokens of each sort."""

    text_in: float
    image_in: float
    image_out: float
    text_out: float = 0.0

    def cost(self, usage: Any) -> float | None:
        """US dollars for `usage`, an object as the Images API tells it; None where it tells nothing."""
        if not isinstance(usage, dict):
            return None
        given, made = _parts(usage, "input", "text_tokens"), _parts(usage, "output", "image_tokens")
        total = given["text_tokens"] * self.text_in + given["image_tokens"] * self.image_in
        total += made["text_tokens"] * self.text_out + made["image_tokens"] * self.image_out
        return float(total / MILLION)


def _parts(usage: Mapping[str, Any], side: str, sort: str) -> Mapping[str, int]:
    """How many tokens of each sort; all are of this `sort` where the answer does not part them."""
    details = usage.get(f"{side}_tokens_details")
    if not isinstance(details, dict):
        details = {sort: usage.get(f"{side}_tokens")}
    counts = {each: details.get(each) for each in ("text_tokens", "image_tokens")}
    return {each: count if isinstance(count, int) else 0 for each, count in counts.items()}
