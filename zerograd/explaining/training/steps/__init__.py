"""What an optimiser's step did to each parameter, and why some did not move."""
