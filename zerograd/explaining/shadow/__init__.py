"""What the values of a watched program are exactly: the same graph, computed in several arithmetics. Needs
torch.
"""
