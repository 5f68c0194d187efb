package dev.countersign.client;

/** What becomes of a message that was sent and whose answer was lost, so that nobody knows whether it is logged. */
public enum Delivery {
    /** It is never sent again: {@link UnknownFateException} leaves that to the caller. */
    AT_MOST_ONCE,

    /** It is sent again, as often as any request: it may stand in the log twice. */
    AT_LEAST_ONCE
}
