"""Class 4 files: their names, what the catalogue keeps of them, and the lists that it answers."""

import re
from datetime import date, timedelta
from typing import get_args

import msgspec

from ocean_common.contracts import observations as contracts
from ocean_common.contracts.assets import Array
from ocean_common.contracts.observations import Class4Kind
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.errors import InvalidRequest, Message, NotFound
from ocean_core.time import EPOCH

KINDS: tuple[Class4Kind, ...] = get_args(Class4Kind)
_FILE_NAME = re.compile(r"class4_(\d{8})_([^_]+)(?:_.+)?_profile\.nc", re.ASCII)
_PROFILE_ID = re.compile(r"(class4_\d{8}_.+_profile)(?:[_/](\d{1,9}))?", re.ASCII)
_DAY_PREFIX = len("class4_20200101_")


class ForecastLead(msgspec.Struct, frozen=True, kw_only=True):
    """One of the forecasts of a file."""

    time: int | None = None  # s since 1970-01-01 UTC: the day of the model's fields
    lead: float | None = None
    units: str = ""  # of `lead`; empty where the file has none


class FileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a file; empty where it cannot be served."""

    day: str = ""  # YYYY-MM-DD
    model: str = ""
    title: str | None = None
    leads: list[ForecastLead] = []
    profiles: int = 0


class ProfilePoints(msgspec.Struct, frozen=True, kw_only=True):
    """Profiles of a file on the map: arrays "<f8" of shape (profile,)."""

    names: list[str]
    latitude: Array  # degrees north
    longitude: Array  # degrees east
    error: Array  # root mean square; NaN where nothing can be compared


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the catalogue."""

    kind: Class4Kind
    id: str
    reason: Message | None = None  # why it cannot be served
    about: FileSummary = FileSummary()


class Class4Index(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a revision, by kind and id."""

    revision: str = ""
    files: dict[tuple[Class4Kind, str], FileRecord] = {}

    def days(self) -> contracts.Class4Days:
        """Return one file for each day and kind."""
        return contracts.Class4Days(ocean_predict=self._days("ocean_predict"), riops_obs=self._days("riops_obs"))

    def status(self, translate: Translator = ENGLISH) -> list[contracts.Class4Status]:
        """Return all files, with the reason of those that cannot be served."""
        return [
            contracts.Class4Status(
                id=file.id,
                kind=file.kind,
                file=f"{file.id}.nc",
                profiles=file.about.profiles,
                title=file.about.title,
                reason=translate(file.reason) if file.reason else None,
            )
            for file in self.files.values()
        ]

    def find(self, kind: Class4Kind, text: str) -> tuple[FileRecord, int | None]:
        """Return the file and the index of `file`, `file_index` or `file/index`, or raise NotFound."""
        file_id, index = parse_profile_id(text)
        file = self.files.get((kind, file_id))
        if file is None:
            same_day = [name for other, name in self.files if other == kind and name.startswith(file_id[:_DAY_PREFIX])]
            raise NotFound(
                "there is no Class 4 file {file!r} of {kind}; /api/v2.0/class4 lists them",
                file=file_id,
                kind=kind,
                field="id",
                allowed=same_day[:5],
            )
        if file.reason is not None:
            raise NotFound(
                "the Class 4 file {id!r} cannot be served: {reason}", id=file.id, reason=file.reason, field="id"
            )
        if index is not None and index >= file.about.profiles:
            raise NotFound(
                "{id} has {profiles} profiles, counted from 0: there is none of index {number}",
                id=file.id,
                profiles=file.about.profiles,
                number=index,
                field="id",
            )
        return file, index

    def other_models(self, reference: FileRecord) -> list[contracts.Class4Model]:
        """Return the other files of the same day."""
        return [
            contracts.Class4Model(id=file.id, value=file.about.model)
            for file in self.files.values()
            if (file.kind, file.about.day) == (reference.kind, reference.about.day) and file != reference
        ]

    def _days(self, kind: Class4Kind) -> list[contracts.Class4Day]:
        by_day: dict[str, FileRecord] = {}
        for file in sorted(self.files.values(), key=_precedence):
            if file.kind == kind and file.reason is None:
                by_day.setdefault(file.about.day, file)
        return [
            contracts.Class4Day(name=day, id=file.id, title=file.about.title) for day, file in sorted(by_day.items())
        ]


def _precedence(file: FileRecord) -> tuple[bool, bool, str]:
    """Sort the files of GIOPS and RIOPS first: they stand for their day; where there are none, the first by its id."""
    return file.about.model != "GIOPS", file.about.model != "RIOPS", file.id


def parse_file_name(name: str) -> FileSummary | None:
    """Return day and model of a name such as `class4_20200101_GIOPS_CONCEPTS_2.3_profile.nc`; None for other names."""
    match = _FILE_NAME.fullmatch(name)
    if not match:
        return None
    try:
        return FileSummary(day=date.fromisoformat(match[1]).isoformat(), model=match[2])
    except ValueError:
        return None


def parse_profile_id(text: str) -> tuple[str, int | None]:
    """Parse `file`, `file_index` or `file/index` to the file's id and an index, or raise NotFound."""
    match = _PROFILE_ID.fullmatch(text)
    if not match:
        raise NotFound("there is no Class 4 file {text!r}; /api/v2.0/class4 lists them", text=text[:80], field="id")
    return match[1], int(match[2]) if match[2] else None


def parse_kind(text: str) -> Class4Kind:
    """Return one of the two kinds, or raise NotFound."""
    for kind in KINDS:
        if text == kind:
            return kind
    raise NotFound(
        "there is no kind {text!r} of Class 4; there are {kinds}",
        text=text[:80],
        kinds=" and ".join(KINDS),
        field="class4_type",
        allowed=KINDS,
    )


def parse_ids(text: str, field: str, max_ids: int) -> list[str]:
    """Parse a list with commas, or raise InvalidRequest where it is too long."""
    ids = [part for part in text.split(",") if part]
    if len(ids) > max_ids:
        raise InvalidRequest(
            "{name}: {count} were requested, and at most {limit} are allowed",
            count=len(ids),
            name=field,
            limit=max_ids,
            field=field,
        )
    return ids


def list_forecasts(about: FileSummary, translate: Translator = ENGLISH) -> list[contracts.Class4Forecast]:
    """Return the best estimate, then each forecast by the date of its fields, or else by its lead time."""
    dates = [lead.time for lead in about.leads]
    distinct = len(set(dates)) == len(dates)
    labels = [_forecast_label(lead, translate, distinct=distinct) for lead in about.leads]
    forecasts = [contracts.Class4Forecast(id=index, value=label) for index, label in enumerate(labels)]
    return [contracts.Class4Forecast(id="best", value=translate("Best Estimate")), *forecasts]


def _forecast_label(forecast: ForecastLead, translate: Translator, *, distinct: bool) -> str:
    label = ""
    if forecast.lead is not None:
        lead = f"{forecast.lead:g}"
        label = translate("Lead time {lead} {units}", lead=lead, units=forecast.units).strip()
    if forecast.time is None:
        return label or translate("Forecast")
    day = translate.day(EPOCH + timedelta(seconds=forecast.time))
    return day if distinct or not label else f"{day}, {label[0].lower()}{label[1:]}"
