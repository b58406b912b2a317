"""Meta-games between named policies: payoffs, equilibria, dynamics, rankings, tournaments."""
