"""What kind of point the parameters of a model are: local minima, and how the loss falls elsewhere."""
