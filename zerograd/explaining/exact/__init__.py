"""Why gradients are zero at an exact point: a problem with all its numbers, or a witness."""
