package dev.countersign.web;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.core.AsyncAppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.RolloverFailure;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.spi.ContextAware;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * The file of the operational log; its path is known only when the settings are read. The console is configured in
 * {@code logback.xml}.
 *
 * <p>Logging never blocks: file and console each have a queue. When a queue is full, lines are dropped.
 */
final class ServerLog {

    private static final FileSize MAX_SIZE = new FileSize(16 * FileSize.MB_COEFFICIENT);
    private static final int ROLLED_FILES = 4;

    private ServerLog() {}

    /** Renames full files to NAME.1.log to NAME.4.log, the newest first, and removes older ones. */
    static class Rolling extends FixedWindowRollingPolicy {

        private final Path file;

        Rolling(Path file) {
            this.file = file;
        }

        private Path aside(String index) {
            return file.resolveSibling(file.getFileName().toString().replace(".log", "." + index + ".log"));
        }

        /** Also creates the next file. */
        @Override
        public void rollover() throws RolloverFailure {
            try {
                super.rollover();
                create(file, aside("1"));
                begun(file);
            } catch (IOException e) {
                throw new RolloverFailure("can't begin a new " + file, e);
            }
        }

        /** Is called with each new file. */
        void begun(Path next) throws IOException {}
    }

    /** @param guard gets each event before the queue, on the thread that logs it */
    static void writeTo(Path file, OutOfMemoryGuard guard) {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSX, UTC} %-5level %msg%n%ex");
        AsyncAppender queue = new AsyncAppender();
        queue.addFilter(guard);
        start(queue, lines, MAX_SIZE, new Rolling(file) {
            @Override
            void begun(Path next) throws IOException {
                guard.writeTo(next);
            }
        });
        root.addAppender(queue);
    }

    /**
     * Starts a queue for a file with the permissions of the operational log.
     *
     * @param maxSize the approximate size at which the file is renamed
     * @throws StartupException if the file can't be written
     */
    static <E> void start(AsyncAppenderBase<E> queue, Encoder<E> lines, FileSize maxSize, Rolling rolling) {
        RollingFileAppender<E> appender = new RollingFileAppender<>();
        SizeBasedTriggeringPolicy<E> whenFull = new SizeBasedTriggeringPolicy<>();
        for (ContextAware each : List.<ContextAware>of(queue, lines, appender, rolling, whenFull)) {
            each.setContext((LoggerContext) LoggerFactory.getILoggerFactory());
        }
        lines.start();
        appender.setFile(rolling.file.toString());
        appender.setEncoder(lines);
        rolling.setParent(appender);
        rolling.setFileNamePattern(rolling.aside("%i").toString());
        rolling.setMaxIndex(ROLLED_FILES);
        rolling.start();
        whenFull.setMaxFileSize(maxSize);
        whenFull.setCheckIncrement(Duration.buildBySeconds(1)); // by default a minute, time for a file of any size
        whenFull.start();
        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(whenFull);
        try {
            create(rolling.file, rolling.file.resolveSibling("server.log"));
            appender.start();
            if (!appender.isStarted()) {
                throw new IOException("can't open it");
            }
        } catch (IOException e) {
            throw new StartupException(
                    "can't write " + rolling.file + ": " + Home.reason(e) + ". Give this user the right to.", e);
        }
        queue.setNeverBlock(true);
        queue.setDiscardingThreshold(0); // INFO is as good as any while there is room
        queue.addAppender(appender);
        queue.start();
    }

    /** Creates a missing file with another file's permissions: Logback's would be readable by everybody. */
    private static void create(Path file, Path other) throws IOException {
        if (Files.notExists(file)) {
            Home.createFile(file);
            if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(file, Files.getPosixFilePermissions(other));
            }
        }
    }

    /** Writes the queued lines, for at most a second, and accepts no more. */
    static void close() {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }
}
