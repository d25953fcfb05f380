"""Weights that the graph does not reach, described by their modules, names and siblings."""

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence

from ..graph import Parameter
from ._roles import ROLES, Weight

__all__ = ["SIMPLE", "like_its_siblings", "told"]

SIMPLE = {
    "embedding": "embedding", "position": "position", "latent": "latent", "bias": "bias",
    "scale": "normalization", "shift": "normalization", "multiplier": "multiplier",
    "adapter_in": "adapter_in", "adapter_out": "adapter_out",
}  # fmt: skip
NAMES = (
    ("attention_query_key_value", r"qkv|query_key_value|c_attn|in_proj"),
    ("attention_query", r"(^|[._/])(q|wq|query|q_proj|query_proj|to_q)([._/]|$)"),
    ("attention_key", r"(^|[._/])(k|wk|key|k_proj|key_proj|to_k)([._/]|$)"),
    ("attention_value", r"(^|[._/])(v|wv|value|v_proj|value_proj|to_v)([._/]|$)"),
    ("attention_output", r"att(n|ention).*(out|proj|dense)|o_proj|(^|[._/])wo([._/]|$)"),
    ("skip_projection", r"downsample|shortcut|skip"),
    ("feed_forward_out", r"fc2|down_proj|mlp.*c_proj|lin2|linear2|(^|[._/])w2([._/]|$)"),
    ("feed_forward_in", r"fc1|up_proj|gate_proj|c_fc|lin1|linear1|(^|[._/])w[13]([._/]|$)"),
    ("output", r"head|classifier|logits|predictions|(^|[._/])fc([._/]|$)"),
)  # fmt: skip


def told(p: Parameter) -> Weight:
    """A weight as its module and its name describe it."""
    if p.kind in SIMPLE:
        return Weight(p, SIMPLE[p.kind], why=p.note or ROLES[SIMPLE[p.kind]])
    if p.kind not in ("kernel", "recurrent"):
        return Weight(p, "other", why=p.note or ROLES["other"])
    for role in ("recurrent", "transposed", "depthwise"):  # which the module says
        if p.kind == role or getattr(p, role, False):
            return Weight(p, role, parts=p.parts, why=ROLES[role])
    for role, pattern in NAMES:
        if re.search(pattern, p.path, re.IGNORECASE):
            return Weight(p, role, by="name", why=f"by its name alone: {ROLES[role]}")
    return Weight(p, "hidden", by="name", why="by its name alone: it suggests nothing")


def like_its_siblings(
    found: Mapping[str, Weight], reached: Collection[str]
) -> Mapping[str, Weight]:
    """Unreached weights, described like reached ones of the same shape and a similar name.

    One expert of many is chosen, say, or another module of a class. Names are alike that differ in
    numbers alone, or else in what comes before a part of a part of a module.
    """
    likes: dict[tuple[str, Sequence[int]], Weight] = {}
    for path, w in found.items():
        if path in reached:
            likes.setdefault((_pattern(path), w.parameter.shape), w)
            likes.setdefault((_end(path) or path, w.parameter.shape), w)
    changed = {}
    for path, w in found.items():
        shape = w.parameter.shape
        like = likes.get((_pattern(path), shape)) or likes.get((_end(path), shape))
        if path in reached or like is None:
            continue
        q = like.parameter
        p = dataclasses.replace(
            w.parameter, kind=q.kind, layout=q.layout, transposed=q.transposed,
            depthwise=q.depthwise, parts=q.parts,
            note=f"the forward pass does not reach it; as {like.path}",
        )  # fmt: skip
        pieces = tuple(dataclasses.replace(piece, parameter=p) for piece in like.pieces)
        changed[path] = dataclasses.replace(like, parameter=p, pieces=pieces)
    return changed


def _end(path: str) -> str:
    """The last parts of the pattern, in which there are two names of modules; empty if fewer."""
    parts = re.split(r"[./]", _pattern(path))
    named = [n for n, part in enumerate(parts[:-1]) if part != "*"]
    return "..." + ".".join(parts[named[-2] :]) if len(named) > 2 else ""


def _pattern(path: str) -> str:
    """The path with `*` in the place of every number."""
    return re.sub(r"\d+", "*", path)
