"""What ``--help`` shows as examples: commands that run as they stand, which the tests hold."""

from __future__ import annotations

#: Command: its examples.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("coopetition demo",),
    "list": ("coopetition list", "coopetition list --preset relational", "coopetition list --json"),
    "policies": ("coopetition policies", "coopetition policies GiftExchange-v0 --json"),
    "show": (
        "coopetition show SLCD-v0",
        "coopetition show TrustDilemma-v0 --preset strong",
        "coopetition show ApacheProject-v0 --set phase=emergence",
    ),
    "run": (
        "coopetition run GiftExchange-v0 --policy constant_060+tit_for_tat",
        "coopetition run SLCD-v0 --reward-mode private --set initial_trust=0.9",
        "coopetition run PublicGoods-v0 --policy random --plot goods.png",
        "coopetition run TrustDilemma-v0 --policy constant_020 --plot trust.gif",
    ),
    "evaluate": (
        "coopetition evaluate PublicGoods-v0",
        "coopetition evaluate TrustDilemma-v0 --preset strong --reward-mode private",
        "coopetition evaluate SLCD-v0 --policies random,tit_for_tat --agents",
        "coopetition evaluate GiftExchange-v0 --policies random+grim_trigger",
    ),
    "record": (
        "coopetition record SLCD-v0 --policy random --episodes 10 --out slcd",
        "coopetition record PublicGoods-v0 --preset strong --out goods",
    ),
    "solve": (
        "coopetition solve SLCD-v0",
        "coopetition solve GiftExchange-v0 --plot surface.png",
        "coopetition solve SLCD-v0 --concept coopetitive --state trust=0.9",
        "coopetition solve PublicGoods-v0 --reward-mode private --set multiplier=4",
        "coopetition solve GiftExchange-v0 --concept stackelberg --leader employer",
    ),
    "dilemma": (
        "coopetition dilemma",
        "coopetition dilemma PublicGoods-v0 --along multiplier=1.5,2,3",
        "coopetition dilemma PublicGoods-v0 ApacheProject-v0 --plot schelling.png",
        "coopetition dilemma SLCD-v0 --preset strong --reward-mode integrated",
    ),
    "validate": (
        "coopetition validate slcd",
        "coopetition validate renault-nissan --draws 500 --plot alliance.png",
        "coopetition validate all --json",
    ),
    "experiment": ("coopetition experiment tr3", "coopetition experiment tr1 --plot tr1.png"),
    "explore": ("coopetition explore", "coopetition explore SLCD-v0 --port 8600 --no-browser"),
    "train": (
        "coopetition train TrustDilemma-v0 --steps 50000",
        "coopetition train SLCD-v0 --preset strong --reward-mode private,cooperative",
        "coopetition train SLCD-v0 --algorithm ISAC --seeds 3 --out trained/slcd",
        "coopetition train GiftExchange-v0 --control worker --hyper learning_rate=1e-3",
    ),
    "study run": (
        "coopetition study run --scale smoke --folder study",
        "coopetition study run --only IPPO --only 'SLCD*'",
    ),
    "study plan": ("coopetition study plan --scale full --cores 2", "coopetition study plan --only IPPO --json"),
    "study settings": ("coopetition study settings --scale smoke --folder study --write settings.json",),
    "study longer": ("coopetition study longer --folder study --corpus corpus --cells 10",),
    "study verify": ("coopetition study verify --folder study --records 3",),
    "study submit": (
        "coopetition study submit --schema",
        "coopetition study submit results.csv --check",
        "coopetition study submit mine.safetensors --name Mine --submitter 'A. B.'",
    ),
    "study status": ("coopetition study status --scale smoke", "coopetition study status --json"),
    "study publish": ("coopetition study publish --folder study --to corpus",),
    "study report": ("coopetition study report --corpus corpus --page study.md",),
    "study audit": ("coopetition study audit trained/policy.safetensors",),
    "bench": ("coopetition bench --quick", "coopetition bench --only games --json"),
}


def epilog(command: str) -> str:
    """The end of a command's help. Typer sets a line for each paragraph."""
    return "\n\n".join(["[bold]Examples[/bold]", *EXAMPLES[command]])
