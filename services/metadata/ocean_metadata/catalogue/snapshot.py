"""The catalogue at one moment."""

import difflib
from collections.abc import Iterable

import msgspec

from ocean_common.errors import DatasetNotFound, VariableNotFound
from ocean_core.time import Ints
from ocean_metadata.catalogue.model import DatasetRecord, VariableRecord


class StepArrays(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of a time axis, ascending: arrays of equal length."""

    raw: Ints
    seconds: Ints  # since 1970-01-01 UTC
    file: Ints  # index into the dataset's files
    position: Ints  # along the file's time dimension


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All datasets, in the order of the configuration, without their time steps."""

    revision: str | None  # None: never indexed
    datasets: dict[str, DatasetRecord]

    @property
    def served(self) -> list[DatasetRecord]:
        """Datasets that can be asked for."""
        return [one for one in self.datasets.values() if one.state != "broken"]

    @property
    def listed(self) -> list[DatasetRecord]:
        """Datasets that lists show."""
        return [one for one in self.served if one.enabled]

    def dataset(self, name: str) -> DatasetRecord:
        """The dataset of this id, or DatasetNotFound."""
        found = self.datasets.get(name)
        if found is None:
            near = _near(name, [one.id for one in self.served])
            raise DatasetNotFound(
                "there is no dataset {name!r}{suggestion}; see /api/v2.0/datasets",
                name=name,
                suggestion=_question(near),
                field="dataset",
                allowed=near,
            )
        if found.state == "broken":
            raise DatasetNotFound(
                "the dataset {name!r} cannot be served: {reason}", name=name, reason=found.reason, field="dataset"
            )
        return found

    def variable(self, dataset: str, key: str) -> tuple[DatasetRecord, VariableRecord]:
        """The variable of this key, or DatasetNotFound or VariableNotFound."""
        record = self.dataset(dataset)
        for one in record.variables:
            if one.key == key and not one.auxiliary:
                return record, one
        refused = next((one.reason for one in record.left_out if one.variable == key), None)
        if refused is not None:
            raise VariableNotFound(
                "the variable {key!r} of {dataset} cannot be served: {refused}",
                key=key,
                dataset=dataset,
                refused=refused,
                field="variable",
            )
        near = _near(key, [one.key for one in record.variables if not one.hidden and not one.auxiliary])
        raise VariableNotFound(
            "{dataset} has no variable {key!r}{suggestion}; see /api/v2.0/dataset/{dataset}/variables",
            dataset=dataset,
            key=key,
            suggestion=_question(near),
            field="variable",
            allowed=near,
        )


def _near(word: str, words: Iterable[str]) -> list[str]:
    """What may have been meant, whatever the case."""
    by_lower = {one.lower(): one for one in words}
    return [by_lower[one] for one in difflib.get_close_matches(word.lower(), by_lower, n=5, cutoff=0.5)]


def _question(near: list[str]) -> str:
    return f"; did you mean {near[0]!r}?" if near else ""
