package dev.countersign.core;

import java.security.MessageDigest;

/**
 * The SHA-256 of an id's accepted codes, 32 bytes each. Nobody may change the arrays.
 *
 * @param next of the code of a rotation that has not been used yet; equals {@code current} if there is none
 */
public record CodeDigests(byte[] current, byte[] next) {

    /** Which of an id's codes a code is; {@code NEITHER} is a wrong code. */
    enum Match {
        CURRENT,
        NEXT,
        NEITHER
    }

    /** Takes the same time in each case. */
    Match match(byte[] sha256) {
        boolean isNext = isNext(sha256);
        if (isCurrent(sha256)) {
            return Match.CURRENT;
        }
        return isNext ? Match.NEXT : Match.NEITHER;
    }

    public boolean isCurrent(byte[] sha256) {
        return MessageDigest.isEqual(current, sha256);
    }

    public boolean isNext(byte[] sha256) {
        return MessageDigest.isEqual(next, sha256);
    }
}
