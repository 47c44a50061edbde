"""How a kind of extraction is asked for: its route, by GET or POST, and the route of its estimate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example
from litestar.params import Body, SkipValidation

from ocean_common import errors, problems
from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS
from ocean_common.contracts.extractions import Asked, Estimate, Kind, Minuend
from ocean_common.contracts.values import ExtractedValues
from ocean_common.parameters import DatasetId
from ocean_common.strict import known_only
from ocean_data.api.parameters import Form, FormOfEstimate, Variables, Written, keys_of, read_timed
from ocean_data.extraction import Desk

AT = "/data/{dataset:str}/{variables:str}"
PROBLEMS = problems.documented(
    errors.DatasetNotFound,
    errors.VariableNotFound,
    errors.TimeNotFound,
    errors.DepthNotFound,
    errors.PointOutsideGrid,
    errors.RequestTooLarge,
    errors.SourceUnreadable,
    errors.ServiceUnavailable,
    errors.TooBusy,
)
AtDesk = NamedDependency[SkipValidation[Desk]]  # no data: its fields are not to be looked through
IN_PATH = {"dataset", "variables"}

ABOUT = {
    "expression": "Of the dataset's variables: a calculated variable, answered beside the others.",
    "vector": "Of the first two variables: these parts instead of the components as they are in the files.",
    "interpolation": "How a value between cells is made.",
    "radius": f"km, for gaussian and inverse: up to {MAX_RADIUS:g}.",
    "neighbours": f"Cells at most, for gaussian and inverse: 1 to {MAX_NEIGHBOURS}.",
    "time": "One time: raw integer, ISO 8601, or -1 for the last step.",
    "start": "First time, included.",
    "end": "Last time, included.",
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the document tells of a kind."""

    kind: Kind
    name: str  # in the ids of operations: Point
    summary: str
    description: str
    tag: str
    answer: Any = ExtractedValues  # the JSON


def provide(read: Callable[..., Any]) -> Provide:
    """What reads a part of a question: at once, or after it has asked a neighbour."""
    return Provide(read) if iscoroutinefunction(read) else Provide(read, sync_to_thread=False)


def by_get(told: Told, read: Callable[..., Asked], **parts: Callable[..., Any]) -> list[HTTPRouteHandler]:
    """The routes of a kind whose question fits into an address, which ``read`` reads; and ``parts`` what it needs."""
    told_of: dict[str, Any] = {
        "tags": [told.tag],
        "dependencies": {
            "asked": Provide(read, sync_to_thread=False),
            "timed": Provide(read_timed, sync_to_thread=False),
            **{name: provide(one) for name, one in parts.items()},
        },
        "responses": PROBLEMS,
        "before_request": known_only,
    }

    @get(
        f"{AT}/{told.kind}",
        operation_id=f"get{told.name}",
        operation_class=Written,
        summary=told.summary,
        description=told.description,
        **told_of,
    )
    @_answering(told.answer)
    async def answer(
        request: Request[Any, Any, Any],
        desk: AtDesk,
        asked: NamedDependency[Any],
        format: Form = None,  # noqa: A002  the word of the API
    ) -> Response[Any]:
        return await desk.answer(request, asked, format)

    @get(
        f"{AT}/estimate/{told.kind}",
        operation_id=f"estimate{told.name}",
        summary=f"What it takes: {told.summary[0].lower()}{told.summary[1:]}",
        description="Found without reading a value.",
        **told_of,
    )
    async def estimate(
        desk: AtDesk,
        asked: NamedDependency[Any],
        format: FormOfEstimate = None,  # noqa: A002  the word of the API
    ) -> Estimate:
        return await desk.estimate(asked, format)

    return [answer, estimate]


# People are told of fields that they misspell; between services unknown ones are ignored.
StrictMinuend = msgspec.defstruct(
    "Minuend",
    [],
    bases=(Minuend,),
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    namespace={"__doc__": Minuend.__doc__},
)


@dataclass(frozen=True, kw_only=True)
class Posted:
    """How a question that needs a body is posted."""

    asked: type[Asked]
    about: Mapping[str, str]  # its fields, for people
    example: Mapping[str, Any]
    fixed: Mapping[str, Any] = field(default_factory=dict)  # fields that the route itself says

    def body(self, name: str) -> type[msgspec.Struct]:
        """What is posted: the fields of what is asked that the address does not tell."""
        fields: list[tuple[str, Any, Any]] = []
        for one in msgspec.structs.fields(self.asked):
            if one.name in IN_PATH or one.name in self.fixed:
                continue
            about = {**ABOUT, **self.about}[one.name]
            default = one.default if one.default_factory is msgspec.NODEFAULT else one.default_factory()
            kind = StrictMinuend if one.type is Minuend else one.type
            fields.append((one.name, Annotated[kind, msgspec.Meta(description=about)], default))
        return msgspec.defstruct(
            name,
            [each if each[2] is not msgspec.NODEFAULT else each[:2] for each in fields],
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=True,
            namespace={"__doc__": self.asked.__doc__},
        )

    def read(self, dataset: str, variables: str, body: Any) -> Asked:
        """What is asked."""
        return self.asked(dataset=dataset, variables=keys_of(variables), **self.fixed, **msgspec.structs.asdict(body))


def by_post(told: Told, posted: Posted) -> list[HTTPRouteHandler]:
    """The routes of a kind whose question needs a body."""
    body = posted.body(f"{told.name}Asked")
    asking: Any = Annotated[body, Body(examples=[Example(value=dict(posted.example))])]
    told_of: dict[str, Any] = {
        "tags": [told.tag],
        "responses": PROBLEMS,
        "before_request": known_only,
        "status_code": 200,
    }

    @post(
        f"{AT}/{told.kind}",
        operation_id=f"get{told.name}",
        operation_class=Written,
        summary=told.summary,
        description=told.description,
        **told_of,
    )
    @_answering(told.answer, data=asking)
    async def answer(
        *,
        request: Request[Any, Any, Any],
        desk: AtDesk,
        dataset: DatasetId,
        variables: Variables,
        data: Any,
        format: Form = None,  # noqa: A002  the word of the API
    ) -> Response[Any]:
        return await desk.answer(request, posted.read(dataset, variables, data), format)

    @post(
        f"{AT}/estimate/{told.kind}",
        operation_id=f"estimate{told.name}",
        summary=f"What it takes: {told.summary[0].lower()}{told.summary[1:]}",
        description="Found without reading a value.",
        **told_of,
    )
    @_answering(Estimate, data=asking)
    async def estimate(
        *,
        desk: AtDesk,
        dataset: DatasetId,
        variables: Variables,
        data: Any,
        format: FormOfEstimate = None,  # noqa: A002  the word of the API
    ) -> Response[Any]:
        return Response(await desk.estimate(posted.read(dataset, variables, data), format))

    return [answer, estimate]


def _answering(answer: Any, **arguments: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say the types that a table knows, where an annotation would have to."""

    def translate(handler: Callable[..., Any]) -> Callable[..., Any]:
        handler.__annotations__ |= {**arguments, "return": Response[answer]}
        return handler

    return translate
