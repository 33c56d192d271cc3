"""What the sandbox remembers of each request, for tests that count."""

from dataclasses import dataclass


@dataclass(slots=True)
class RecordedRequest:
    """One request as it arrived; `status` is None until, or unless, an answer was begun."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes
    status: int | None = None

    @property
    def is_write(self) -> bool:
        """Whether the method is one that may change something."""
        return self.method in {"POST", "PATCH", "PUT", "DELETE"}
