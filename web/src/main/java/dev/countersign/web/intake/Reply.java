package dev.countersign.web.intake;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;

/**
 * The answer to a successful request.
 *
 * @param isReplay whether this repeats the answer to an earlier request, and nothing was done
 */
record Reply(byte[] json, boolean isReplay) {

    /** Ids and codes have no characters that need an escape in JSON. */
    static Reply code(ClientId id, Code code) {
        return new Reply(
                ("{\"id\":\"" + id.value() + "\",\"code\":\"" + code.value() + "\"}").getBytes(US_ASCII), false);
    }

    int status() {
        return isReplay ? 200 : 201;
    }
}
