package dev.countersign.core;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Objects;

/**
 * A code that {@link CodeGenerator} made, or any text that a client presents as its code.
 *
 * <p>A code is a credential: {@link #toString} hides it, so that it gets into no log or exception by accident.
 * {@link #equals} takes the same time wherever two codes of the same length differ.
 */
public record Code(String value) {

    /** One per thread, because creating a digest costs more than using it. */
    private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(Code::newSha256);

    public Code {
        Objects.requireNonNull(value, "value");
    }

    /** The SHA-256 of the code's UTF-8 bytes, 32 bytes. Nothing else of a code is stored. */
    byte[] sha256() {
        return sha256(value.getBytes(UTF_8));
    }

    /** The SHA-256 of the concatenated parts, 32 bytes. */
    public static byte[] sha256(byte[]... parts) {
        MessageDigest sha256 = SHA_256.get();
        try {
            for (byte[] part : parts) {
                sha256.update(part);
            }
            return sha256.digest();
        } finally {
            sha256.reset(); // also after a failure
        }
    }

    private static MessageDigest newSha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Code code && MessageDigest.isEqual(value.getBytes(UTF_8), code.value.getBytes(UTF_8));
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public String toString() {
        return "Code[hidden]";
    }
}
