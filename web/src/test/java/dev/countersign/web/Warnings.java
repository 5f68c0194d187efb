package dev.countersign.web;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import java.io.Closeable;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/** The warnings and errors that this JVM logs, from construction to {@link #close}. */
public final class Warnings implements Closeable {

    private static final Logger ROOT = logger(Logger.ROOT_LOGGER_NAME);

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final List<Logger> leftOut;

    /** @param leftOut names of loggers whose warnings don't count, because Console leaves them out, too */
    public Warnings(String... leftOut) {
        this.leftOut = Stream.of(leftOut).map(Warnings::logger).toList();
        this.leftOut.forEach(each -> each.setLevel(Level.ERROR));
        log.start();
        ROOT.addAppender(log);
        ROOT.setLevel(Level.WARN);
    }

    private static Logger logger(String name) {
        return (Logger) LoggerFactory.getLogger(name);
    }

    /** Their messages with stack traces. */
    public List<String> list() {
        return List.copyOf(log.list).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN)) // a test may have set a logger's level
                .map(event -> event.getFormattedMessage()
                        + (event.getThrowableProxy() == null
                                ? ""
                                : ThrowableProxyUtil.asString(event.getThrowableProxy())))
                .toList();
    }

    @Override
    public void close() {
        ROOT.setLevel(Level.OFF); // as logback-test.xml has it
        ROOT.detachAppender(log);
        leftOut.forEach(each -> each.setLevel(null));
    }
}
