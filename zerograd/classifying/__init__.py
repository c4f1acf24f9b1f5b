"""What kind of point given parameters are: evidence for it is looked for here, and checked by the core."""
