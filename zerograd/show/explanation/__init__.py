"""A watched training step in words: its causes and findings, its verdict, and all of it as text or HTML."""
