"""What a model is: layers, activations, a forward and a backward pass. Knows no question."""
