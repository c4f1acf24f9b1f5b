"""What is asked: problems, their conditions, how they are read and which of them make sense."""
