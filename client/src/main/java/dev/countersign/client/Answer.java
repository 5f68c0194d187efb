package dev.countersign.client;

import java.io.IOException;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpStatus;

/**
 * An answer, read whole.
 *
 * @param reason of the status line; may be empty
 * @param members of the JSON object in its body; none where the body is anything else, or longer than 64 KiB
 */
record Answer(int status, String reason, Members members) {

    private static final int MAX_BODY_BYTES = 64 * 1024; // Countersign's take some hundred; this is for strangers

    /** @throws IOException where the body breaks off */
    static Answer read(ClassicHttpResponse response) throws IOException {
        byte[] body = response.getEntity() == null
                ? new byte[0]
                : response.getEntity().getContent().readNBytes(MAX_BODY_BYTES + 1);
        String reason = Optional.ofNullable(response.getReasonPhrase()).orElse("");
        return new Answer(response.getCode(), reason, Members.parse(body.length > MAX_BODY_BYTES ? new byte[0] : body));
    }

    boolean isCreated() {
        return status == HttpStatus.SC_CREATED;
    }

    /** @throws NoSuchElementException where there is no such member, or it is no text */
    String text(String member) {
        return members.text(member).orElseThrow();
    }

    /** Why it is not the answer asked for, with RFC 9457's defaults for what it leaves out. */
    Problem problem() {
        return new Problem(
                members.text("type").orElse("about:blank"),
                members.text("title").orElse(reason),
                status,
                members.text("detail").orElse(""));
    }
}
