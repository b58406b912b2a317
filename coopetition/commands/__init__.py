"""What the commands do. `coopetition.cli` declares them and imports these modules when they are called."""
