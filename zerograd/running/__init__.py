"""Running a script as Python would, under watch: streams, signals, exit codes. Imports torch when it does."""
