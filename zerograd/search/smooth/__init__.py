"""Witnesses of questions with smooth activations, and with losses of any kind."""
