"""A dataset in the language of who asks: what the configuration says in it, else what catalogues know."""

import msgspec

from ocean_common.contracts.metadata import FileProblem, VariableProblem
from ocean_common.texts import Say
from ocean_metadata.catalogue.model import DatasetRecord, VariableRecord
from ocean_metadata.catalogue.snapshot import Snapshot

SOURCE = "en"  # the language of the records


def localized(record: DatasetRecord, say: Say) -> DatasetRecord:
    """Tell a dataset in another language.

    Parameters
    ----------
    record : DatasetRecord
        As the catalogue keeps it.
    say : Say
        Who knows the language.

    Returns
    -------
    DatasetRecord
        With the texts that people read in the language; keys, units and standard names stay.
    """
    if say.language == SOURCE:
        return record
    return msgspec.structs.replace(
        record,
        **record.translations.get(say.language, {}),
        variables=[_variable(one, say) for one in record.variables],
        reason=record.reason and say(record.reason),
        problems=[FileProblem(file=one.file, reason=say(one.reason)) for one in record.problems],
        left_out=[VariableProblem(variable=one.variable, reason=say(one.reason)) for one in record.left_out],
    )


def in_language(snapshot: Snapshot, say: Say) -> Snapshot:
    """Tell all datasets in another language.

    Parameters
    ----------
    snapshot : Snapshot
        The catalogue at one moment.
    say : Say
        Who knows the language.

    Returns
    -------
    Snapshot
        Of the same revision.
    """
    if say.language == SOURCE:
        return snapshot
    datasets = {name: localized(one, say) for name, one in snapshot.datasets.items()}
    return msgspec.structs.replace(snapshot, datasets=datasets)


def named(one: VariableRecord, say: Say) -> str:
    """The display name of a variable: as the configuration gives it, else what quantities of its name are called."""
    if say.language == SOURCE:
        return one.name
    told = one.translations.get(say.language, {})
    # A name that is no quantity's may part it from others of the same standard name: it stays.
    from_files = one.name in {one.long_name, one.standard_name, one.key}
    return told.get("name") or say.quantity(one.name, one.standard_name if from_files else None) or one.name


def _variable(one: VariableRecord, say: Say) -> VariableRecord:
    told = one.translations.get(say.language, {})
    long_name = told.get("long_name") or say.quantity(one.long_name) or one.long_name
    return msgspec.structs.replace(one, name=named(one, say), long_name=long_name)
