"""What a watched program computed, as a graph of values. Needs torch."""
