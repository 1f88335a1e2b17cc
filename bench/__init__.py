"""What speed costs and what it is worth, as ratios measured within one run, so that they hold on any machine."""
