"""Settings of batches: the folders of ``earshot batch``."""

from pathlib import Path

from pydantic import BaseModel

from earshot.settings.sources import CONFIG


class Batches(BaseModel):
    """Fields for batches of files (docs/batch.md). Relative folders lie beside ``config``."""

    config: Path = CONFIG
    """The YAML file that these settings are read from besides the environment. Set by
    ``EARSHOT_CONFIG`` alone."""
    input_dir: Path = Path("input")
    """Folder with the files of a batch, subfolders included."""
    output_dir: Path = Path("output")
    log_dir: Path = Path("logs")

    def beside_config(self, folder: Path) -> Path:
        """The absolute path of one of the folders."""
        return (self.config.absolute().parent / folder.expanduser()).absolute()
