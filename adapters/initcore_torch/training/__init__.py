"""A training loop of PyTorch, watched: what the callbacks for Lightning and transformers share."""

from ._watch import Watch as Watch
