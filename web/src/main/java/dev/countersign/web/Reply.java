package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;

/**
 * What a request that worked is answered with.
 *
 * @param isReplay whether nothing was done, as the same request had been answered before
 */
record Reply(byte[] json, boolean isReplay) {

    /** Neither an id nor a code holds a character that JSON would have escaped. */
    static Reply code(ClientId id, Code code) {
        return created(("{\"id\":\"" + id.value() + "\",\"code\":\"" + code.value() + "\"}").getBytes(US_ASCII));
    }

    static Reply created(byte[] json) {
        return new Reply(json, false);
    }

    int status() {
        return isReplay ? 200 : 201;
    }
}
