package dev.countersign.core;

/** The state of a home before this start, from its database. It matters only if the home has no journal. */
public enum Past {
    /** The home was created just now. */
    NEW,
    /** A version without a journal wrote it. */
    BEFORE_JOURNALS,
    /** The home had a journal: it was restored from a backup, or the journal was lost. */
    LOST_JOURNAL
}
