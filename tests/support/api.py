"""What the tests of the API share: answers held against the envelope, and a raw connection."""
import socket


def failed(answer, status, code):
    """The answer is this failure, in the envelope, with words."""
    body = answer.json()
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"] == "application/json"
    assert body["success"] is False and body["result"] is None and body["messages"] == []
    assert len(body["errors"]) >= 1
    first = body["errors"][0]
    codes = [first["code"]] + [link["code"] for link in first.get("error_chain", [])]
    assert code in codes, (code, answer.text)
    assert isinstance(first["message"], str) and first["message"]
    return first


def succeeded(answer, status=200):
    """The result of an answer that is a success in the envelope."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    body = answer.json()
    assert body["success"] is True and body["errors"] == [] and isinstance(body["messages"], list)
    if "result_info" in body:
        info = body["result_info"]
        assert {"page", "per_page", "count", "total_count", "total_pages"} <= set(info)
        assert info["count"] == len(body["result"])
    return body["result"]


def raw(port, text):
    """Sends bytes as they are and reads until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        s.sendall(text.encode() if isinstance(text, str) else text)
        s.settimeout(2)
        got = b""
        try:
            while True:
                part = s.recv(65536)
                if not part:
                    break
                got += part
        except TimeoutError:
            pass
    return got


def routes(api):
    """Every route of the OpenAPI document: (method, path, scope, access, operation)."""
    document = api.call("GET", "/everseal/openapi").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield (method.upper(), path, operation["x-scope"], operation["x-access"], operation)
