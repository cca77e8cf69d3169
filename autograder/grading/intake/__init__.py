"""From a download to submissions: sources, notebooks, class lists. Trusted side; everything it reads is hostile."""
