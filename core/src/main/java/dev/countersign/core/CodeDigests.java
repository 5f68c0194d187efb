package dev.countersign.core;

import java.security.MessageDigest;

/**
 * The SHA-256 of the codes that are accepted of an id, 32 bytes each, not to be changed by anybody.
 *
 * @param next of a rotation's code that has not been used yet; the current one again where there is none
 */
public record CodeDigests(byte[] current, byte[] next) {

    public boolean isCurrent(byte[] sha256) {
        return MessageDigest.isEqual(current, sha256);
    }

    public boolean isNext(byte[] sha256) {
        return MessageDigest.isEqual(next, sha256);
    }
}
