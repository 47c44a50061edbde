"""One OpenAPI document of several."""

from ocean_gateway.documents import ServiceState, list_operations, merge_documents


def service(name, paths, schemas=None, tags=()):
    document = {"paths": paths, "components": {"schemas": schemas or {}}, "tags": [{"name": tag} for tag in tags]}
    return ServiceState(name=name, document=document)


GET, POST = {"get": {"summary": "Asks"}}, {"post": {"summary": "Tells"}}


def test_paths_schemas_and_tags_are_united():
    merged = merge_documents(
        [service("a", {"/a": GET}, {"A": {}}, ["x"]), service("b", {"/b": GET}, {"B": {}}, ["x", "y"])]
    )
    assert set(merged["paths"]) == {"/a", "/b"}
    assert set(merged["components"]["schemas"]) == {"A", "B"}
    assert [tag["name"] for tag in merged["tags"]] == ["x", "y"]
    assert not {"x-missing", "x-conflicts"} & set(merged)


def test_one_path_may_have_methods_of_two_services():
    merged = merge_documents([service("a", {"/a": GET}), service("b", {"/a": POST})])
    assert merged["paths"]["/a"] == GET | POST
    assert "x-conflicts" not in merged


def test_equal_schemas_are_one():
    problem = {"type": "object"}
    merged = merge_documents([service("a", {}, {"Problem": problem}), service("b", {}, {"Problem": dict(problem)})])
    assert "x-conflicts" not in merged


def test_different_descriptions_are_reported():
    first, second = service("a", {"/a": GET}, {"P": {"type": "object"}}), service("b", {"/a": {"get": {}}}, {"P": {}})
    merged = merge_documents([first, second])
    assert merged["x-conflicts"] == ["paths /a get", "components schemas P"]
    assert merged["paths"]["/a"] == GET
    assert merged["components"]["schemas"]["P"] == {"type": "object"}


def test_merging_leaves_the_documents_as_they_were():
    item = service("a", {"/a": GET}, {"A": {}})
    assert merge_documents([item, service("b", {"/a": POST})]) != merge_documents([item])
    assert item.document["paths"] == {"/a": GET}


def test_a_service_that_does_not_answer_is_named():
    merged = merge_documents([ServiceState(name="data"), service("a", {"/a": GET})])
    assert merged["x-missing"] == ["data"]
    assert set(merged["paths"]) == {"/a"}


def test_operations_are_methods_not_parameters():
    assert list_operations({"paths": {"/a": {**GET, "parameters": []}}}) == [("GET", "/a", "Asks")]
