"""From scores of single weights to masks and densities: the best of the whole network stay."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..arguments import short_repr
from ..arrays import to_numpy

__all__ = ["check_density", "from_scores", "masks_from_scores", "prune_in_rounds"]

MOST = 100_000  # rounds


def from_scores(scores: Any, density: float, *, least: Any = 0) -> Any:
    """Densities of the layers in which the `round(density * total)` largest scores lie.

    `sparse_orthogonal` with these densities keeps as many weights in each layer as pruning by these
    scores does, at other positions.

    Args:
        scores: Arrays of any framework, a sequence or a mapping, the larger the more important.
        density: Fraction of weights kept in the whole network, in `[0, 1]`.
        least: Weights that each layer keeps at any rate, its best: a number, or one for each layer
            in the form of `scores`. `sparse_orthogonal` needs `max(out, in)` in every group.

    Raises:
        TypeError: The density or `least` is no number.
        ValueError: A score is NaN, the density is outside `[0, 1]`, or `least` asks for more
            weights than a layer or the whole network has to keep.

    >>> from_scores({"a": [[4.0, 1.0], [3.0, 0.0]], "b": [[2.0, 5.0]]}, 0.5)
    {'a': 0.5, 'b': 0.5}
    """
    masks = _masks("from_scores", scores, density, least)
    found = [int(np.count_nonzero(mask)) / mask.size for mask in masks]
    return dict(zip(scores, found, strict=True)) if isinstance(scores, Mapping) else found


def masks_from_scores(scores: Any, density: float, *, least: Any = 0) -> Any:
    """Booleans, true at the `round(density * total)` largest of all scores.

    Equal scores are kept from the first layer to the last, in the order of memory. Arguments and
    errors are those of `from_scores`; the masks are NumPy's, in the form of `scores`.

    >>> [mask.tolist() for mask in masks_from_scores([[[4.0, 1.0], [3.0, 0.0]], [[2.0, 5.0]]], 0.5)]
    [[[True, False], [True, False]], [[False, True]]]
    """
    found = _masks("masks_from_scores", scores, density, least)
    return dict(zip(scores, found, strict=True)) if isinstance(scores, Mapping) else found


def prune_in_rounds(
    score: Callable[[Any], Any], masks: Any, density: float, rounds: int = 100
) -> Any:
    """The scores of the last of `rounds` rounds of pruning, each by the scores of that round.

    After round `k` a fraction `density ** (k / rounds)` is left (Tanaka et al. 2020). The last
    pruning is left to the caller, with `masks_from_scores` or `from_scores` of the result.

    Args:
        score: From masks, in the form of `masks`, to scores; 0 where the mask is false.
        masks: Booleans to start from.
        density: Fraction of weights kept in the end, in `(0, 1]`.
        rounds: At least 1.

    >>> sizes = []
    >>> def score(masks):
    ...     sizes.append(int(masks[0].sum()))
    ...     return [np.arange(16.0) * masks[0]]
    >>> _ = prune_in_rounds(score, [np.ones(16, bool)], 1 / 16, rounds=4)
    >>> sizes
    [16, 8, 4, 2]
    """
    check_density("prune_in_rounds", density)
    if density == 0:
        raise ValueError("prune_in_rounds needs a density in (0, 1], got 0.")
    if isinstance(rounds, bool) or not isinstance(rounds, int) or rounds < 1:
        raise ValueError(
            f"prune_in_rounds needs rounds to be an integer >= 1, got {short_repr(rounds)}."
        )
    if rounds > MOST:
        raise ValueError(f"prune_in_rounds needs at most {MOST} rounds, got {short_repr(rounds)}.")
    for k in range(1, rounds):
        masks = masks_from_scores(score(masks), density ** (k / rounds))
    return score(masks)


def _masks(who: str, scores: Any, density: Any, least: Any) -> list[Any]:
    check_density(who, density)
    try:
        names = list(scores) if isinstance(scores, Mapping) else list(range(len(scores)))
        given = [scores[n] for n in names]
        found = [to_numpy(s) if hasattr(s, "dtype") else np.asarray(s, float) for s in given]
    except (LookupError, TypeError, ValueError, OverflowError):
        raise TypeError(
            f"{who} needs scores to be a sequence or a mapping of arrays, got {short_repr(scores)}."
        ) from None
    for name, s in zip(names, found, strict=True):
        if not s.size or np.isnan(s).any():
            what = "one without any" if not s.size else "NaN"
            raise ValueError(f"{who} needs scores that are numbers in layer {name!r}, got {what}.")
    total = round(density * sum(s.size for s in found))
    try:
        floors = [least[n] if hasattr(least, "__getitem__") else least for n in names]
    except (LookupError, TypeError):
        raise ValueError(
            f"{who} needs least to be one number, or one for each layer in the form of the scores, "
            f"got {short_repr(least)}."
        ) from None
    for name, floor, s in zip(names, floors, found, strict=True):
        if isinstance(floor, bool) or not isinstance(floor, int):
            raise TypeError(f"{who} needs least to be whole numbers, got {short_repr(floor)}.")
        if not 0 <= floor <= s.size:
            raise ValueError(
                f"{who} needs least between 0 and the {s.size} weights of layer {name!r}, "
                f"got {short_repr(floor)}."
            )
    if sum(floors) > total:
        raise ValueError(
            f"{who} needs a density that leaves the {sum(floors)} weights of least, "
            f"got {density:g}: {total} weights."
        )
    kept = [_largest(s.reshape(-1), floor) for s, floor in zip(found, floors, strict=True)]
    flat = np.concatenate([s.reshape(-1) for s in found]) if found else np.zeros(0)
    first = np.concatenate(kept) if kept else np.zeros(0, bool)
    rest = np.flatnonzero(~first)
    first[rest[_largest(flat[rest], total - sum(floors))]] = True
    ends = np.cumsum([s.size for s in found])[:-1]
    return [m.reshape(s.shape) for m, s in zip(np.split(first, ends), found, strict=True)]


def _largest(flat: Any, count: int) -> Any:
    """Booleans, true at the `count` largest; of equal ones, at the first."""
    if count == 0:
        return np.zeros(flat.size, bool)
    edge = np.partition(flat, flat.size - count)[flat.size - count]
    mask = flat > edge
    mask[np.flatnonzero(flat == edge)[: count - np.count_nonzero(mask)]] = True
    return mask


def check_density(who: str, density: Any) -> None:
    """Raise unless `density` is a number in `[0, 1]`."""
    if isinstance(density, bool) or not isinstance(density, (int, float)):
        raise TypeError(f"{who} needs a density in [0, 1], got {short_repr(density)}.")
    if not 0 <= density <= 1:
        raise ValueError(f"{who} needs a density in [0, 1], got {short_repr(density)}.")
