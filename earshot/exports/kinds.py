"""The formats of exports: their names, file names and media types."""

from typing import Literal, get_args

Format = Literal["json", "srt", "vtt", "txt", "rttm", "textgrid", "csv", "aws", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: dict[Format, str] = {each: each for each in FORMATS} | {
    "textgrid": "TextGrid",
    "aws": "aws.json",
}
"""Of file names, without the dot."""
MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "txt": "text/plain",
    "rttm": "text/plain",
    "textgrid": "text/plain",
    "csv": "text/csv",
    "aws": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
"""RTTM and TextGrid have none of their own."""
JOINED: tuple[Format, ...] = ("csv", "rttm", "parquet")
"""Formats of which one file can hold several recordings."""
