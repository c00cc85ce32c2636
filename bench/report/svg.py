# SPDX-License-Identifier: BSL-1.0
"""A sheet to draw on: SVG that follows the reader's light or dark setting, and scales from values to places."""
import html
import math

STYLE = """
.sheet { fill: #ffffff; stroke: #d1d9e0; }
text { font: 13px system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-size: 17px; font-weight: 600; }
.quiet { fill: #59636e; font-size: 12px; }
.on-bar { fill: #ffffff; font-size: 12px; }
.strong { font-weight: 600; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.ours { fill: #0969da; stroke: #0969da; } .peer { fill: #9198a1; stroke: #9198a1; } .other { fill: #bc4c00; stroke: #bc4c00; }
.met { fill: #1a7f37; stroke: #1a7f37; } .missed { fill: #cf222e; stroke: #cf222e; } .inconclusive { fill: #9a6700; stroke: #9a6700; }
.bar, .dot { stroke: none; } .light { opacity: .35; }
.whisker { stroke: #1f2328; stroke-width: 1.2; opacity: .55; }
@media (prefers-color-scheme: dark) {
.sheet { fill: #0d1117; stroke: #3d444d; }
text { fill: #f0f6fc; }
.quiet { fill: #9198a1; }
.on-bar { fill: #0d1117; }
.grid { stroke: #2f353d; }
.ours { fill: #4493f8; stroke: #4493f8; } .peer { fill: #656c76; stroke: #656c76; } .other { fill: #f0883e; stroke: #f0883e; }
.met { fill: #3fb950; stroke: #3fb950; } .missed { fill: #f85149; stroke: #f85149; } .inconclusive { fill: #d29922; stroke: #d29922; }
.bar, .dot { stroke: none; }
.whisker { stroke: #f0f6fc; }
}
"""


class Sheet:
    def __init__(self, width, height, title, subtitle=""):
        self.width, self.height, self.title = width, height, title
        self.parts = []
        self.text(20, 30, title, "title")
        if subtitle:
            self.text(20, 50, subtitle, "quiet")

    def text(self, x, y, words, kind="", anchor="start"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(words)}</text>')

    def line(self, x1, y1, x2, y2, kind="grid"):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>')

    def bar(self, x, y, width, height, kind):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1.5):.1f}" height="{height:.1f}" rx="3" class="bar {kind}"/>')

    def dot(self, x, y, kind, radius=5, words=""):
        title = f"<title>{html.escape(words)}</title>" if words else ""
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" class="dot {kind}">{title}</circle>')

    def path(self, points, kind):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{places}" class="line {kind}" style="fill: none"/>')

    def arrow(self, x, y, direction, kind):
        """What lies beyond the sheet."""
        self.parts.append(f'<path d="M{x:.1f},{y - 6:.1f} l{direction * 9},6 l{-direction * 9},6 z" class="dot {kind}"/>')

    def __str__(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                f'height="{self.height}" role="img" aria-label="{html.escape(self.title)}">\n<style>{STYLE}</style>\n'
                f'<rect x="0.5" y="0.5" width="{self.width - 1}" height="{self.height - 1}" rx="8" class="sheet"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


class Scale:
    """From values between `least` and `greatest` to places between `first` and `last`."""

    def __init__(self, least, greatest, first, last, log=False):
        self.least, self.greatest, self.first, self.last, self.log = least, greatest, first, last, log

    def __call__(self, value):
        if self.log:
            value = max(value, self.least / 1e3)
            part = math.log(value / self.least) / math.log(self.greatest / self.least)
        else:
            part = (value - self.least) / (self.greatest - self.least)
        return self.first + part * (self.last - self.first)

    def ticks(self):
        if self.log:
            low, high = math.floor(math.log10(self.least) + 1e-9), math.ceil(math.log10(self.greatest) - 1e-9)
            step = max(1, (high - low) // 8)
            return [10.0 ** power for power in range(low, high + 1, step)
                    if self.least * 0.999 <= 10.0 ** power <= self.greatest * 1.001]
        step = 10 ** math.floor(math.log10(self.greatest - self.least))
        while (self.greatest - self.least) / step < 4:
            step /= 2
        count = int((self.greatest - self.least) / step + 1e-9)
        return [self.least + step * i for i in range(count + 1)]


def decades(values):
    """Whole powers of ten around these values."""
    low, high = min(values), max(values)
    return 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high) + 1e-9)


SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def short(value):
    """A number for an axis or the end of a bar."""
    if value == 0:
        return "0"
    for size, letter in (1e9, " G"), (1e6, " M"), (1e3, " k"):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
