"""Questions that tests of the command line ask."""

FOUNDING = "network: [1, 1, 1]\nsamples: 3\nzero: [w2, b2]\nnonzero: [w1, b1]\n"
IMPOSSIBLE = FOUNDING.replace("3", "2")
CONTRADICTION = 'network: [1, 1]\nsamples: 1\nwhere: ["w1 > 0", "w1 < 0"]\n'
"""Impossible too, and answered sooner."""
