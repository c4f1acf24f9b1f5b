"""What there is to draw of a step: what units did on each sample, and what reaches what."""
