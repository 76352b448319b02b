"""What the tests of processing send limited children to do."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from actors.processing.verify import process_upload


def spoil(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Process a file cut off or with a flipped bit at `places` seeded places; yield the last message of each."""
    data = Path(arguments["file"]).read_bytes()
    chance = random.Random(arguments["seed"])
    for number in range(arguments["places"]):
        at = chance.randrange(len(data))
        flipped = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        spoiled = Path(arguments["scratch"]) / "spoiled"
        spoiled.write_bytes(data[:at] if number % 3 == 0 else flipped)
        *_, last = process_upload({**arguments, "file": str(spoiled)})
        yield {"at": at, "cut": number % 3 == 0, "last": last}
