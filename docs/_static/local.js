// Opened from a disk, a page may not read others: then the search lists titles alone, without an error.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
