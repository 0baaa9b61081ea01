"""Forms that are parsed whole or are an error: nothing is lost in silence.

Werkzeug treats a form that it cannot parse as one without fields, and replaces
characters where a field is not UTF-8. This parser drives its decoder event by event and
raises for what it cannot parse.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from math import inf
from typing import IO
from urllib.parse import parse_qsl

import flask
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
    Preamble,
    State,
)
from werkzeug.utils import cached_property

from api.errors import BadRequest, MissingField, UnsupportedMediaType
from api.wording import quoted

PIECE_BYTES = 1 << 16
CURL_FILE = "curl -F csv_file=@FILE.csv -F table_name=TABLE URL"
CONTENT_TYPE_HINT = (
    f"Let the client set the header Content-Type, as this does: {CURL_FILE}"
)
RESEND_HINT = "Nothing was stored. Send it again, as a whole."
AS_IT_IS = ("", "7bit", "8bit", "binary")
# Programs on Windows that do not use UTF-8 name files in it; the name is only a label.
CODE_PAGE = "cp1252"
# The encodings that a field may declare; any other field is UTF-8.
CHARSETS = ("iso-8859-1", "windows-1252")

Form = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class _Decoder(MultipartDecoder):
    """Werkzeug's decoder, which also takes part headers in a code page."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        try:
            data.decode()
        except UnicodeDecodeError:
            data = data.decode(CODE_PAGE, "replace").encode()
        return super()._parse_headers(data)


class _Parser(FormDataParser):
    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Form:
        if mimetype == "multipart/form-data":
            boundary = (options or {}).get("boundary", "").encode("latin-1", "replace")
            return self._multipart(stream, boundary, content_length)
        if mimetype == "application/x-www-form-urlencoded":
            return self._urlencoded(stream)
        return super().parse(stream, mimetype, content_length, options)

    def _urlencoded(self, stream: IO[bytes]) -> Form:
        try:
            text = stream.read().decode()
            fields = parse_qsl(text, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError as error:
            raise BadRequest(f"The form fields are not UTF-8: {error}.") from error
        return stream, self.cls(fields), self.cls()

    def _multipart(
        self, stream: IO[bytes], boundary: bytes, length: int | None
    ) -> Form:
        most = self.max_form_memory_size
        decoder = _Decoder(boundary, most, max_parts=self.max_form_parts)
        fields: list[tuple[str, str]] = []
        files: list[tuple[str, FileStorage]] = []
        part: Event | None = None
        content: IO[bytes] = BytesIO()
        with ExitStack() as on_error:
            for event in _events(decoder, stream):
                if isinstance(event, Field):
                    part, content = event, BytesIO()
                elif isinstance(event, File):
                    part = event
                    content = self.stream_factory(length, None, event.filename)
                    on_error.callback(content.close)
                elif isinstance(event, Data):
                    content.write(event.data)
                    if isinstance(part, Field) and content.tell() > (most or inf):
                        raise RequestEntityTooLarge
                    if event.more_data:
                        continue
                    content.seek(0)
                    if isinstance(part, Field):
                        fields.append((part.name, _text(part, content.read())))
                    elif isinstance(part, File):
                        file = FileStorage(content, part.filename, part.name)
                        file.headers = part.headers
                        files.append((part.name, file))
            on_error.pop_all()
        return stream, self.cls(fields), self.cls(files)


class Request(flask.Request):
    """A request without Content-Encoding, whose form is parsed whole."""

    form_data_parser_class = _Parser

    @cached_property
    def stream(self) -> IO[bytes]:
        coding = self.headers.get("Content-Encoding", "").strip()
        if coding.lower() not in ("", "identity"):
            raise UnsupportedMediaType(
                f"The body comes in the Content-Encoding {quoted(coding)}, and none is"
                " taken. Send it as it is, without this header; a CSV file may itself"
                " be a gzip file: -F csv_file=@FILE.csv.gz"
            )
        return super().stream


def _events(decoder: MultipartDecoder, stream: IO[bytes]) -> Iterator[Event]:
    """The decoder's events; raises BadRequest if the form is incomplete."""
    boundary = quoted(decoder.boundary.decode("latin-1"))
    if not decoder.boundary:
        raise BadRequest(
            "The header Content-Type says multipart/form-data but names no boundary,"
            f" so the parts of the form cannot be told apart. {CONTENT_TYPE_HINT}"
        )
    name, begun = "", False
    while True:
        try:
            event = decoder.next_event()
        except ValueError as error:
            if decoder.state is State.PREAMBLE:
                raise _without_boundary(boundary, decoder.buffer) from error
            if not decoder.complete:
                raise BadRequest(
                    "A part of the form has no header Content-Disposition, which says"
                    f" the name of its field. {CURL_FILE}"
                ) from error
            place = f"in its field {quoted(name)}" if name else "in its first field"
            raise BadRequest(
                f"The form breaks off {place}: the boundary {boundary} that closes it"
                f" is missing. {RESEND_HINT}"
            ) from error
        if isinstance(event, NeedData):
            if decoder.state is State.PREAMBLE and len(decoder.buffer) > PIECE_BYTES:
                raise _without_boundary(boundary, decoder.buffer)
            if decoder.state is State.EPILOGUE:
                _check_outside("behind the boundary that closes it", decoder.buffer)
            piece = stream.read(PIECE_BYTES)
            begun = begun or bool(piece)
            if not begun:
                raise MissingField(
                    f"The request has no body. Send the form: {CURL_FILE}"
                )
            decoder.receive_data(piece or None)
        elif isinstance(event, Epilogue):
            return
        elif isinstance(event, Preamble):
            _check_outside("before its first boundary", event.data)
        else:
            if isinstance(event, Field | File):
                name = _name_of(event)
            yield event


def _without_boundary(boundary: str, body: bytes | bytearray) -> BadRequest:
    first = body.lstrip().partition(b"\n")[0].rstrip()[:PIECE_BYTES]
    return BadRequest(
        f"The header Content-Type says that the boundary {boundary} stands between the"
        " parts of the form, and it stands nowhere in the body, which begins with"
        f" {quoted(first.decode('utf-8', 'replace'))}. {CONTENT_TYPE_HINT}"
    )


def _check_outside(place: str, data: bytes | bytearray) -> None:
    """Raise BadRequest if anything outside the parts would be lost."""
    if data.strip(b" \t\r\n"):
        raise BadRequest(
            f"The form has something {place}: the boundary is not the one that its"
            f" parts have, or it stands in the file as well. {CONTENT_TYPE_HINT}"
        )


def _name_of(part: Field | File) -> str:
    if not part.name:
        raise BadRequest(f"A part of the form has no name of a field. {CURL_FILE}")
    coding = part.headers.get("Content-Transfer-Encoding", "").strip()
    if coding.lower() not in AS_IT_IS:
        raise UnsupportedMediaType(
            f"The field {quoted(part.name)} comes in the Content-Transfer-Encoding"
            f" {quoted(coding)}, which forms do not have. Send it as it is: {CURL_FILE}"
        )
    return part.name


def _text(part: Field, content: bytes) -> str:
    _, options = parse_options_header(part.headers.get("Content-Type"))
    charset = options.get("charset", "").lower()
    try:
        return content.decode(charset if charset in CHARSETS else "utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"The field {quoted(part.name)} is not UTF-8: {error}. Save it as UTF-8."
        ) from error
