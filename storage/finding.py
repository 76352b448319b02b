"""What a look at the store's set-up brings to light."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `text` says what it is like or, where it is not right, what to change."""

    subject: str
    is_right: bool
    text: str
