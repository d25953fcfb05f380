"""Densities of a network's layers from one density of the whole, exact to one weight in total.

The rules take kernel shapes `(out, in, *spatial)`, as a sequence or as a mapping from names, and
give the densities in the same form; `from_scores` takes a score for every weight. A density times
its layer's size is a whole number, and these numbers add up to `round(density * total size)`.

>>> shapes = {"first": (300, 784), "second": (100, 300), "last": (10, 100)}
>>> found = erdos_renyi(shapes, 0.1)
>>> {name: round(d, 3) for name, d in found.items()}
{'first': 0.08, 'second': 0.23, 'last': 1.0}
>>> sum(round(d * n) for d, n in zip(found.values(), (235200, 30000, 1000)))
26620
"""

from ._allocation import erdos_renyi as erdos_renyi
from ._allocation import erdos_renyi_kernel as erdos_renyi_kernel
from ._allocation import uniform as uniform
from ._scores import check_density as check_density
from ._scores import from_scores as from_scores
from ._scores import masks_from_scores as masks_from_scores
from ._scores import prune_in_rounds as prune_in_rounds
