package dev.countersign.web;

import static java.util.Map.entry;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.DefaultJoranConfigurator;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAware;
import ch.qos.logback.core.spi.LifeCycle;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;

/**
 * The log on the console, found by Logback as a service. A file of Logback's own, {@code logback.xml} on the class path
 * or the one of {@code -Dlogback.configurationFile}, replaces it. In Java, because reading XML takes a quarter of a
 * second of each start.
 */
public final class Console extends DefaultJoranConfigurator {

    private static final Map<String, Level> LEVELS = Map.ofEntries(
            entry(Logger.ROOT_LOGGER_NAME, Level.WARN),
            entry("dev.countersign", Level.INFO),
            // these warn of a client's mistakes in the client's own words; the client is told, and that is enough
            entry("org.eclipse.jetty.http.HttpParser", Level.ERROR),
            entry("org.eclipse.jetty.util.HostPort", Level.ERROR),
            // a library that can't be loaded is tried elsewhere; the reason is told by the start itself
            entry("org.sqlite.SQLiteJDBCLoader", Level.OFF),
            // these tell of each connection that a failure breaks; the failure itself is told once
            entry("com.zaxxer.hikari", Level.OFF),
            entry("org.apache.kafka", Level.OFF),
            entry("org.apache.kafka.common.utils.KafkaThread", Level.ERROR)); // tells of what a thread has died of

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (performMultiStepConfigurationFileSearch(true) != null) {
            return super.configure(context);
        }
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setPattern("%-5level %msg%n%ex");
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setTarget("System.err");
        ThresholdFilter warnings = new ThresholdFilter();
        warnings.setLevel(Level.WARN.levelStr);
        // a console that nobody reads, or Ctrl-S, blocks whoever writes to it: lines are lost then, and nobody waits
        AsyncAppender queue = new AsyncAppender();
        queue.setNeverBlock(true);
        for (ContextAware each : List.<ContextAware>of(lines, console, warnings, queue)) {
            each.setContext(context);
        }
        console.setEncoder(lines);
        queue.addAppender(console);
        queue.addFilter(warnings);
        for (LifeCycle each : List.<LifeCycle>of(lines, console, warnings, queue)) {
            each.start();
        }
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(queue);
        LEVELS.forEach((name, level) -> context.getLogger(name).setLevel(level));
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
