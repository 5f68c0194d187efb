package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import dev.countersign.core.Home;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server that can't go on ends by itself and says why: a supervisor starts it again. */
final class DeathTest {

    private static final Path SHELL = Path.of("/bin/sh");
    private static final int SECONDS_TO_END = 40;

    /** At the end of a class path, where its settings of the log count for nothing. */
    private static final String TEST_CLASSES = Stream.of(
                    System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> entry.endsWith("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));

    @TempDir
    private Path folder;

    @Test
    void aWriterThatDiesAnswersWhoWaitsAndEndsTheProcessWithItsCause() throws Exception {
        assumeTrue(Files.isExecutable(SHELL));
        Path logback = Files.writeString(
                folder.resolve("logback.xml"), """
                <configuration>
                  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
                    <encoder><pattern>%level %msg%n%ex</pattern></encoder>
                  </appender>
                  <appender name="broken" class="{class}"/>
                  <root level="INFO"><appender-ref ref="console"/><appender-ref ref="broken"/></root>
                </configuration>
                """.replace("{class}", BrokenAppender.class.getName()));
        List<String> command = withTestClasses(ServerProcess.command(arguments()));
        command.add(1, "-Dlogback.configurationFile=" + logback);
        command.addAll(0, List.of(SHELL.toString(), "-c", "ulimit -f 6000 && exec \"$@\"", "sh"));
        try (ServerProcess server = ServerProcess.start(new ProcessBuilder(command))) {
            Service service = server.service();
            String code = service.register("alice");
            Answer answer = service.send("alice", code, "x".repeat(60_000));
            while (answer.status() == 201) {
                answer = service.send("alice", code, "x".repeat(60_000));
            }

            assertRefused(503, "unavailable", answer);
            String output = server.restOfOutput();
            assertTrue(server.endsWithin(SECONDS_TO_END * 1_000));
            assertEquals(4, server.stop());
            assertTrue(output.contains("message-log-writer: the thread has died"), output);
            assertTrue(output.contains("AssertionError: outside the sink's commit"), output);
        }
    }

    /** Breaks the writer's thread where it is outside the commit itself: while it logs that one has failed. */
    public static final class BrokenAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

        @Override
        protected void append(ILoggingEvent event) {
            if (event.getMessage().contains("can't commit")) {
                throw new AssertionError("outside the sink's commit");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutMemoryTheProcessEndsWithALine(WayOut wayOut) throws Exception {
        assertEndsWithALine(Hog.class, "-Xmx32m", "-Dout=" + wayOut);
    }

    @Test
    void withoutMemoryBeforeTheLogIsOpenTheLineIsThereToo() throws Exception {
        assertEndsWithALine(EarlyHog.class);
    }

    private void assertEndsWithALine(Class<?> main, String... options) throws Exception {
        List<String> command = withTestClasses(ServerProcess.command(arguments()));
        command.set(command.indexOf(Main.class.getName()), main.getName());
        command.addAll(1, List.of(options));
        Path logback = Files.writeString(
                folder.resolve("logback.xml"), "<configuration><root level=\"INFO\"/></configuration>");
        command.add(1, "-Dlogback.configurationFile=" + logback);
        Path console = folder.resolve("console");
        Process server = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(console.toFile())
                .start();
        try {
            boolean ended = server.waitFor(SECONDS_TO_END, TimeUnit.SECONDS);
            assertTrue(ended, "it doesn't end: " + Files.readString(console));
            assertEquals(3, server.exitValue());
            for (Path out : List.of(console, serverLog())) {
                String text = Files.readString(out);
                assertTrue(text.contains("countersign: out of memory"), text);
            }
        } finally {
            ServerProcess.kill(server);
        }
    }

    /** Where an OutOfMemoryError goes. */
    enum WayOut {
        ENDS_ITS_THREAD,
        IS_LOGGED,
        IS_LOGGED_AS_A_CAUSE,
        IS_SWALLOWED,
    }

    /** A start that has no memory left for more than the guard. */
    static final class EarlyHog {

        public static void main(String[] arguments) {
            Path home = Path.of(arguments[0].substring("--home=".length()));
            OutOfMemoryGuard.install(Home.open(home).serverLog());
            throw new OutOfMemoryError();
        }
    }

    /** A server in a process where something else takes all memory and keeps it. */
    static final class Hog {

        private static final List<byte[]> TAKEN = new ArrayList<>();
        private static final Logger LOG = LoggerFactory.getLogger("org.eclipse.jetty.Hog");

        public static void main(String[] arguments) {
            Path home = Path.of(arguments[0].substring("--home=".length()));
            new Thread(() -> takeAll(home)).start();
            Main.main(arguments);
        }

        private static void takeAll(Path home) {
            WayOut wayOut = WayOut.valueOf(System.getProperty("out"));
            while (!hasStarted(home)) {
                LockSupport.parkNanos(10_000_000);
            }
            try {
                take(1_000_000);
            } catch (OutOfMemoryError e) {
                switch (wayOut) {
                    case ENDS_ITS_THREAD -> throw e;
                    case IS_LOGGED -> LOG.warn("{} failed", "a job", e);
                    case IS_LOGGED_AS_A_CAUSE -> LOG.warn("a job failed", new IllegalStateException(e));
                    case IS_SWALLOWED -> LockSupport.park(); // for good
                }
            }
        }

        private static boolean hasStarted(Path home) {
            try {
                return Files.readString(home.resolve("logs/server.log")).contains("started");
            } catch (IOException e) {
                return false;
            }
        }

        /** Blocks of a size until there is no room for one, then smaller ones. */
        private static void take(int blockBytes) {
            try {
                while (true) {
                    TAKEN.add(new byte[blockBytes]);
                }
            } catch (OutOfMemoryError e) {
                if (blockBytes < 1_000) {
                    throw e;
                }
                take(blockBytes / 10);
            }
        }
    }

    private Path serverLog() {
        return folder.resolve("home/logs/server.log");
    }

    private String[] arguments() {
        return new String[] {
            "--home=" + folder.resolve("home"), "--host=127.0.0.1", "--register-port=0", "--message-port=0"
        };
    }

    private static List<String> withTestClasses(List<String> command) {
        int classPath = command.indexOf("-cp") + 1;
        command.set(classPath, command.get(classPath) + File.pathSeparator + TEST_CLASSES);
        return command;
    }
}
