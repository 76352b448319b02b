"""How big an upload's media may be, and which types are taken at all: known to the parent and to the child."""

from dataclasses import dataclass

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif")
VIDEO_TYPES = ("video/mp4", "video/webm", "video/quicktime")
ACCEPTED_TYPES = (*IMAGE_TYPES, *VIDEO_TYPES)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one upload may hold; a file that claims or has more is refused. Times are in seconds.

    `animation_pixels` are those of all frames of an animation together, `video_pixels` those of one frame.
    `streams` are a video's streams of picture, sound and text; unreadable data streams (a phone writes several) may be
    four times as many, for they are dropped.
    """

    image_pixels: int = 100_000_000
    frames: int = 1_000
    animation_pixels: int = 2_000_000_000
    video_pixels: int = 8192 * 4320
    video_frames: int = 500_000
    video_seconds: float = 3_600
    streams: int = 8
