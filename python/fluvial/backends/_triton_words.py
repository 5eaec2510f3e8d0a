"""Why a server does not answer or does not serve a model, in words that name the key of the config."""

from __future__ import annotations

from typing import Any

from fluvial.errors import did_you_mean

__all__ = ["failure", "not_served"]


def failure(url: str, timeout: float, error: Any) -> str:
    """A server that is not there, or is too slow. The keys are those of nvinferserver's `grpc { }`."""
    status, words = str(error.status()), _one_line(error.message())
    if status == "StatusCode.DEADLINE_EXCEEDED":
        return (
            f'url: "{url}": no answer within {timeout:g} s\n'
            "  hint: the server is overloaded, or timeout_ms is too short for the model"
        )
    if status == "StatusCode.UNIMPLEMENTED":
        return f'url: "{url}": the server there does not speak KServe\'s protocol v2: {words}'
    return (
        f'url: "{url}": no server answers there: {words}\n'
        "  hint: is it the port of gRPC (Triton's is 8001), and is the server running?"
    )


def not_served(client: Any, name: str, error: Any, *, version: str, url: str, timeout: float) -> str:
    """A model, or its version, that a server which answers does not have."""
    from tritonclient.grpc import InferenceServerException

    if str(error.status()) == "StatusCode.UNIMPLEMENTED":
        return failure(url, timeout, error)
    if version:
        try:
            versions = list(client.get_model_metadata(name, client_timeout=timeout).versions)
            return f'version: {version}: the model "{name}" of the server has {", ".join(versions) or "none"} ("{url}")'
        except InferenceServerException:
            pass  # then the model itself is not there
    try:
        index = client.get_model_repository_index(client_timeout=timeout)
        there = sorted({m.name for m in index.models})
        hint = f"; {did_you_mean(name, there)}" if there else "; it has no models"
    except InferenceServerException:  # not of the protocol: Triton's alone
        hint = ""
    return f'model_name: "{name}": the server does not serve it: {_one_line(error.message())}{hint} ("{url}")'


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
