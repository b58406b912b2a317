"""What a game is: parameters with their domains, families of mechanisms, named state, layouts of what is seen."""
