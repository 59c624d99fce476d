"""A SHA-256 in the comment of a zip file, where torch.load and unzip skip it."""

import hashlib

PREFIX = b"sha256:"
COMMENT_BYTES = len(PREFIX) + 64
END_OF_ZIP = b"PK\x05\x06"


def with_checksum(content: bytes) -> bytes:
    """A zip file that ends with an empty comment, with its own SHA-256 as the comment instead."""
    comment = PREFIX + hashlib.sha256(content).hexdigest().encode()
    return content[:-2] + len(comment).to_bytes(2, "little") + comment


def has_valid_checksum(content: bytes) -> bool:
    """Whether the file ends with the SHA-256 of everything before it."""
    return content == with_checksum(content[: -COMMENT_BYTES - 2] + b"\0\0")


def is_intact(content: bytes) -> bool:
    """Whether a zip file's checksum is valid; one without a comment, as torch.save writes it, has none to check."""
    has_no_comment = content[-22:-18] == END_OF_ZIP and content[-2:] == b"\0\0"
    return has_no_comment or has_valid_checksum(content)
