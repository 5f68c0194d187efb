package dev.countersign.web;

import ch.qos.logback.core.AsyncAppenderBase;
import ch.qos.logback.core.encoder.EchoEncoder;
import ch.qos.logback.core.util.FileSize;
import dev.countersign.web.intake.Quotas;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.CustomRequestLog;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.DateCache;
import org.eclipse.jetty.util.NanoTime;
import org.eclipse.jetty.util.component.AbstractLifeCycle;

/**
 * Writes a line for each request, in the NCSA common log format, followed by the request's duration in microseconds.
 * Like the operational log it never blocks, and drops lines when its queue is full. Safe for use by many threads.
 *
 * <p>Of the client's text, a line has only methods and paths that this server knows: anything else may contain a code.
 */
final class AccessLog extends AbstractLifeCycle implements RequestLog {

    private static final FileSize MAX_SIZE = new FileSize(128 * FileSize.MB_COEFFICIENT);
    private static final int QUEUED_LINES = 8192;

    private final Path file;
    private final Quotas quotas;
    private final Set<String> paths;
    private final DateCache times = new DateCache(CustomRequestLog.DEFAULT_DATE_FORMAT, Locale.ENGLISH, "UTC");
    private final AsyncAppenderBase<String> queue = new AsyncAppenderBase<>();

    /**
     * @param quotas find the client's address behind a proxy
     * @param paths the paths that the server knows
     */
    AccessLog(Path file, Quotas quotas, Set<String> paths) {
        this.file = file;
        this.quotas = quotas;
        this.paths = paths;
    }

    @Override
    protected void doStart() {
        queue.setName("access-log");
        queue.setQueueSize(QUEUED_LINES);
        ServerLog.start(queue, new EchoEncoder<>(), MAX_SIZE, file, new ServerLog.ProtectedFile<>());
    }

    @Override
    protected void doStop() {
        queue.stop(); // writes what is queued, for a second at most
    }

    @Override
    public void log(Request request, Response response) {
        String method = request.getMethod();
        String path = request.getHttpURI().getPath();
        queue.doAppend(quotas.sender(request).map(InetAddress::getHostAddress).orElse("-")
                + " - - [" + times.format(Request.getTimeStamp(request)) + "] \""
                + (HttpMethod.fromString(method) == null ? "-" : method) + ' '
                + ("/".equals(path) || paths.contains(path) ? path : "-") + ' '
                + request.getConnectionMetaData().getProtocol() + "\" "
                + response.getStatus() + ' '
                + Response.getContentBytesWritten(response) + ' '
                + TimeUnit.NANOSECONDS.toMicros(NanoTime.since(request.getBeginNanoTime())));
    }
}
