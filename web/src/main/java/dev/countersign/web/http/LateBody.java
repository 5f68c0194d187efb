package dev.countersign.web.http;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Request;

/** Collects a body that arrives after its headers, in memory that is reserved for all of it. */
public final class LateBody extends BodyReader {

    private static final int FIRST_BYTES = 4096;

    private final int maxBytes;
    private final Consumer<byte[]> whole;
    private final Consumer<Problem> failed;
    private final Runnable gone;
    private byte[] body;
    private int length;

    /**
     * @param announcedBytes its Content-Length, at most {@code maxBytes}; negative if it has none
     * @param whole gets the complete body
     * @param failed gets the reason if the body does not arrive, or is longer than {@code maxBytes}
     * @param gone called if the client is gone; the request must not be used any more
     */
    public LateBody(
            Request request,
            int announcedBytes,
            int maxBytes,
            Consumer<byte[]> whole,
            Consumer<Problem> failed,
            Runnable gone) {
        super(request);
        this.maxBytes = maxBytes;
        this.whole = whole;
        this.failed = failed;
        this.gone = gone;
        body = new byte[announcedBytes < 0 ? Math.min(FIRST_BYTES, maxBytes) : announcedBytes];
    }

    @Override
    boolean take(ByteBuffer bytes) {
        int more = bytes.remaining();
        if (more > maxBytes - length) {
            return false;
        }
        if (more > body.length - length) {
            body = Arrays.copyOf(body, Math.min(maxBytes, Math.max(length + more, 2 * body.length)));
        }
        bytes.get(body, length, more);
        length += more;
        return true;
    }

    @Override
    void whole() {
        whole.accept(length == body.length ? body : Arrays.copyOf(body, length));
    }

    @Override
    void broken(Problem problem) {
        failed.accept(problem);
    }

    @Override
    void gone() {
        gone.run();
    }
}
