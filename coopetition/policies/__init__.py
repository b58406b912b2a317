"""What a policy is, and the names by which policies are found."""
