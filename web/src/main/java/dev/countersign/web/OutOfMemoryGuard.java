package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
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
 * Prints a line and ends the process when memory has run out. An OutOfMemoryError leaves its thread's work half done,
 * and a server that has lost its selectors or writers answers nobody. A supervisor starts the server again.
 *
 * <p>Notices an OutOfMemoryError that ends a thread, and one that is caught and logged, as Jetty's pool does, before
 * the appenders get it. Jetty also catches some without logging them, and logging may fail itself. So the guard also
 * checks every second whether it can allocate memory. {@code -XX:+ExitOnOutOfMemoryError} does the same within the JVM,
 * at once.
 *
 * <p>Everything needed at the end is allocated at the start, because there may be no memory for it later.
 */
final class OutOfMemoryGuard extends Filter<ILoggingEvent> implements Thread.UncaughtExceptionHandler {

    /** The same as of {@code -XX:+ExitOnOutOfMemoryError}. */
    private static final int EXIT_CODE = 3;

    private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** As large as a request: without that much memory the server can't serve any. */
    private static final int PROBE_BYTES = 64 * 1024;

    private static final byte[] NOTHING = {};

    private final AtomicBoolean ending = new AtomicBoolean();
    private final byte[] line = ("countersign: out of memory; the process ends (exit code " + EXIT_CODE
                    + "). Start it again with a larger -Xmx.\n")
            .getBytes(US_ASCII);
    private final OutputStream console = new FileOutputStream(FileDescriptor.err);
    private volatile OutputStream serverLog = OutputStream.nullOutputStream();
    private final Thread end = daemon("out-of-memory-end", this::endInTime);
    private final Thread probe = daemon("out-of-memory-probe", this::probe);

    /** Keeps the probe, so that the compiler doesn't remove its allocation. */
    private volatile byte[] probed = NOTHING;

    private OutOfMemoryGuard() {}

    /** Guards this JVM from now on, and writes the line to this file. All log events must pass the guard. */
    static OutOfMemoryGuard install(Path serverLog) {
        OutOfMemoryGuard guard = new OutOfMemoryGuard();
        try {
            guard.writeTo(serverLog);
        } catch (IOException e) {
            // the server log opens the file next, and says why it can't
        }
        guard.end.start();
        guard.probe.start();
        Thread.setDefaultUncaughtExceptionHandler(guard);
        return guard;
    }

    /** Writes the line to this file from now on. */
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
        while (proxy instanceof ThrowableProxy cause) { // Logback breaks circular causes
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
            // ending the process is more important than the line
        }
    }

    /** Gives the line one to two seconds: writing it may block if nobody reads the console. */
    private void endInTime() {
        for (int ticks = 0; ticks < 2; ticks += ending.get() ? 1 : 0) {
            LockSupport.parkNanos(this, TICK_NANOS); // does not rely on being woken, which may fail as well
        }
        Runtime.getRuntime().halt(EXIT_CODE);
    }
}
