"""The script behind every page: sets up the window, loads the style, builds the menu and runs the page asked for.

`app.py` gives this file to `st.App`; Streamlit runs it anew for every click, so it does nothing else.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from console.kit.navigation import PAGES

STYLE = Path(__file__).with_name("style.css")
SIDEBAR = 220  # pixels: as wide as the longest title needs
ICON = Path(__file__).with_name("icon.svg")  # a Material name would be fetched from the internet


def set_up() -> None:
    """Set the window up and load the style; the first thing any script of the console does."""
    st.set_page_config(page_title="Takings", page_icon=str(ICON), layout="wide", initial_sidebar_state=SIDEBAR)
    st.html(STYLE)


def main() -> None:
    """Draw the console."""
    set_up()
    menu: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        url_path = entry.url_path or None
        page = st.Page(entry.path, title=entry.title, icon=entry.icon, url_path=url_path, default=url_path is None)
        menu.setdefault(entry.section, []).append(page)
    st.navigation(menu, expanded=True).run()


if __name__ == "__main__":
    main()
