"""Why gradient entries are zero: where zeros begin, and which of them suffice."""
