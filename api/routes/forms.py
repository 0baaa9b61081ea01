"""Forms that are read whole or refused: nothing of them is lost in silence.

The library takes a form that it cannot read for one without fields, and puts other
characters where a field is not UTF-8. Here its decoder is asked event by event, and
what it cannot read is told.
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
CURL = "curl -F csv_file=@FILE.csv -F table_name=TABLE URL"
HOW = f"Let the client set the header Content-Type, as this does: {CURL}"
AGAIN = "Nothing was stored. Send it again, as a whole."
AS_IT_IS = ("", "7bit", "8bit", "binary")
# What programs on Windows name a file in where they do not use UTF-8; only a label.
CODE_PAGE = "cp1252"
# Of a field that says so itself; any other is UTF-8.
CHARSETS = ("iso-8859-1", "windows-1252")

Form = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class _Decoder(MultipartDecoder):
    """The library's, for part headers in a code page as well."""

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
        with ExitStack() as refused:
            for event in _events(decoder, stream):
                if isinstance(event, Field):
                    part, content = event, BytesIO()
                elif isinstance(event, File):
                    part = event
                    content = self.stream_factory(length, None, event.filename)
                    refused.callback(content.close)
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
            refused.pop_all()
        return stream, self.cls(fields), self.cls(files)


class Request(flask.Request):
    """A request whose body is taken as it is, and whose form is read whole."""

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
    """What the decoder finds; raises BadRequest where the form is no whole one."""
    boundary = quoted(decoder.boundary.decode("latin-1"))
    if not decoder.boundary:
        raise BadRequest(
            "The header Content-Type says multipart/form-data but names no boundary,"
            f" so the parts of the form cannot be told apart. {HOW}"
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
                    f" the name of its field. {CURL}"
                ) from error
            place = f"in its field {quoted(name)}" if name else "in its first field"
            raise BadRequest(
                f"The form breaks off {place}: the boundary {boundary} that closes it"
                f" is missing. {AGAIN}"
            ) from error
        if isinstance(event, NeedData):
            if decoder.state is State.PREAMBLE and len(decoder.buffer) > PIECE_BYTES:
                raise _without_boundary(boundary, decoder.buffer)
            if decoder.state is State.EPILOGUE:
                _refuse_outside("behind the boundary that closes it", decoder.buffer)
            piece = stream.read(PIECE_BYTES)
            begun = begun or bool(piece)
            if not begun:
                raise MissingField(f"The request has no body. Send the form: {CURL}")
            decoder.receive_data(piece or None)
        elif isinstance(event, Epilogue):
            return
        elif isinstance(event, Preamble):
            _refuse_outside("before its first boundary", event.data)
        else:
            if isinstance(event, Field | File):
                name = _name_of(event)
            yield event


def _without_boundary(boundary: str, body: bytes | bytearray) -> BadRequest:
    first = body.lstrip().partition(b"\n")[0].rstrip()[:PIECE_BYTES]
    return BadRequest(
        f"The header Content-Type says that the boundary {boundary} stands between the"
        " parts of the form, and it stands nowhere in the body, which begins with"
        f" {quoted(first.decode('utf-8', 'replace'))}. {HOW}"
    )


def _refuse_outside(place: str, data: bytes | bytearray) -> None:
    """Raise BadRequest where something outside the parts would be lost."""
    if data.strip(b" \t\r\n"):
        raise BadRequest(
            f"The form has something {place}: the boundary is not the one that its"
            f" parts have, or it stands in the file as well. {HOW}"
        )


def _name_of(part: Field | File) -> str:
    if not part.name:
        raise BadRequest(f"A part of the form has no name of a field. {CURL}")
    coding = part.headers.get("Content-Transfer-Encoding", "").strip()
    if coding.lower() not in AS_IT_IS:
        raise UnsupportedMediaType(
            f"The field {quoted(part.name)} comes in the Content-Transfer-Encoding"
            f" {quoted(coding)}, which forms do not have. Send it as it is: {CURL}"
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
