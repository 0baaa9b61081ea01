"""Zips and workbooks for tests, made as the programs of offices make them, or worse."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import openpyxl
import xlwt

Rows = Iterable[Sequence[Any]]


def zipped(
    files: Mapping[str, str | bytes], packing: int = zipfile.ZIP_DEFLATED
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def saved(workbook: Any) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def xlsx(*sheets: Rows) -> bytes:
    """The sheets as Sheet1, Sheet2 and so on."""
    workbook = openpyxl.Workbook(write_only=True)
    for number, rows in enumerate(sheets, 1):
        sheet = workbook.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(row)
    return saved(workbook)


def xls(rows: Rows) -> bytes:
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("Sheet1")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD hh:mm:ss")
    for place, row in enumerate(rows):
        for column, cell in enumerate(row):
            style = [day] if hasattr(cell, "year") else []
            sheet.write(place, column, cell, *style)
    return saved(workbook)


NAMES = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
STRING = 'office:value-type="string"'


def ods(rows: Iterable[Sequence[str]]) -> bytes:
    """Each cell as the attributes of its XML, with the text after a `>`."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f"<table:table-cell {attributes or STRING}><text:p>{text}</text:p>"
            "</table:table-cell>"
            for attributes, _, text in (cell.partition(">") for cell in row)
        )
        + "</table:table-row>"
        for row in rows
    )
    names = " ".join(
        f'xmlns:{name}="{NAMES.format(name)}"' for name in ("office", "table", "text")
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    entry = f'manifest:full-path="/" manifest:media-type="{kind}"'
    files = {
        "content.xml": f"<office:document-content {names}><office:body>"
        f'<office:spreadsheet><table:table table:name="Sheet1">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>",
        "META-INF/manifest.xml": "<manifest:manifest xmlns:manifest="
        f'"{NAMES.format("manifest")}"><manifest:file-entry {entry}/>'
        "</manifest:manifest>",
    }
    return zipped({"mimetype": kind} | files, zipfile.ZIP_STORED)


def bomb(megabytes: int = 1024) -> bytes:
    """So much, deflated, without taking the time that it takes to deflate it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = packer.compress((b"x" * 1023 + b"\n") * 1024)
    part += packer.flush(zlib.Z_FULL_FLUSH)
    return part * megabytes + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def forged(
    files: Mapping[str, bytes],
    declared: int,
    crc: int = 0,
    method: int = 8,
    flags: int = 0,
) -> bytes:
    """A zip of what is packed already, which says what it likes of itself."""
    content, directory = b"", b""
    for name, packed in files.items():
        sizes = (len(packed), declared, len(name), 0)
        common = struct.pack("<5H3L2H", 20, flags, method, 0, 33, crc, *sizes)
        directory += b"PK\1\2\x14\0" + common
        directory += struct.pack("<3H2L", 0, 0, 0, 0, len(content)) + name.encode()
        content += b"PK\3\4" + common + name.encode() + packed
    end = struct.pack(
        "<4H2LH", 0, 0, len(files), len(files), len(directory), len(content), 0
    )
    return content + directory + b"PK\5\6" + end
