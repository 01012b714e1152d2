"""Checks of the glossaries of the settings."""

from collections.abc import Iterator

from cli.doctor.finding import Finding, fail, ok
from earshot.analysis.errors import EarshotError
from earshot.analysis.printable import plural
from earshot.pipeline.topics.glossaries import checked
from earshot.settings import settings


def glossaries() -> Iterator[Finding]:
    """Reads each file."""
    for name in settings().glossaries:
        try:
            found = checked(name)
        except EarshotError as error:
            yield fail("glossary", f"{name}: {error}")
        else:
            terms = sum(len(topic.terms) for topic in found.topics)
            yield ok(
                "glossary",
                f"{name}: {plural(len(found.topics), 'topic')}, {plural(terms, 'term')}",
            )
