"""What a part tells its supervisor by the way it ends."""

ENVIRONMENT_UNFIT = 78
"""EX_CONFIG: the environment has to change first; starting the part again is useless."""
