"""Rendezvous hashing: which of several instances a key belongs to, without a table that they would have to share.

Each instance has a weight for each key, and the highest wins (Thaler and Ravishankar, "Using name-based mappings to
increase hit rates", 1998). Where an instance goes away its keys alone move, evenly to all others. It is a module of
its own, since several services have to compute the same.
"""

from collections.abc import Sequence
from hashlib import blake2b


def choose_node(key: bytes, nodes: Sequence[str]) -> str:
    """Return the node with the highest weight for a key; all who know the same nodes choose the same, in any order."""
    if len(nodes) == 1:
        return nodes[0]
    digest = blake2b(key).digest()
    return max(nodes, key=lambda node: (blake2b(node.encode(), key=digest, digest_size=8).digest(), node))
