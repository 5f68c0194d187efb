package dev.countersign.web;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.filter.Filter;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * The operational log's file, known only once the settings are; the console is in {@code logback.xml}.
 *
 * <p>Nobody who logs ever waits for either: each has a queue of its own and, when that is full, loses lines.
 */
final class ServerLog {

    private ServerLog() {}

    /** @param guard sees each event before its queue does, on the thread that logs it */
    static void writeTo(Path file, Filter<ILoggingEvent> guard) {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        LoggerContext context = root.getLoggerContext();
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setContext(context);
        lines.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSX, UTC} %-5level %msg%n%ex");
        lines.start();
        FileAppender<ILoggingEvent> appender = new FileAppender<>();
        appender.setContext(context);
        appender.setFile(file.toString());
        appender.setEncoder(lines);
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
