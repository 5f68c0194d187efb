package dev.countersign.web.operator;

import dev.countersign.core.LogRange;
import dev.countersign.core.LogReader;
import dev.countersign.core.StartupException;
import dev.countersign.core.store.Store;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.Server;

/** {@code GET /messages?after=RECEIPT&wait=30}: the lines of the log that came since; waits for the first of them. */
final class MessagesAfter implements OperatorServlet.Answer {

    private static final int MAX_WAITING = 16; // each holds a thread
    private static final int MAX_WAIT_SECONDS = 60;
    private static final int MAX_BYTES = 1024 * 1024; // and one more line
    private static final long LOOK_MILLIS = 50;
    private static final long DEFAULT_LAST = 10;

    private final Store store;
    private final Semaphore waiting = new Semaphore(MAX_WAITING);

    MessagesAfter(Store store) {
        this.store = store;
    }

    @Override
    public byte[] to(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Optional<Long> after = number(request, "after", Long.MAX_VALUE - 1);
        long last = number(request, "last", Long.MAX_VALUE).orElse(after.isPresent() ? Long.MAX_VALUE : DEFAULT_LAST);
        long seconds = number(request, "wait", MAX_WAIT_SECONDS).orElse(0L);
        LogRange all = LogRange.from(after.orElse(-1L) + 1);
        if (!waiting.tryAcquire()) {
            throw new OperatorException(503, "too many requests for messages wait already: " + MAX_WAITING);
        }
        try (LogReader reader = store.read(new LogRange(all.fromReceipt(), all.since(), all.until(), last))) {
            response.setContentType("application/jsonl");
            return read(reader, seconds, server(request)).toByteArray();
        } catch (StartupException e) {
            throw new OperatorException(e.mayPass() ? 503 : 400, e.getMessage());
        } finally {
            waiting.release();
        }
    }

    /** Ends at once where the server stops. */
    private static ByteArrayOutputStream read(LogReader reader, long seconds, Server server) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        try {
            while (true) {
                while (lines.size() < MAX_BYTES && reader.next()) {
                    reader.writeLine(lines);
                }
                if (lines.size() > 0 || System.nanoTime() - end >= 0 || !server.isRunning()) {
                    return lines;
                }
                Thread.sleep(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return lines;
        }
    }

    static Server server(HttpServletRequest request) {
        return ServletContextRequest.getServletContextRequest(request)
                .getConnectionMetaData()
                .getConnector()
                .getServer();
    }

    private static Optional<Long> number(HttpServletRequest request, String name, long most) {
        Optional<String> given = Optional.ofNullable(request.getParameter(name));
        try {
            Optional<Long> number = given.map(Long::valueOf);
            if (number.filter(n -> n < 0 || n > most).isEmpty()) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new OperatorException(400, name + " must be a number from 0 to " + most);
    }
}
