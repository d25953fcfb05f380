"""Other packages' additions, found by their entry points."""

import threading
import warnings
from importlib.metadata import EntryPoint, entry_points

__all__ = ["load_entry_points"]

_lock = threading.RLock()  # an entry point's module may itself look something up
_loaded: set[str] = set()


def load_entry_points(group: str) -> None:
    """Import what other packages name in the entry point group `group`, once in a process.

    A module that cannot be imported costs a warning that names its package, not the rest.

    Args:
        group: Name of the group, such as `initcore.schemes`.
    """
    with _lock:
        if group in _loaded:
            return
        _loaded.add(group)
        for point in entry_points(group=group):
            _load(point, group)


def _load(point: EntryPoint, group: str) -> None:
    try:
        point.load()
    except Exception as error:
        package = point.dist.name if point.dist else "an unknown package"
        warnings.warn(
            f"{package} offers {point.name} = {point.value} in {group}, which cannot be loaded: "
            f"{type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
