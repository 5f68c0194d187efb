package dev.countersign.web;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.RolloverFailure;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import dev.countersign.core.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;
import org.slf4j.LoggerFactory;

/**
 * The operational log's file, known only once the settings are; the console is in {@code logback.xml}.
 *
 * <p>Nobody who logs ever waits for either: each has a queue of its own and, when that is full, loses lines.
 */
final class ServerLog {

    private static final FileSize MAX_SIZE = new FileSize(16 * FileSize.MB_COEFFICIENT);
    private static final int ROLLED_FILES = 4;

    private ServerLog() {}

    /** Sets full files aside as server.1.log to server.4.log, the newest first; older ones go. */
    private static final class Rolling extends FixedWindowRollingPolicy {

        private final Path file;
        private final OutOfMemoryGuard guard;

        Rolling(Path file, OutOfMemoryGuard guard) {
            this.file = file;
            this.guard = guard;
        }

        /** Makes the next file, too, for the users that may read the last: Logback would make one for all. */
        @Override
        public void rollover() throws RolloverFailure {
            try {
                Optional<Set<PosixFilePermission>> permissions =
                        file.getFileSystem().supportedFileAttributeViews().contains("posix")
                                ? Optional.of(Files.getPosixFilePermissions(file))
                                : Optional.empty();
                super.rollover();
                Home.createFile(file);
                if (permissions.isPresent()) {
                    Files.setPosixFilePermissions(file, permissions.get());
                }
                guard.writeTo(file);
            } catch (IOException e) {
                throw new RolloverFailure("can't begin a new " + file, e);
            }
        }
    }

    /** @param guard sees each event before its queue does, on the thread that logs it */
    static void writeTo(Path file, OutOfMemoryGuard guard) {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        LoggerContext context = root.getLoggerContext();
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setContext(context);
        lines.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSX, UTC} %-5level %msg%n%ex");
        lines.start();
        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setContext(context);
        appender.setFile(file.toString());
        appender.setEncoder(lines);
        Rolling rolling = new Rolling(file, guard);
        rolling.setContext(context);
        rolling.setParent(appender);
        rolling.setFileNamePattern(file.resolveSibling("server.%i.log").toString());
        rolling.setMaxIndex(ROLLED_FILES);
        rolling.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> whenFull = new SizeBasedTriggeringPolicy<>();
        whenFull.setContext(context);
        whenFull.setMaxFileSize(MAX_SIZE);
        whenFull.setCheckIncrement(Duration.buildBySeconds(1)); // by default a minute, time for a file of any size
        whenFull.start();
        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(whenFull);
        appender.start();
        AsyncAppender queue = new AsyncAppender();
        queue.setContext(context);
        queue.setNeverBlock(true);
        queue.setDiscardingThreshold(0); // INFO is as good as any while there is room
        queue.addFilter(guard);
        queue.addAppender(appender);
        queue.start();
        root.addAppender(queue);
    }

    /** Writes what is queued, for a second at most, and takes no more. */
    static void close() {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }
}
