"""A second implementation of the whole specification, written independently.

Plain NumPy, a generator and a toy framework of its own, and no line of the library's: what the
suite finds in it is either wrong in it, or in the suite.
"""

from ._backend import Independent as Independent
