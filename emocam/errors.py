"""Every error that emocam raises on purpose.

EmocamError
├── UsageError        the call itself is wrong, or there is nothing to do   (exit code 2)
├── InputError        an input can't be used                                (exit code 1)
│   ├── SourceError   a camera, a stream or a video
│   ├── PictureError  one photo; `status` says what is wrong with it
│   ├── DatasetError  a training or test set
│   └── ModelError    a model file
├── OutputError       a result can't be written                             (exit code 1)
└── SetupError        this computer lacks something emocam needs            (exit code 1)

The library raises them; only the command line turns them into a line and an exit code.
"""

from __future__ import annotations


class EmocamError(Exception):
    """Base of all: the message is one line of plain text that says what mends it."""

    exit_code = 1


class UsageError(EmocamError):
    exit_code = 2


class InputError(EmocamError):
    pass


class SourceError(InputError):
    pass


class PictureError(InputError):
    """A photo that can't be read.

    Parameters
    ----------
    status
        One of the table's statuses: `unreadable`, `truncated`, `too_large`, `unsupported`
        or `vanished`.
    reason
        One line for the table's `reason` column.
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status

    def __reduce__(self) -> tuple[type[PictureError], tuple[str, str]]:
        # Errors travel between worker processes, and pickle only keeps `args`.
        return type(self), (self.status, str(self))


class DatasetError(InputError):
    pass


class ModelError(InputError):
    pass


class OutputError(EmocamError):
    pass


class SetupError(EmocamError):
    pass


OPENCV_PACKAGE = '"opencv-contrib-python>=4.12,<5"'
"""What pip is to install where OpenCV is not as it is needed, as pyproject.toml has it."""


def reason_of(error: BaseException) -> str:
    """What somebody else's error says, on one line of 200 letters at most; its kind if nothing."""
    said = " ".join(str(error).split())
    if said.startswith("[Errno "):
        said = said.partition("] ")[2]
    return said[:200] or type(error).__name__
