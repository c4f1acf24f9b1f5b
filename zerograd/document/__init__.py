"""Documents without any network: formulas and blocks, and the languages that they are written in."""
