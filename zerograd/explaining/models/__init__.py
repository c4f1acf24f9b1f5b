"""A model file with data and a loss: read, run by PyTorch under the watch, and explained."""
