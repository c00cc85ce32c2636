# SPDX-License-Identifier: BSL-1.0
"""What was measured: samples by name, and what can be said of them."""


def median(values):
    return quantile(values, 0.5)


def quantile(values, part):
    """Between two samples, the straight line."""
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


class Figures:
    """Samples by "question/contender:counter", one for each repetition."""

    def __init__(self, samples=None):
        self.samples = samples or {}

    def add(self, name, value):
        self.samples.setdefault(name, []).append(value)

    def has(self, name):
        return bool(self.samples.get(name))

    def median(self, name):
        return median(self.samples[name])

    def quartiles(self, name):
        return quantile(self.samples[name], 0.25), quantile(self.samples[name], 0.75)

    def at(self, repetition):
        """What one repetition measured; for a figure with fewer samples, its median."""
        def get(name):
            values = self.samples[name]
            return values[repetition] if repetition < len(values) else median(values)
        return get

    def repetitions(self):
        return max((len(values) for values in self.samples.values()), default=0)

    def names(self, prefix):
        return [name for name in self.samples if name.startswith(prefix)]
