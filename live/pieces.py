"""The sound of a session on its way to the store, piece by piece."""

import asyncio
import logging
from uuid import UUID

from earshot.analysis.errors import Unavailable
from earshot.live.sound import Format
from live import keeping

log = logging.getLogger(__name__)

PIECE_SEC = 20
"""Sound in one piece; as long as it is not stored, it is kept in Redis."""
RETRY_SEC = 2.0


class Pieces:
    """Of one session."""

    def __init__(self, session: UUID, format_: Format, stored: int) -> None:
        self._session = session
        self._bytes = PIECE_SEC * format_.width * format_.rate
        self._frames: list[bytes] = []
        self.stored = stored
        """Number of frames that are stored."""

    def add(self, frame: bytes) -> None:
        """Takes the next frame."""
        self._frames.append(frame)

    def _whole_piece(self) -> int:
        """Number of the frames that make a piece; 0 if there are too few. It depends on the sound
        alone: what a process stores that lost the session is what its successor stores."""
        size = 0
        for count, frame in enumerate(self._frames, 1):
            size += len(frame)
            if size >= self._bytes:
                return count
        return 0

    async def store(self, all_of_it: bool) -> None:
        """Stores the frames that are long enough for a piece; where the store is away, they wait.

        Args:
            all_of_it: store the rest as well, and return only then.
        """
        while count := self._whole_piece() or (len(self._frames) if all_of_it else 0):
            sound = b"".join(self._frames[:count])
            try:
                await asyncio.to_thread(keeping.put, self._session, self.stored, sound)
            except Unavailable as error:
                log.warning("the sound of session %s is not stored yet: %s", self._session, error)
                if not all_of_it:
                    return
                await asyncio.sleep(RETRY_SEC)
                continue
            self.stored += count
            del self._frames[:count]
