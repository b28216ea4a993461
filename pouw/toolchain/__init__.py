"""Programs that pouw builds or installs itself: pinned in one place, kept in the cache."""
