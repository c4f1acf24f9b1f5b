"""Numbers of a problem that lie in files beside it: ``given: {from: weights.safetensors}``.

`tensors` reads a file, `names` says which of its tensors is ``w1``, `beside` puts both together.
"""
