"""What losses critical points of given data have."""
