"""A network over arrays and intervals, and how far float64 can follow a witness.

`passes` goes forwards and backwards over whole arrays. What the numbers are, an activation says: float64 and
what bounds it (`floats`, and `smooth` by the core's formulas), whole numbers with one denominator a layer
(`whole`), torch's tensors (`autograd`).

These places compute z = w·a + b, and no others:

1. `zerograd.core.model.backprop`: exact numbers and polynomials one by one; the core imports no NumPy.
2. `zerograd.evaluate.passes`: arrays.
3. `zerograd.search.linear_part`: Python's integers, sample by sample, as some are drawn again; with neither a
   call for every entry nor an `Array`, for large networks are constructed by it.
4. `zerograd.derive.chain`: formulas, whose indices may be letters.
5. `zerograd.search.smtlib`: a definition in SMT-LIB for each step, in the order in which one reads them.
6. `zerograd.evaluate.piecewise`: affine functions on intervals, which are cut wherever a unit has a kink.
7. ``zerograd/show/page/network.js``: what the browser computes.
"""
