package dev.countersign.core;

/** What a home was before, as its database knows; it matters only where the home has no journal. */
public enum Past {
    /** It was made just now. */
    NEW,
    /** A version without a journal wrote it. */
    BEFORE_JOURNALS,
    /** It had a journal: it was restored from a backup, or the journal's file was lost. */
    LOST_JOURNAL
}
