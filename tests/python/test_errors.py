"""Errors name the user's line; every error of GStreamer becomes one of ours."""

from __future__ import annotations

import inspect
import sys

import pytest

import fluvial as fv
from fluvial._gst import GLib, Gst, start
from fluvial.errors import _CODES, _DOMAINS, CallSite, add_note, did_you_mean, from_gstreamer

start()

DOMAINS = {
    "gst-core-error-quark": Gst.CoreError,
    "gst-library-error-quark": Gst.LibraryError,
    "gst-resource-error-quark": Gst.ResourceError,
    "gst-stream-error-quark": Gst.StreamError,
    "gst_plugin_error": Gst.PluginError,
    "gst_parse_error": Gst.ParseError,
    "gst-uri-error-quark": Gst.URIError,
}


def next_line() -> int:
    return inspect.currentframe().f_back.f_lineno + 1


def test_the_domains_are_gstreamer_s_own() -> None:
    found = {
        GLib.quark_to_string(quark())
        for quark in (
            Gst.core_error_quark,
            Gst.library_error_quark,
            Gst.resource_error_quark,
            Gst.stream_error_quark,
            Gst.plugin_error_quark,
            Gst.parse_error_quark,
            Gst.uri_error_quark,
        )
    }
    assert found == set(DOMAINS)
    assert set(_CODES) == set(_DOMAINS) > found


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_code_becomes_an_error_of_ours(domain: str) -> None:
    codes = {int(v) for v in DOMAINS[domain].__enum_values__}
    assert set(_CODES[domain]) <= codes
    for code in codes:
        error = from_gstreamer(domain, code, "words.", element="x0", at=CallSite("app.py", 3))
        assert isinstance(error, fv.PipelineError)
        assert (error.element, error.problem, error.at) == ("x0", "words", CallSite("app.py", 3))


def test_an_unknown_domain_is_a_pipeline_error() -> None:
    assert type(from_gstreamer("somebody-s-quark", 77, "words", element="x0")) is fv.PipelineError


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (Gst.ResourceError.NOT_FOUND, fv.SourceError),
        (Gst.ResourceError.NO_SPACE_LEFT, fv.OutputError),
        (Gst.ResourceError.SETTINGS, fv.PipelineError),
    ],
)
def test_what_one_can_do_about_it_decides_the_class(code: int, kind: type[fv.PipelineError]) -> None:
    assert type(from_gstreamer("gst-resource-error-quark", int(code), "words", element="x0")) is kind


def test_an_error_says_where_what_and_what_to_do() -> None:
    error = fv.PipelineError("mux0", "batch-size=0: expected 1 or more", at=CallSite("app.py", 3), hint="drop it")
    assert str(error) == "app.py:3\n  mux0: batch-size=0: expected 1 or more\n  hint: drop it"
    assert str(fv.PipelineError("mux0", "failed")) == "mux0: failed"


def test_a_call_site_shows_the_code() -> None:
    mine = next_line()
    at = CallSite.here()
    assert (at.file, at.line) == (__file__, mine)
    assert str(at) == f"{__file__}:{mine}: at = CallSite.here()"


def test_all_are_fluvial_errors() -> None:
    for name in fv.__all__:
        thing = getattr(fv, name)
        if name.endswith("Error"):
            assert issubclass(thing, fv.FluvialError)


def test_the_extension_s_stale_error_is_ours() -> None:
    from fluvial import _core

    assert _core.StaleMetadataError is fv.StaleMetadataError


def test_a_note_is_shown() -> None:
    error = ValueError("boom")
    add_note(error, "in frame 3")
    shown = error.__notes__ if sys.version_info >= (3, 11) else error.args[0].splitlines()
    assert "in frame 3" in shown


def test_did_you_mean() -> None:
    assert did_you_mean("widht", ["width", "height"]) == "did you mean 'width'?"
    assert did_you_mean("q", [f"n{i:02}" for i in range(20)], listed=2) == "one of: n00, n01 and 18 more"
    assert did_you_mean("q", []) == ""
