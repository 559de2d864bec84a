"""The documents are what is served."""
import importlib.machinery
import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def apidoc():
    loader = importlib.machinery.SourceFileLoader("apidoc", str(ROOT / "tools" / "apidoc"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("apidoc", loader))
    loader.exec_module(module)
    return module


def test_openapi_json_is_current(shared, apidoc):
    served = shared.api.call("GET", "/everseal/openapi").json()
    assert json.loads((ROOT / "docs" / "openapi.json").read_text()) == served, \
        "run tools/apidoc against a running instance"


def test_the_tables_of_the_page_are_current(shared, apidoc):
    page = (ROOT / "docs" / "api.md").read_text()
    document = shared.api.call("GET", "/everseal/openapi").json()
    errors = shared.api.get("/everseal/errors")
    assert apidoc.page_text(page, document, errors) == page, \
        "run tools/apidoc against a running instance"


def test_the_document_is_whole(shared):
    """Every reference leads somewhere, every path parameter is declared."""
    document = shared.api.call("GET", "/everseal/openapi").json()

    def references(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref":
                    yield value
                else:
                    yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)
    for ref in references(document):
        node = document
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]
    for path, methods in document["paths"].items():
        names = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for operation in methods.values():
            declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert names == declared, path
            assert operation["summary"]
