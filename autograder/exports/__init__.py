"""From a finished report to what other systems read. Trusted side."""
