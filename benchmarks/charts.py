"""Results as bars: one SVG for each figure of a part that can be compared between servers."""

from collections import defaultdict
from collections.abc import Sequence
from html import escape
from statistics import median
from typing import Any

from benchmarks.hub_load import ROOT

CHARTS = ROOT / "docs" / "benchmarks"
FIGURES = {
    "per_second": "in a second (more is better)",
    "cpu_per_million": "seconds of the server's processor for a million deliveries (less is better)",
    "p99_us": "99th percentile in microseconds (less is better)",
    "kib_each": "KiB for each idle stream (less is better)",
    "cpu_ms": "milliseconds of processor for each (less is better)",
}
OF_PART = {
    "fanout": ("per_second", "cpu_per_million"),
    "users": ("per_second", "cpu_per_million"),
    "latency": ("p99_us",),
    "memory": ("kib_each",),
    "submit": ("per_second", "cpu_ms"),
    "jobs": ("per_second", "cpu_ms"),
}
WIDTH, ROW, LABEL, BAR = 760, 26, 220, 420


def draw(part: str, rows: Sequence[dict[str, Any]]) -> None:
    """Draw the medians of a part's rounds; a part with nothing to compare has no chart."""
    for figure in OF_PART.get(part, ()):
        (CHARTS / f"{part}-{figure.replace('_', '-')}.svg").write_text(chart(part, figure, rows))


def chart(part: str, figure: str, rows: Sequence[dict[str, Any]]) -> str:
    """Bars, one for each server and burst, with their values."""
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        burst = f", {row['burst']} at once" if row.get("burst", 1) > 1 else ""
        values[row["server"] + burst].append(row[figure])
    bars = {name: median(each) for name, each in values.items()}
    longest = max(bars.values()) or 1
    height = ROW * (len(bars) + 1) + 14
    pieces = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f"<title>{escape(part)}: {escape(FIGURES[figure])}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="18" font-weight="bold" font-size="14">{escape(part)}: {escape(FIGURES[figure])}</text>',
    ]
    for number, (name, value) in enumerate(bars.items(), 1):
        y, fill = number * ROW + 4, "#2563eb" if name.startswith("service") else "#94a3b8"
        pieces += [
            f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end" font-size="13">{escape(name)}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{max(1, BAR * value / longest):.1f}" height="{ROW - 6}" fill="{fill}"/>',
            f'<text x="{LABEL + BAR * value / longest + 6:.1f}" y="{y + 15}" font-size="13">{_shown(value)}</text>',
        ]
    return "\n".join([*pieces, "</svg>"]) + "\n"


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004  # three digits are known
