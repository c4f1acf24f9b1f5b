"""Answers: witnesses and the check of them, results, atlases."""
