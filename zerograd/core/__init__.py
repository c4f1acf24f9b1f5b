"""The trusted core: meaning, witnesses and the checker. Imports the standard library alone."""
