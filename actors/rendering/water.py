"""Water below the horizon: what stands above it, mirrored in moving ripples, and the glitter under the sun."""

from collections.abc import Callable

import numpy as np

from actors.rendering.colour import falloff, linear, mix, saturate, smoothstep
from actors.rendering.noise import Array, Noise
from actors.rendering.palettes import Palette
from actors.rendering.sky import Sky
from actors.rendering.view import Patch, View

WAVES_PER_SECOND = 0.35  # toward the shore
RIPPLE_STIR = 0.5  # cells per second that ripples of different sizes drift apart


class Water:
    """A surface at altitude zero. `rough` from 0 (a pond) to 1 (open sea in wind)."""

    def __init__(self, view: View, palette: Palette, sky: Sky, noise: Noise, *, rough: float) -> None:
        self._noise, self._sky, self._rough = noise, sky, np.float32(rough)
        self._body, self._light = linear(palette.water), linear(palette.sun)
        self._strength = palette.glow_strength
        self._depth = np.float32(1 / max(-view.bottom, 1e-6))
        self._octaves = view.octaves(24.0, 3)

    def paint(self, patch: Patch, above: Callable[[Patch], Array], time: float = 0.0) -> Array:
        """Linear colours of pixels below the horizon after `time` seconds; `above` paints what is mirrored."""
        below = np.maximum(-patch.altitude, np.float32(0))
        ripple, swell = self._waves(patch, below, time)
        reach = below * (np.float32(0.1) + np.float32(0.5) * self._rough) + np.float32(0.004)
        seen = np.maximum(below * np.float32(0.94) + ripple * reach, np.float32(0))
        mirrored = above(patch.seen_at(seen))
        share = np.float32(0.16) + np.float32(0.4) * np.minimum(below * self._depth, np.float32(1))
        share = saturate(share + swell * (np.float32(0.05) + np.float32(0.3) * self._rough))
        return mix(mirrored, self._body, share) + self._glitter(patch, below, ripple)

    def _waves(self, patch: Patch, below: Array, time: float) -> tuple[Array, Array]:
        """Ripples and longer swell in [-1, 1], flat strokes that shrink toward the horizon, where pixels blur them."""
        near = np.float32(1) / (below + np.float32(0.03))
        row = np.log(below * np.float32(1 / 0.03) + np.float32(1)) * np.float32(14)
        fade = smoothstep(0.0, 1.0, (below + np.float32(0.01)) / (patch.pixel * np.float32(40)))
        across = patch.x * near
        row = row - np.float32(time * WAVES_PER_SECOND)
        ripple = self._noise.fractal(across * np.float32(0.75), row, self._octaves, 0.55, time * RIPPLE_STIR) * fade
        swell = self._noise.field(across * np.float32(0.22) + 50, row * np.float32(0.45))
        return ripple, swell * fade

    def _glitter(self, patch: Patch, below: Array, ripple: Array) -> Array:
        """A road of light toward the sun, narrow at the horizon."""
        dx = patch.x - np.float32(self._sky.sun_x)
        road = falloff(dx * dx / (np.float32(0.0016) + below * below * np.float32(0.22)), 1.0)
        spark = smoothstep(0.02, 0.62, ripple) * np.float32(0.5) + np.float32(0.06)
        fade = np.float32(1) / (np.float32(1) + below * np.float32(2.2))
        values: Array = self._light * (road * spark * fade * np.float32(self._strength * 1.1))
        return values
