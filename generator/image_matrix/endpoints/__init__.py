"""Works out which hosts the lock, builds, scans, signatures, releases and runs reach, and why."""
