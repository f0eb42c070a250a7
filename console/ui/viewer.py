"""Who reads the page: the name that the sign-in or the proxy in front gives, for the console's own cost."""

from __future__ import annotations

import streamlit as st

from console import settings

UNNAMED = "anonymous"  # nobody signs in on a laptop
LONGEST = 200


def name() -> str:
    """The reader's e-mail address or name from Streamlit's own sign-in, else from the header that `Settings` names."""
    user = st.user
    if user.get("is_logged_in"):
        signed_in = user.get("email") or user.get("name") or user.get("sub")
        if signed_in:
            return str(signed_in)[:LONGEST]
    header = settings.read().viewer_header
    given = st.context.headers.get(header) if header else None
    return given[:LONGEST] if given else UNNAMED
