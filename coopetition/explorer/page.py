"""The explorer's page (Streamlit): it asks, `coopetition.explorer.scene` answers.

``coopetition explore`` serves it; Streamlit runs this file from top to bottom whenever something was moved.
"""

from __future__ import annotations

import sys
from typing import Any

import streamlit as st

from coopetition.baselines import EpisodeRecord
from coopetition.envs import environment_ids
from coopetition.explorer import scene
from coopetition.explorer.scene import Choice, Knob
from coopetition.games.rewards import reward_mode_names
from coopetition.oracles import Dilemma

#: Views, and the figures that each shows.
VIEWS = {
    "Episode": ("episode",),
    "Trust and loyalty": ("bonds",),
    "One step": ("step", "schelling"),
    "Constants and replies": ("constants", "replies"),
    "Python": (),
}
WHAT = {
    "episode": "Rates, trust or loyalty, payoffs and running returns of the episode that was played.",
    "bonds": "Who trusts whom, up to the ceiling that damage leaves; or how loyal each is.",
    "step": "Payoffs of one step from reset: gradients, best replies and solutions.",
    "schelling": "What high and low players have, by the number of high ones.",
    "constants": "Constant rates for a whole episode: where trust collapses, returns fall off an edge.",
    "replies": "What each would have by a constant rate, the others playing as chosen.",
}
#: Figures that would be too large across the whole page, in pixels.
WIDTHS: dict[str, Any] = {"schelling": 620}
FILE = "a saved learner ..."
#: Less empty room above, and metrics that stand beside each other on a telephone.
STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding-top: 3.8rem}
[data-testid="stMetricValue"] {font-size: 1.5rem}
</style>"""
#: What a refused choice or a policy that cannot play raises.
REFUSED = (ValueError, TypeError, ImportError, LookupError, OSError)


@st.cache_data(max_entries=64, show_spinner="playing ...")
def play(key: str) -> EpisodeRecord:
    """`scene.play`, remembered."""
    return scene.play(Choice.from_key(key))


@st.cache_data(max_entries=64, show_spinner="solving ...")
def solutions(key: str) -> list[dict[str, Any]]:
    """`scene.solutions`, remembered."""
    return scene.solutions(Choice.from_key(key))


@st.cache_data(max_entries=64, show_spinner="solving ...")
def stakes(key: str) -> Dilemma:
    """`scene.stakes`, remembered."""
    return scene.stakes(Choice.from_key(key))


@st.cache_data(max_entries=64, show_spinner=False)
def best_known(key: str) -> float | None:
    """`scene.best_known`, remembered."""
    return scene.best_known(Choice.from_key(key))


@st.cache_data(max_entries=64, show_spinner="searching for the optimum of whole episodes ...")
def search_optimum(key: str) -> float:
    """`scene.search_optimum`, remembered."""
    return scene.search_optimum(Choice.from_key(key))


@st.cache_data(max_entries=64, show_spinner="drawing ...")
def picture(key: str, name: str) -> bytes:
    """`scene.picture`, remembered."""
    return scene.picture(Choice.from_key(key), name)


def stage_key(choice: Choice) -> str:
    """What solutions depend on: the game, and not who plays."""
    return Choice(choice.environment, choice.preset, choice.reward_mode, choice.settings).key()


def turn(knob: Knob, where: str) -> Any:
    """A parameter's control; its value, or None where it is the preset's."""
    key = f"{where}/{knob.name}"
    value: Any
    if knob.kind == "slider":
        places = max(0, len(f"{knob.step:.10f}".rstrip("0").partition(".")[2]))
        value = st.slider(
            knob.name, knob.low, max(knob.high, knob.value), knob.value, knob.step, f"%.{places}f", key, knob.about
        )
    elif knob.kind == "integer":
        value = int(st.number_input(knob.name, value=knob.value, step=1, key=key, help=knob.about))
    elif knob.kind == "choice":
        value = st.selectbox(knob.name, knob.choices, knob.choices.index(knob.value), key=key, help=knob.about)
    elif knob.kind == "flag":
        value = st.checkbox(knob.name, knob.value, key=key, help=knob.about)
    else:
        text = st.text_input(knob.name, knob.value or "", key=key, help=f"{knob.about}; JSON")
        return None if text == (knob.value or "") else scene.read_text(knob.name, text)
    return None if value == knob.value else value


def choose_game() -> tuple[str, str, str]:
    """Environment, preset and reward mode."""
    ids = list(environment_ids())
    asked = next((one for one in sys.argv[1:] if one in ids), "TrustDilemma-v0")
    environment = st.selectbox("Game", ids, ids.index(asked), key="game")
    presets = scene.preset_names(environment)
    preset = st.selectbox("Preset", presets, key=f"{environment}/preset")
    modes = reward_mode_names()
    mode = st.selectbox("Rewards", modes, help="What agents maximise, and what returns are of.", key="mode")
    return environment, preset, mode


def choose_settings(environment: str, preset: str) -> dict[str, Any]:
    """Parameters that were moved."""
    where = f"{environment}/{preset}"
    first, rest = scene.knobs(environment, preset)
    settings = {}
    st.subheader("Numbers")
    for knob in first:
        settings[knob.name] = turn(knob, where)
    with st.expander(f"All other {len(rest)} numbers"):
        for knob in rest:
            settings[knob.name] = turn(knob, where)
    return {name: value for name, value in settings.items() if value is not None}


def choose_players(choice: Choice) -> tuple[str, ...]:
    """A policy in every seat; of many agents, groups."""
    game = choice.game()
    st.subheader("Who plays")
    if game.n > scene.SEATS:
        text = st.text_input(
            f"{game.n} players", "tit_for_tat", key=f"{choice.environment}/cast",
            help="Groups in the order of the agents, such as: random x 10 + tit_for_tat x 20 + constant_050",
        )  # fmt: skip
        return scene.read_cast(text, game.n)
    names = [*scene.policy_names(), FILE]
    cast = []
    for agent in game.agents:
        key = f"{choice.environment}/seat/{agent}"
        name = st.selectbox(agent, names, names.index("tit_for_tat"), key=key)
        if name == FILE:
            name = st.text_input(
                f"File of {agent}'s policy", key=f"{key}/file", placeholder="trained/SLCD-v0-IPPO/...safetensors",
                help="As `coopetition train` and `learn(...)` write it: the path of a .safetensors file.",
            )  # fmt: skip
            if not name.strip():
                raise ValueError(f"name the file of {agent}'s policy, as `coopetition train` wrote it")
        cast.append(name.strip())
    return tuple(cast)


def choose() -> Choice:
    """Everything, in the sidebar.

    Raises
    ------
    ValueError, TypeError
        What the game refuses.
    """
    with st.sidebar:
        environment, preset, mode = choose_game()
        seats = st.container()  # seats follow from the numbers, but who plays is chosen more often
        choice = Choice(environment, preset, mode, choose_settings(environment, preset))
        with seats:
            players = choose_players(choice)
            seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", help="Of the draws of game and policies."))
    return Choice(environment, preset, mode, choice.settings, players, seed)


def show_stakes(choice: Choice) -> None:
    """The solutions of a step, and how much of a dilemma it is."""
    key = stage_key(choice)
    left, right = st.columns((1.0, 1.0), gap="large")
    with left:
        st.markdown("**Solutions of one step**, in levels")
        st.dataframe(scene.as_table(solutions(key)), hide_index=True, width="stretch")
    with right:
        st.markdown("**How much of a dilemma one step is**")
        found = stakes(key)
        cells = st.container(horizontal=True)
        cells.metric("price of anarchy", f"{found.price_of_anarchy:.4f}", help="Optimal welfare over the nash's.")
        cells.metric("greed", f"{found.greed:.3g}", help="The most that undercutting the optimum gains.")
        cells.metric("fear", f"{found.fear:.3g}", help="The most that playing the optimum at the nash loses.")


def show_episode(choice: Choice) -> None:
    """How the episode went, in numbers."""
    record = play(choice.key())
    total = float(record.rewards.sum())
    cells = st.container(horizontal=True)
    cells.metric("end", record.end)
    cells.metric("steps", f"{record.steps} of {record.game.horizon}")
    cells.metric(f"return of all ({choice.reward_mode})", f"{total:,.0f}")
    key = stage_key(choice)
    best = best_known(key)
    if best is None and st.session_state.get("searched") == key:
        best = search_optimum(key)
    if best is not None:
        cells.metric("of the best known", f"{total / best:.1%}", help=f"Open-loop optimum: {best:,.0f}.")
    elif record.game.axes == 1 and cells.button(
        "Search for the optimum", help="Of whole episodes, for these numbers: up to minutes."
    ):
        st.session_state["searched"] = key
        st.rerun()


def main() -> None:
    """The page."""
    st.set_page_config("Coopetition", layout="wide", menu_items={"About": None})
    st.html(STYLE)
    st.markdown("#### Coopetition explorer")
    try:
        choice = choose()
        game = choice.game()
    except REFUSED as error:
        st.error(str(error))
        st.stop()
    show_stakes(choice)
    view = st.segmented_control("Show", list(VIEWS), default="Episode", key="view", label_visibility="collapsed")
    view = view or "Episode"
    if view == "Python":
        st.code(scene.code(choice), language="python")
        return
    try:
        if view in ("Episode", "Trust and loyalty", "Constants and replies"):
            asked = f"{choice.key()}/{view}"
            if scene.is_slow(choice) and asked not in st.session_state:
                st.info("Somebody here solves the game at each step: this takes some seconds.")
                if st.button("Play it"):
                    st.session_state[asked] = True
                    st.rerun()
                return
            if view == "Episode":
                show_episode(choice)
        for name in VIEWS[view]:
            st.caption(WHAT[name])
            of_stage = name in ("step", "schelling", "constants")
            st.image(picture(stage_key(choice) if of_stage else choice.key(), name), width=WIDTHS.get(name, "stretch"))
    except REFUSED as error:
        st.error(f"{game.id}: {error}" if game.id not in str(error) else str(error))


if __name__ == "__main__":
    main()
