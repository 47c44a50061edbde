"""Tests of many cases of one idea: all in a loop, reported together, or the first ones in `make test` alone."""

import functools
import inspect
import traceback

import pytest


def loop_over(names, cases):
    """Run a test for every case in a loop, where `pytest.mark.parametrize` makes a test of each.

    The cases share the fixtures of the test. Loops can be stacked.
    """
    names = tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else tuple(names)
    bound = [dict(zip(names, values_of(case, len(names)), strict=True)) for case in cases]

    def decorate(test):
        function, inner = getattr(test, "looped", (test, [{}]))
        combined = [outer | supplied for outer in bound for supplied in inner]

        def report(failures):
            if failures:
                pytest.fail(f"{len(failures)} of {len(combined)} cases fail\n\n" + "\n\n".join(failures), pytrace=False)

        @functools.wraps(function)
        def loop(**fixtures):
            failures = []
            for case in combined:
                try:
                    function(**fixtures, **case)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  reported below
                    failures.append(describe(case, error))
            report(failures)

        @functools.wraps(function)
        async def loop_async(**fixtures):
            failures = []
            for case in combined:
                try:
                    await function(**fixtures, **case)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  reported below
                    failures.append(describe(case, error))
            report(failures)

        looped = loop_async if inspect.iscoroutinefunction(function) else loop
        parameters = inspect.signature(function).parameters.values()
        looped.__signature__ = inspect.Signature(
            [
                parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
                for parameter in parameters
                if parameter.name not in combined[0]
            ]
        )
        del looped.__wrapped__  # pytest would take its arguments for fixtures
        looped.looped = (function, combined)
        return looped

    return decorate


def leave_to_ci(cases, count=1):
    """Cases for `pytest.mark.parametrize`, of which all but the first ``count`` run where CI is set."""
    cases = [case if isinstance(case, tuple) else (case,) for case in cases]
    cases = [case if hasattr(case, "marks") else pytest.param(*case) for case in cases]
    return [
        *cases[:count],
        *(pytest.param(*case.values, marks=[*case.marks, pytest.mark.ci]) for case in cases[count:]),
    ]


def values_of(case, count):
    """The values of a case, which may be a `pytest.param`."""
    if hasattr(case, "marks"):
        return case.values
    return (case,) if count == 1 else case


def describe(case, error):
    """A case that failed, with the line and the reason."""
    shown = ", ".join(f"{name}={value!r:.200}" for name, value in case.items())
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{shown}\n  {frame.filename}:{frame.lineno}: {type(error).__name__}: {error!s:.2000}"
