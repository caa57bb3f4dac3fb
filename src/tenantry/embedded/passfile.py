"""The server's passwords, in a file that libpq reads on its own (its `passfile`)."""

from pathlib import Path

from tenantry.core import pgpass
from tenantry.core.errors import ServerError
from tenantry.core.private import write_private
from tenantry.embedded.ports import LOOPBACK


class PasswordFile:
    """Passwords by user, one line each: `127.0.0.1:*:*:user:password`.

    The port and the database are `*`, so the file stays valid when the server moves to another port. Its mode is 0600;
    otherwise libpq ignores it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, user: str) -> str | None:
        """The password of `user`, or None if there is none."""
        return self._read().get(user)

    def save(self, user: str, password: str) -> None:
        """Set the password of `user`. Readers see the old file or the new one, never a part.

        Two processes must not save at once; the caller ensures that with a lock.

        Raises ServerError if the user or the password is empty or contains a line break or a NUL, and InputError if the
        file cannot be written.
        """
        for what, text in (("user name", user), ("password", password)):
            if not text or any(character in text for character in "\r\n\0"):
                raise ServerError(f"a {what} must not be empty, nor have a line break or a NUL in it")
        lines = [
            pgpass.line(LOOPBACK, "*", "*", name, word) + "\n"
            for name, word in (self._read() | {user: password}).items()
        ]
        write_private(self.path, "".join(lines).encode())

    def _read(self) -> dict[str, str]:
        try:
            text = self.path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return {}
        passwords = {}
        for line in text.split("\n"):
            fields = pgpass.fields(line)
            if len(fields) >= 5 and not line.startswith("#"):
                passwords[fields[3]] = fields[4]
        return passwords
