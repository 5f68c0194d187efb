package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A disk that takes no more, as the shell's limit on the size of files makes one. */
final class FullDiskTest {

    private static final Path SHELL = Path.of("/bin/sh");
    private static final int LIMIT_BLOCKS = 6_000; // of 512 bytes: 3 MB, the journal and SQLite's library have room

    @Test
    void aMessageWithoutRoomIsRefusedHealthGoesDownAndAfterwardsTheLogHoldsWhatWasAcknowledged(@TempDir Path home)
            throws Exception {
        assumeTrue(Files.isExecutable(SHELL));
        List<LoggedMessage> acknowledged;
        String code;
        try (ServerProcess full = ServerProcess.start(new ProcessBuilder(limitedCommand(home)))) {
            Service service = full.service();
            code = service.register("alice");
            acknowledged = sendUntilFull(service, code);

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

    private enum Hand {
        RENAMES,
        REMOVES,
        COPIES_AND_TRUNCATES,
        ROTATES
    }

    @ParameterizedTest
    @EnumSource
    void aFullLogThatSomebodyTakesAwayIsFollowedByOneThatHasRoom(Hand hand, @TempDir Path home) throws Exception {
        assumeTrue(Files.isExecutable(SHELL) && (hand != Hand.ROTATES || Logrotate.isInstalled()));
        List<LoggedMessage> acknowledged;
        try (ServerProcess server = ServerProcess.start(new ProcessBuilder(limitedCommand(home)))) {
            Service service = server.service();
            String code = service.register("alice");
            acknowledged = sendUntilFull(service, code);

            use(hand, home);

            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            Answer answer = service.send("alice", code, "again");
            while (answer.status() != 201) {
                assertTrue(System.nanoTime() < deadline, answer::text);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
                answer = service.send("alice", code, "again");
            }
            acknowledged.add(new LoggedMessage(answer.member("receipt"), answer.member("time"), "alice", "again"));
            while (Service.get(service.registerPort(), "/health").status() != 200) {
                assertTrue(System.nanoTime() < deadline, "still down");
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
            server.stop();
        }
        Map<String, LoggedMessage> found = new HashMap<>();
        try (Stream<Path> files = Stream.concat(Files.list(home), Files.list(home.resolve("logs")))) {
            for (Path file : files.filter(each -> each.getFileName().toString().matches("(taken|messages).*"))
                    .toList()) {
                for (String line : LoggedMessage.wholeLines(file)) {
                    LoggedMessage message = LoggedMessage.parse(line);
                    LoggedMessage other = found.putIfAbsent(message.receipt(), message);
                    assertTrue(other == null || other.equals(message), "one receipt, two messages");
                }
            }
        }
        acknowledged.forEach(each -> assertEquals(each, found.get(each.receipt())));
    }

    private static void use(Hand hand, Path home) throws IOException, InterruptedException {
        Path log = LoggedMessage.file(home);
        Path taken = home.resolve("taken");
        switch (hand) {
            case RENAMES -> Files.move(log, taken);
            case REMOVES -> {
                Files.createLink(taken, log);
                Files.delete(log);
            }
            case COPIES_AND_TRUNCATES -> {
                Files.copy(log, taken);
                Files.write(log, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
            }
            case ROTATES -> Logrotate.rotate(home, "create 0600\ncompress");
        }
    }

    private static List<LoggedMessage> sendUntilFull(Service service, String code) throws IOException {
        String text = "x".repeat(60_000);
        List<LoggedMessage> acknowledged = new ArrayList<>();
        Answer answer = service.send("alice", code, text);
        while (answer.status() == 201) {
            acknowledged.add(new LoggedMessage(answer.member("receipt"), answer.member("time"), "alice", text));
            answer = service.send("alice", code, text);
        }
        assertRefused(503, "unavailable", answer);
        return acknowledged;
    }

    private static List<String> limitedCommand(Path home) {
        List<String> command =
                ServerProcess.command("--home=" + home, "--host=127.0.0.1", "--register-port=0", "--message-port=0");
        command.addAll(0, List.of(SHELL.toString(), "-c", "ulimit -f " + LIMIT_BLOCKS + " && exec \"$@\"", "sh"));
        return command;
    }
}
