"""The training under way with its progress, or the last one with what came of it, and how to start the next."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from console.asking import formatting as text
from console.asking.scope import Scope
from console.kit import page, prose
from console.recommendations.models import outcome
from console.recommendations.source import ModelRecord, RecommendationSource, TrainingState

RUNNING_EVERY, IDLE_EVERY = 1.0, 5.0  # seconds: the state is one small file, and others start trainings too


def draw(scope: Scope, source: RecommendationSource, models: Sequence[ModelRecord]) -> None:
    """Draw the line, which follows a training by itself, whoever started it."""
    state = source.training()
    can_change = source.trainer.can_start or state.started_at is not None
    every = RUNNING_EVERY if state.is_running else IDLE_EVERY if can_change else None
    st.fragment(_line, run_every=every)(scope, source, models, state.is_running)


def _line(scope: Scope, source: RecommendationSource, models: Sequence[ModelRecord], was_running: bool) -> None:
    state, trainer = source.training(), source.trainer
    if state.is_running != was_running:
        st.rerun()  # the models have changed, or are about to
    if state.is_running:
        _progress(scope, state)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = outcome(models, state) or ("" if models else "Nothing was learnt yet.")
        if not trainer.can_start:
            words = f"{words} {trainer.how}".strip()
        tone = " tk-late" if state.failure else ""
        st.html(f'<p class="tk-state{tone}">{prose.with_commands(words)}</p>' if words else "<p></p>", width="stretch")
        if trainer.can_start and st.button(
            "Train now",
            icon=":material/model_training:",
            key="tk-recommend-train",
            help="Learns from all curated events, in a process of low priority. Answers go on meanwhile.",
        ):
            with page.errors_shown():
                source.train()
                st.rerun()


def _progress(scope: Scope, state: TrainingState) -> None:
    since = "" if state.started_at is None else f", for {text.duration(scope.now() - state.started_at)}"
    share = "" if state.done is None else f" · {text.percent(state.done, 0)}"
    st.progress(min(max(state.done or 0.0, 0.0), 1.0), text=f"Training{since}: {state.step or 'starting'}{share}")
