package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The system's own logrotate, which an operator has run by cron. */
final class Logrotate {

    private static final Path COMMAND = Path.of("/usr/sbin/logrotate");

    private Logrotate() {}

    static boolean isInstalled() {
        return Files.isExecutable(COMMAND);
    }

    /**
     * Rotates a home's log, however short it is.
     *
     * @param directives how, a line each
     */
    static void rotate(Path home, String directives) throws IOException, InterruptedException {
        Path settings = Files.writeString(
                home.resolve("logrotate.conf"),
                LoggedMessage.file(home) + " {\nsize 1\nrotate 10000\n" + directives + "\n}\n");
        Process logrotate = new ProcessBuilder(
                        COMMAND.toString(),
                        "-s",
                        home.resolve("logrotate.state").toString(),
                        settings.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(logrotate.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, logrotate.waitFor(), output);
    }
}
