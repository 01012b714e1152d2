"""Language routes: the recogniser of each language, the job's release or the one that
``EARSHOT_ASR_ROUTES`` names (C-46). An inference endpoint serves all languages."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.asr.recogniser import Recogniser
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.defaults import default_releases
from earshot.models.runtimes import ENDPOINT, open_release
from earshot.models.whisper.language_detector import LanguageDetector
from earshot.settings import Settings

DETECTION = "language_detection"
"""What the catalog calls the analysis of detectors."""
ANY = "*"
"""Route of the languages without one of their own; otherwise they stay with the job's release."""


class Recognisers:
    """The recogniser of a release and those of its routes, each loaded at the first use of its
    language."""

    def __init__(self, release: Release, device: str, config: Settings) -> None:
        """Opens the release and reads the routes.

        Raises:
            Misconfigured: the release cannot be loaded, or a route leads to no release of the
                catalog.
        """
        self.name = release.name
        self.hotwords = config.asr_hotwords
        self._release, self._device, self._config = release, device, config
        self._routes = routes(release, config)
        self._open: dict[str, Recogniser] = {release.name: self._opened(release)}

    @cached_property
    def detector(self) -> LanguageDetector | None:
        """The detector of languages, loaded at its first use; None where its packages are absent.

        Raises:
            Misconfigured: a file of it is altered.
        """
        release = default_releases().get(DETECTION)
        return open_release(release, self._device, self._config) if release else None

    def of(self, language: str) -> tuple[str, Recogniser]:
        """Name of the release for a language (primary BCP 47 subtag, or ``und``), and its
        recogniser.

        Raises:
            Misconfigured: it cannot be loaded.
        """
        release = self._routes.get(language, self._routes.get(ANY, self._release))
        if release.name not in self._open:
            self._open[release.name] = self._opened(release)
        return release.name, self._open[release.name]

    def second(self, language: str) -> Recogniser | None:
        """The recogniser of ``EARSHOT_REDACT_ASR``, loaded at its first use; None where there is
        none, or it is that of the language (primary BCP 47 subtag) itself, or does not support it.

        Raises: as ``of``.
        """
        release = second_release(self._config)
        if release is None or release.name == self.of(language)[0]:
            return None
        if release.name not in self._open:
            self._open[release.name] = self._opened(release)
        recogniser = self._open[release.name]
        return recogniser if recogniser.speaks(language) else None

    def _opened(self, release: Release) -> Recogniser:
        recogniser: Recogniser = open_release(release, self._device, self._config)
        return recogniser


def routes(release: Release, config: Settings) -> dict[str, Release]:
    """Release by language, in place of ``release``; empty if that is an endpoint.

    Raises:
        Misconfigured: the catalog has no such release for asr.
    """
    return (
        {}
        if release.runtime == ENDPOINT
        else named_routes(config.asr_routes, config.models_catalog)
    )


def named_routes(named: Mapping[str, str], further: Path | None) -> dict[str, Release]:
    """Language to release, of the project's catalog or a further one.

    Raises:
        Misconfigured: the catalog has no such release for asr.
    """
    known = _known(further)
    for language, name in named.items():
        if name not in known:
            raise Misconfigured(
                "routes",
                f"EARSHOT_ASR_ROUTES leads {language} to {name}, which the catalog does not have;"
                f" it has {', '.join(known)}",
            )
    return {language: known[name] for language, name in named.items()}


def second_release(config: Settings) -> Release | None:
    """The release that transcribes once more what is to be redacted; None if none is set.

    Raises:
        Misconfigured: the catalog has no such release for asr.
    """
    if not config.redact_asr:
        return None
    known = _known(config.models_catalog)
    if config.redact_asr not in known:
        raise Misconfigured(
            "routes",
            f"EARSHOT_REDACT_ASR names {config.redact_asr}, which the catalog does not have; it has"
            f" {', '.join(known)}",
        )
    return known[config.redact_asr]


def _known(further: Path | None) -> dict[str, Release]:
    """Name to release of every recogniser of the catalog."""
    return {
        entry.name: entry.release() for entry in catalog.known(further) if entry.analysis == "asr"
    }
