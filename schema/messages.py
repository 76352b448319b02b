"""What the web side and the workers say to each other through the broker and Redis: ids only."""

from typing import Final

from schema.responses import JobKind

WORK_ACTORS: Final[dict[JobKind, str]] = {
    "image": "generate_image",
    "video": "generate_video",
    "upload": "process_upload",
    "erasure": "erase_user",
}
"""The actor that works on jobs of each kind; its queue bears the kind's name."""
