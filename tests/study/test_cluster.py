"""The study with Ray: workers and drivers that die, two drivers, and a cluster of two nodes. Minutes, so `-m slow`."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("polars")
pytest.importorskip("jax")
pytest.importorskip("ray")


from study_tiny import TINY, assert_same  # noqa: E402

from coopetition.study import engine  # noqa: E402
from coopetition.study.shards import ShardStore  # noqa: E402

pytestmark = pytest.mark.slow

#: Smaller still: workers know all reference policies, and evaluate them.
RAY = dataclasses.replace(TINY, modes=("private",), seeds=(0,), audited=(0,))
#: A driver: runs the tiny study, and prints where its jobs were done.
DRIVER = """
import json, sys
from coopetition.study import engine
from coopetition.study.plan import Scale
folder, asked, address = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3] or None
found = engine.run(folder, Scale.from_dict(asked), cores=None if address else 2, address=address)
print(json.dumps([[report.label, report.status, report.node] for report in found.reports]))
"""


def driver(folder: Path, *, address: str = "", scale=RAY, **environment: str) -> subprocess.Popen:
    """A process that runs the tiny study with Ray."""
    asked = json.dumps(dataclasses.asdict(scale))
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), asked, address],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_after_any_kind_of_end_there_is_what_an_uninterrupted_run_leaves(tmp_path):
    """A worker is killed at its first job, then the driver as soon as there is a shard, and it is started again."""
    whole, broken, orders = tmp_path / "whole", tmp_path / "broken", tmp_path / "orders"
    orders.mkdir()
    assert driver(whole).wait(timeout=900) == 0
    (orders / "train-IPPO-TrustDilemma-v0").touch()
    first = driver(broken, **{engine.KILL: str(orders)})
    deadline = time.monotonic() + 900
    while not (broken.exists() and ShardStore(broken).names()) and time.monotonic() < deadline:
        time.sleep(0.2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert list(orders.iterdir()) == []
    assert driver(broken).wait(timeout=900) == 0
    assert_same(whole, broken)


def test_two_drivers_on_one_folder_do_no_harm(tmp_path):
    drivers = [driver(tmp_path / "study"), driver(tmp_path / "study")]
    assert [one.wait(timeout=1200) for one in drivers] == [0, 0]
    alone = tmp_path / "alone"
    assert driver(alone).wait(timeout=900) == 0
    assert_same(tmp_path / "study", alone)


def test_a_cluster_of_two_nodes_gives_the_same_corpus(tmp_path):
    """Two raylets of one core each on this machine: both work, and what is there does not tell."""
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    try:
        cluster.add_node(**small)
        one = driver(tmp_path / "cluster", address=cluster.address)
        told, _ = one.communicate(timeout=1200)
        assert one.returncode == 0
    finally:
        cluster.shutdown()
    reports = json.loads(told.splitlines()[-1])
    assert [status for _, status, _ in reports] == ["done"] * 4
    assert len({node for _, _, node in reports}) == 2
    engine.run(tmp_path / "alone", RAY, address="here")
    assert_same(tmp_path / "cluster", tmp_path / "alone")
