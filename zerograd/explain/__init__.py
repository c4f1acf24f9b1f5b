"""Why gradients are zero."""
