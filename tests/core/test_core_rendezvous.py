"""Which instance a key belongs to: a function of both alone, even, and little changed when one goes away."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from ocean_core.rendezvous import choose_node

addresses = st.builds("http://{}:{}".format, st.sampled_from(["a", "data-1", "127.0.0.1"]), st.integers(1, 65535))
nodes_of = st.lists(addresses, min_size=1, max_size=64, unique=True)
keys = st.binary(max_size=200)


@given(keys, nodes_of, st.randoms())
def test_the_order_of_the_nodes_does_not_matter(key, nodes, random):
    shuffled = random.sample(nodes, len(nodes))
    assert choose_node(key, shuffled) == choose_node(key, nodes)
    assert choose_node(key, nodes) in nodes


@given(st.lists(keys, max_size=50), nodes_of.filter(lambda nodes: len(nodes) > 1), st.data())
def test_where_a_node_goes_away_only_its_keys_move_and_they_come_back(keys, nodes, data):
    gone = data.draw(st.sampled_from(nodes))
    left = [node for node in nodes if node != gone]
    for key in keys:
        before, after = choose_node(key, nodes), choose_node(key, left)
        assert before in {after, gone}
        assert choose_node(key, [*left, gone]) == before


@pytest.mark.parametrize("count", [2, 3, 8, 64])
@given(st.integers(1, 60_000))
def test_the_blocks_of_a_map_are_spread_evenly(count, port):
    nodes = [f"http://127.0.0.1:{port + number}" for number in range(count)]
    tiles = 16 * count
    counts = Counter(choose_node(repr(("day", "votemper", "0", 8, x, 3)).encode(), nodes) for x in range(tiles))
    # The keys of a uniform hash: further from even than all but one in a billion draws of it would be a fault.
    spread = sum((counts[node] - 16) ** 2 / 16 for node in nodes)
    assert spread < chi2.isf(1e-9, count - 1)


@given(st.integers(1, 60_000))
def test_the_keys_of_a_node_that_is_gone_are_spread_over_all_others(port):
    nodes = [f"http://127.0.0.1:{port + number}" for number in range(4)]
    moved = Counter()
    for x in range(600):
        key = repr((x, "v")).encode()
        if choose_node(key, nodes) == nodes[0]:
            moved[choose_node(key, nodes[1:])] += 1
    mean = sum(moved.values()) / 3
    assert sum((moved[node] - mean) ** 2 / mean for node in nodes[1:]) < chi2.isf(1e-9, 2)
