package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that takes no more, as the shell's limit on the size of files makes one. */
final class FullDiskTest {

    private static final Path SHELL = Path.of("/bin/sh");
    private static final int LIMIT_BLOCKS = 6_000; // of 512 bytes: 3 MB, the journal and SQLite's library have room

    @Test
    void aMessageWithoutRoomIsRefusedHealthGoesDownAndAfterwardsTheLogHoldsWhatWasAcknowledged(@TempDir Path home)
            throws Exception {
        assumeTrue(Files.isExecutable(SHELL));
        String text = "x".repeat(60_000);
        List<LoggedMessage> acknowledged = new ArrayList<>();
        String code;
        try (ServerProcess full = ServerProcess.start(new ProcessBuilder(limitedCommand(home)))) {
            Service service = full.service();
            code = service.register("alice");
            Answer answer = service.send("alice", code, text);
            while (answer.status() == 201) {
                acknowledged.add(new LoggedMessage(answer.member("receipt"), answer.member("time"), "alice", text));
                answer = service.send("alice", code, text);
            }

            assertRefused(503, "unavailable", answer);
            Answer health = Service.get(service.registerPort(), "/health");
            assertEquals("503 {\"status\":\"DOWN\"}", health.status() + " " + health.text());
            full.stop();
        }

        try (ServerProcess withRoom = ServerProcess.start(home)) {
            List<LoggedMessage> logged = LoggedMessage.readAll(home);
            int count = acknowledged.size();
            assertEquals(acknowledged, logged.subList(0, count));
            // one more is on disk, perhaps: the journal had it, and the log had no room for it
            assertTrue(logged.size() <= count + 1, () -> logged.size() + " lines of " + count);
            assertEquals(201, withRoom.service().send("alice", code, "again").status());
        }
    }

    @Test
    void whereLessIsFreeThanIsToBeKeptAMessageIsRefusedAndTheServersLogSaysWhy(@TempDir Path home) throws Exception {
        try (ServerProcess server = ServerProcess.start(new ProcessBuilder(ServerProcess.command(
                "--home=" + home,
                "--host=127.0.0.1",
                "--register-port=0",
                "--message-port=0",
                "--keep-free=1000000000000")))) {
            Service service = server.service();
            String code = service.register("alice");

            assertRefused(503, "unavailable", service.send("alice", code, "hi"));
            assertEquals(503, Service.get(service.messagePort(), "/health").status());
            server.stop();
        }
        assertEquals(0, Files.size(home.resolve("logs/messages.jsonl")));
        String log = Files.readString(home.resolve("logs/server.log"));
        assertTrue(log.contains("less than --keep-free=1000000000000: make room"), log);
    }

    private static List<String> limitedCommand(Path home) {
        List<String> command =
                ServerProcess.command("--home=" + home, "--host=127.0.0.1", "--register-port=0", "--message-port=0");
        command.addAll(0, List.of(SHELL.toString(), "-c", "ulimit -f " + LIMIT_BLOCKS + " && exec \"$@\"", "sh"));
        return command;
    }
}
