package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A console that takes no byte: a pipe that nobody reads and that is full, or a terminal after Ctrl-S. */
final class UnreadConsoleTest {

    private static final Pattern STARTED =
            Pattern.compile("started at .register=http://[^:]+:(\\d+)/register, message=http://[^:]+:(\\d+)/message");

    /** Fills a pipe, limits files to 2 MB, and starts what follows with its output and errors going to the pipe. */
    private static final String UNREAD = """
            mkfifo "$0" && exec 3<>"$0" && dd if=/dev/zero of="$0" bs=512 oflag=nonblock 2>/dev/null
            ulimit -f 6000 && exec "$@" >&3 2>&3""";

    @TempDir
    private Path folder;

    @Test
    void nothingWaitsForIt() throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "dd with oflag=nonblock");
        Path home = folder.resolve("home");
        List<String> command =
                ServerProcess.command("--home=" + home, "--host=127.0.0.1", "--register-port=0", "--message-port=0");
        command.addAll(
                0, List.of("/bin/sh", "-c", UNREAD, folder.resolve("pipe").toString()));
        Process server = new ProcessBuilder(command).start();
        try {
            Service service = awaitStart(server, home.resolve("logs/server.log"));
            String code = service.register("alice");
            Answer answer = service.send("alice", code, "x".repeat(60_000));
            while (answer.status() == 201) { // until the file is full, which is logged on the console, too
                answer = service.send("alice", code, "x".repeat(60_000));
            }

            assertRefused(503, "unavailable", answer);
            assertEquals(503, Service.get(service.registerPort(), "/health").status());
            server.toHandle().destroy();
            assertTrue(server.waitFor(20, TimeUnit.SECONDS), "it doesn't end");
            assertEquals(143, server.exitValue());
            String log = Files.readString(home.resolve("logs/server.log"));
            assertTrue(log.contains("can't commit") && log.contains("stopped"), log);
        } finally {
            ServerProcess.kill(server);
        }
    }

    private static Service awaitStart(Process server, Path log) throws Exception {
        while (server.isAlive()) {
            Matcher started = STARTED.matcher(Files.exists(log) ? Files.readString(log) : "");
            if (started.find()) {
                return new Service(Integer.parseInt(started.group(1)), Integer.parseInt(started.group(2)));
            }
            server.waitFor(20, TimeUnit.MILLISECONDS);
        }
        throw new AssertionError("it ended with " + server.exitValue());
    }
}
