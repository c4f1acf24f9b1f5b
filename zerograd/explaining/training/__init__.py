"""Why gradients of a training step are zero, and why its optimiser does not move, as data."""
