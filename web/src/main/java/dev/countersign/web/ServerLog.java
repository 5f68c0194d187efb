package dev.countersign.web;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.core.AsyncAppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
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
 * The file of the operational log; its path is known only when the settings are read. {@link Console} is there before.
 *
 * <p>Logging never blocks: file and console each have a queue. When a queue is full, lines are dropped.
 */
final class ServerLog {

    private static final FileSize MAX_SIZE = new FileSize(16 * FileSize.MB_COEFFICIENT);
    private static final int ROLLED_FILES = 4;

    private ServerLog() {}

    /** A file that gets the permissions of the operational log: Logback's would be readable by everybody. */
    static class ProtectedFile<E> extends RollingFileAppender<E> {

        /** Also called for each new file. */
        @Override
        public void openFile(String name) throws IOException {
            Path file = Path.of(name);
            if (Files.notExists(file)) {
                Path log = file.resolveSibling("server.log");
                Path model = Files.exists(log) ? log : file.resolveSibling("server.1.log");
                Home.createFile(file);
                if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                    Files.setPosixFilePermissions(file, Files.getPosixFilePermissions(model));
                }
            }
            super.openFile(name);
        }
    }

    /** @param guard gets each event before the queue, on the thread that logs it */
    static void writeTo(Path file, OutOfMemoryGuard guard) {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSX, UTC} %-5level %msg%n%ex");
        AsyncAppender queue = new AsyncAppender();
        queue.addFilter(guard);
        start(queue, lines, MAX_SIZE, file, new ProtectedFile<>() {
            @Override
            public void openFile(String name) throws IOException {
                super.openFile(name);
                guard.writeTo(Path.of(name));
            }
        });
        root.addAppender(queue);
    }

    /**
     * Starts a queue for a file. A full file is renamed from NAME.log to NAME.1.log, an older one up to NAME.4.log.
     *
     * @param maxSize the approximate size of a full file
     * @throws StartupException if the file can't be written
     */
    static <E> void start(
            AsyncAppenderBase<E> queue, Encoder<E> lines, FileSize maxSize, Path file, ProtectedFile<E> appender) {
        FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
        SizeBasedTriggeringPolicy<E> whenFull = new SizeBasedTriggeringPolicy<>();
        for (ContextAware each : List.<ContextAware>of(queue, lines, appender, rolling, whenFull)) {
            each.setContext((LoggerContext) LoggerFactory.getILoggerFactory());
        }
        lines.start();
        appender.setFile(file.toString());
        appender.setEncoder(lines);
        rolling.setParent(appender);
        rolling.setFileNamePattern(file.toString().replaceFirst("\\.log$", ".%i.log"));
        rolling.setMaxIndex(ROLLED_FILES);
        rolling.start();
        whenFull.setMaxFileSize(maxSize);
        whenFull.setCheckIncrement(Duration.buildBySeconds(1)); // by default a minute, time for a file of any size
        whenFull.start();
        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(whenFull);
        try {
            appender.openFile(file.toString()); // start() would not say why it fails
        } catch (IOException e) {
            throw new StartupException(
                    "can't write " + file + ": " + Home.reason(e) + ". Give this user the right to.", e);
        }
        appender.start();
        queue.setNeverBlock(true);
        queue.setDiscardingThreshold(0); // INFO is as good as any while there is room
        queue.addAppender(appender);
        queue.start();
    }

    /** Writes the queued lines, for at most a second, and accepts no more. */
    static void close() {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }
}
