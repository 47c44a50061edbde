"""A loop over cases tries all of them, and says which of them fail."""

import pytest
from tests.looping import loop_over

tried = []


@loop_over("first", [1, pytest.param(2, id="two")])
@loop_over(("second", "third"), [(3, 4), (5, 6)])
def test_stacked_loops_try_every_combination(request, first, second, third):
    assert request.node.name == "test_stacked_loops_try_every_combination"
    tried.append((first, second, third))
    assert len(tried) <= 4


def test_all_cases_that_fail_are_reported():
    @loop_over("number", range(5))
    def check(number):
        assert number % 2 == 0, "it is odd"

    with pytest.raises(pytest.fail.Exception, match=r"2 of 5 cases fail(.|\n)*number=1(.|\n)*odd(.|\n)*number=3"):
        check()
