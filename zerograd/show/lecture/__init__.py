"""What lectures hand out: exercises with solutions, slides, worksheets, sheets of different networks."""
