package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import dev.countersign.core.StartupException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.LoggerFactory;

/**
 * Ends the process, with a line, once memory has run out: whatever thread that hits has lost its work half done, and a
 * server without its selectors or its writers answers nobody. A supervisor starts it again.
 *
 * <p>Sees an OutOfMemoryError that ends a thread and, before the appenders, one that is caught and logged, as Jetty's
 * pool does. Jetty also catches some without a word, and to log one may fail in turn: so it looks each second, too,
 * whether there is memory. {@code -XX:+ExitOnOutOfMemoryError} does the same within the JVM, and at once.
 *
 * <p>All that it needs at the end is made at the start: then there may be no memory for it.
 */
final class OutOfMemoryGuard extends Filter<ILoggingEvent> implements Thread.UncaughtExceptionHandler {

    /** That of {@code -XX:+ExitOnOutOfMemoryError}. */
    private static final int EXIT_CODE = 3;

    private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** As large as a request: without it, none can be served. */
    private static final int PROBE_BYTES = 64 * 1024;

    private static final byte[] NOTHING = {};

    private final AtomicBoolean ending = new AtomicBoolean();
    private final byte[] line = ("countersign: out of memory; the process ends (exit code " + EXIT_CODE
                    + "). Start it again with a larger -Xmx.\n")
            .getBytes(US_ASCII);
    private final OutputStream console = new FileOutputStream(FileDescriptor.err);
    private volatile OutputStream serverLog;
    private final Thread end = daemon("out-of-memory-end", this::endInTime);
    private final Thread probe = daemon("out-of-memory-probe", this::probe);

    /** Where the probe goes, so that the compiler doesn't leave it out. */
    private volatile byte[] probed = NOTHING;

    private OutOfMemoryGuard(OutputStream serverLog) {
        this.serverLog = serverLog;
    }

    /** Guards this JVM from now on; whatever is logged is to pass the guard, too. */
    static OutOfMemoryGuard install(Path serverLog) {
        try {
            OutOfMemoryGuard guard = new OutOfMemoryGuard(new FileOutputStream(serverLog.toFile(), true));
            guard.end.start();
            guard.probe.start();
            Thread.setDefaultUncaughtExceptionHandler(guard);
            return guard;
        } catch (IOException e) {
            throw new StartupException("can't write " + serverLog + ": " + e.getMessage(), e);
        }
    }

    /** Writes its line into this file from now on. */
    void writeTo(Path file) throws IOException {
        OutputStream former = serverLog;
        serverLog = new FileOutputStream(file.toFile(), true);
        former.close();
    }

    @Override
    public void uncaughtException(Thread thread, Throwable failure) {
        endIfOutOfMemory(failure);
        try {
            LoggerFactory.getLogger(OutOfMemoryGuard.class).error("thread {} has died", thread.getName(), failure);
        } catch (OutOfMemoryError e) {
            endIfOutOfMemory(e);
        }
    }

    @Override
    public FilterReply decide(ILoggingEvent event) {
        IThrowableProxy proxy = event.getThrowableProxy();
        while (proxy instanceof ThrowableProxy cause) { // Logback breaks a circle of causes
            endIfOutOfMemory(cause.getThrowable());
            proxy = cause.getCause();
        }
        return FilterReply.NEUTRAL;
    }

    private void endIfOutOfMemory(Throwable failure) {
        if (failure instanceof OutOfMemoryError && ending.compareAndSet(false, true)) {
            write(serverLog);
            write(console);
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    private void probe() {
        while (!ending.get()) {
            LockSupport.parkNanos(this, TICK_NANOS);
            try {
                probed = new byte[PROBE_BYTES];
                probed = NOTHING;
            } catch (OutOfMemoryError e) {
                endIfOutOfMemory(e);
            }
        }
    }

    static Thread daemon(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private void write(OutputStream out) {
        try {
            out.write(line);
        } catch (IOException | RuntimeException | Error e) {
            // the end is what matters, the line is for the reader
        }
    }

    /** Gives the line one to two seconds: to write it may wait for whoever reads the console. */
    private void endInTime() {
        for (int ticks = 0; ticks < 2; ticks += ending.get() ? 1 : 0) {
            LockSupport.parkNanos(this, TICK_NANOS); // not until it is woken: to wake it may fail as well
        }
        Runtime.getRuntime().halt(EXIT_CODE);
    }
}
