"""Recordings: what is read back is what was played, by anybody who reads Parquet and Croissant."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

import coopetition
from coopetition.baselines import record_episode

pl = pytest.importorskip("polars")

#: Games that end early, that draw, of many agents, with a memory, with a mode of numbers, with a matrix.
CASES = {
    "ends early": ("SLCD-v0", ["random", "tit_for_tat"], {}),
    "draws its numbers": ("SynergySearch-v0", "random", {}),
    "draws its end": ("PublicGoods-v0", "tit_for_tat", {"continuation": 0.9, "tremble": 0.1}),
    "many agents": ("ApacheProject-v0", "conditional_cooperator", {"horizon": 7}),
    "a memory": ("GiftExchange-v0", ["generous_tit_for_tat", "constant_040"], {"reward_mode": "private"}),
    "a preset": ("GraduatedSanction-v0", "random", {"preset": "strong", "horizon": 9}),
    "a mode of numbers": ("ReciprocalDilemma-v0", "random", {"reward_mode": "inequity_averse", "horizon": 5}),
    "a matrix": ("TrustDilemma-v0", "random", {"reward_mode": [[1.0, 0.5], [0.0, 2.0]], "observation": "full"}),
    "an oracle": ("PartnerHoldUp-v0", "Oracle_TrustAware", {"horizon": 6}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_back_is_what_was_played(case, tmp_path):
    environment_id, policies, options = CASES[case]
    made = coopetition.record(environment_id, policies, 4, tmp_path / "new" / "folder", seed=11, **options)
    found = coopetition.read_recording(made.path)
    assert (len(found), found.seed, found.policies) == (4, 11, made.policies)
    assert found.game.parameters == made.game.parameters
    for k in range(4):
        again = record_episode(environment_id, policies, seed=11 + k, **options)
        own = found.episode(k).to_dict()
        assert own == again.to_dict()
        about = found.episodes.row(k, named=True)
        assert about["returns"] == pytest.approx(again.rewards.sum(axis=0).tolist(), rel=1e-12)
    with pytest.raises(IndexError):
        found.episode(4)


def test_observations_are_those_of_the_parallel_view(tmp_path):
    found = coopetition.record("SLCD-v0", ["random", "constant_080"], 1, tmp_path, seed=3)
    env = coopetition.parallel_env("SLCD-v0")
    observations, _ = env.reset(seed=3)
    for step in range(1, found.episodes["steps"][0] + 1):
        rows = found.steps.filter(pl.col("step") == step)
        assert rows["agent"].to_list() == env.possible_agents
        for row in rows.iter_rows(named=True):
            assert row["observation"] == observations[row["agent"]].tolist()
        actions = {row["agent"]: np.array([row["rate"]]) for row in rows.iter_rows(named=True)}
        observations, rewards, terminations, truncations, _ = env.step(actions)
        for row in rows.iter_rows(named=True):
            agent = row["agent"]
            assert row["next_observation"] == pytest.approx(observations[agent].tolist(), abs=1e-7)
            assert row["reward"] == pytest.approx(rewards[agent], rel=1e-6)
            assert (row["terminated"], row["truncated"]) == (terminations[agent], truncations[agent])
    assert not env.agents


def test_croissant_describes_every_column(tmp_path):
    found = coopetition.record("LoyaltyTeam-v0", "random", 2, tmp_path, creator="A laboratory", horizon=5)
    made = json.loads((tmp_path / "croissant.json").read_text(encoding="utf-8"))
    assert made["creator"]["name"] == "A laboratory"
    for records in made["recordSet"]:
        frame = getattr(found, records["name"])
        assert [field["name"] for field in records["field"]] == frame.columns
        assert all(field["description"] != field["name"] for field in records["field"])
    mlcroissant = pytest.importorskip("mlcroissant")
    dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "croissant.json"))
    assert not dataset.metadata.issues.errors
    rows = list(dataset.records("episodes"))
    assert [row["episodes/seed"] for row in rows] == [0, 1]


def test_each_file_says_what_it_is(tmp_path):
    coopetition.record("SLCD-v0", "random", 1, tmp_path, horizon=3)
    for table in ("steps", "states", "episodes"):
        about = json.loads(pl.read_parquet_metadata(tmp_path / f"{table}.parquet")["coopetition"])
        assert about["environment"] == "SLCD-v0"
        assert about["parameters"]["horizon"] == 3
        assert about["policies"] == ["random", "random"]


def test_refusals(tmp_path, monkeypatch):
    coopetition.record("SLCD-v0", "random", 1, tmp_path / "one", horizon=3)
    coopetition.record("SLCD-v0", "random", 2, tmp_path / "two", horizon=3)
    with pytest.raises(FileExistsError, match="overwrites nothing"):
        coopetition.record("SLCD-v0", "random", 1, tmp_path / "one")
    with pytest.raises(ValueError, match="did you mean 'random'"):
        coopetition.record("SLCD-v0", "randm", 1, tmp_path / "three")
    assert not (tmp_path / "three").exists()
    with pytest.raises(FileNotFoundError, match=r"no episodes\.parquet"):
        coopetition.read_recording(tmp_path)
    (tmp_path / "one" / "steps.parquet").write_bytes((tmp_path / "two" / "steps.parquet").read_bytes())
    with pytest.raises(ValueError, match="different recordings"):
        coopetition.read_recording(tmp_path / "one")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "one" / "steps.parquet")
    with pytest.raises(ValueError, match="no part of a recording"):
        coopetition.read_recording(tmp_path / "one")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match=r"coopetition\[record\]"):
        coopetition.record("SLCD-v0", "random", 1, tmp_path / "four")
