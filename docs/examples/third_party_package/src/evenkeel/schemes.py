"""A scheme for whole networks that initcore does not have."""

from initcore.networks import Network, Rule, Scheme, scheme


@scheme("even_keel")
def even_keel(network: Network, *, gain: float = 1.0) -> Scheme:
    """Signed permutations in every layer, zeros for the biases."""
    return Scheme(lambda w: Rule("signed_permutation", {"gain": gain}, "as sparse as can be"))
