"""Who reads the page: the name that the sign-in or the proxy gives, and whether they are still there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from console import settings
from console.asking.scope import Scope
from console.metering import Asker

UNNAMED = "anonymous"  # nobody signs in on a laptop
LONGEST = 200  # characters


def name() -> str:
    """The reader's e-mail address or name from Streamlit's own sign-in, else from the header that `Settings` names."""
    user = st.user
    if user.get("is_logged_in"):
        signed_in = user.get("email") or user.get("name") or user.get("sub")
        if signed_in:
            return str(signed_in)[:LONGEST]
    header = settings.current().viewer_header
    given = st.context.headers.get(header) if header else None
    return given[:LONGEST] if given else UNNAMED


def scope(viewer: Callable[[], Scope], page: str) -> Scope:
    """The scope of a page's reader: metered under the page's title, and stopped when the reader leaves."""
    return replace(viewer(), asker=Asker(name(), page), check=_still_here)


def _still_here() -> None:
    """End the script when its reader has left or clicked: Streamlit does so when a script reads the session."""
    st.session_state.get("tk-still-here")
