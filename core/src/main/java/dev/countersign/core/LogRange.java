package dev.countersign.core;

import java.time.Instant;

/**
 * Which messages to read.
 *
 * @param fromReceipt the first receipt
 * @param since, until times, both inclusive
 * @param last at most this many of the newest messages
 */
public record LogRange(long fromReceipt, Instant since, Instant until, long last) {

    /** All messages from a receipt on. */
    public static LogRange from(long receipt) {
        return new LogRange(receipt, Instant.EPOCH, Instant.parse("9999-12-31T23:59:59Z"), Long.MAX_VALUE);
    }
}
