"""Published examples: what is claimed of them, and what is so."""
