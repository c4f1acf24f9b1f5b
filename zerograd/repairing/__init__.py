"""A search for repairs of published examples, and for the slips in them."""
