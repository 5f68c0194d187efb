package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.perf.data.Results.Environment;
import dev.countersign.perf.data.Results.Peer;
import dev.countersign.perf.data.Results.Peers;
import dev.countersign.perf.run.RunStep;
import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("once")
class PeerRunTest {
    private static final Environment HERE =
            new Environment("commit", false, "2026-11-27T00:00:00Z", "CPU", 2, 1, "Linux", "ext4", "17", "", true);

    @TempDir
    private Path folder;

    @Test
    void eachServerThatIsInstalledIsMeasuredAtEachSettingAndNothingIsLeft() throws Exception {
        Peers found;
        try (Servers servers = new Servers(reachable(folder))) {
            PeerRun run = new PeerRun(servers, true);
            for (RunStep step : run.steps()) {
                step.work().run();
            }
            found = run.result(HERE);
        }

        assertEquals(
                PeerProgram.ALL.size(), found.missing().size() + found.peers().size() / 4 - 1, found::toString);
        for (Peer each : found.peers()) {
            assertTrue(each.p99() > 0, each::toString);
            assertEquals(0, each.errors(), each::toString);
        }
        assertEquals(0, folder.toFile().list().length, "folders left");
    }

    @Test
    void whatRedisAnsweredIsInItsFile() throws Exception {
        PeerProgram redis = PeerProgram.ALL.get(0);
        assumeTrue(isInstalled("redis-server"), "Redis is not installed");
        long answered = answered(redis, server -> {});

        try (Stream<Path> files = Files.walk(folder)) {
            String file = Files.readString(files.filter(each -> each.toString().endsWith(".incr.aof"))
                    .findFirst()
                    .orElseThrow());
            // one of them was sent to find out whether it had started
            assertEquals(1 + answered, file.split("XADD", -1).length - 1);
        }
    }

    @Test
    void whatPostgresAnsweredIsInItsTable() throws Exception {
        PeerProgram postgres = PeerProgram.ALL.get(1);
        assumeTrue(isInstalled("postgres"), "PostgreSQL is not installed");
        StringBuilder rows = new StringBuilder();

        long answered = answered(postgres, server -> {
            Process psql = new ProcessBuilder(
                            "psql",
                            "-h127.0.0.1",
                            "-p" + server.messagePort().getPort(),
                            "-Upostgres",
                            "-tAc",
                            "SELECT count(*) FROM message WHERE length(message) = 64")
                    .start();
            rows.append(new String(psql.getInputStream().readAllBytes(), UTF_8).strip());
        });

        assertEquals(Long.toString(1 + answered), rows.toString());
    }

    private interface Look {
        void at(ServerProcess server) throws IOException;
    }

    /** How many messages of one turn were answered. */
    private long answered(PeerProgram program, Look look) throws Exception {
        Path home = Files.createDirectory(reachable(folder).resolve("home"));
        Workload workload = program.workload().over(3).carrying(10, false);
        try (ServerProcess server = program.start(home);
                LoadGenerator load = workload.connect(server)) {
            Turn turn = load.closedLoop(3, Duration.ofMillis(200)).inTexts(10);
            assertEquals(0, turn.errors());
            assertTrue(turn.answered() > 30, turn::toString);
            look.at(server);
            return turn.answered();
        }
    }

    @Test
    void aServerThatEndsAtOnceIsNamedByItsLastLine() {
        PeerProgram none =
                new PeerProgram("None", "echo ready\nno-such-server --version", Workload.other(Workload.XADD));
        PeerProgram wrong =
                new PeerProgram("Wrong", "echo \"$PWD is of no use\"; exit 1", Workload.other(Workload.XADD));

        assertTrue(refusal(none).contains("no-such-server"), refusal(none));
        assertEquals("its folder is of no use", refusal(wrong));
    }

    private String refusal(PeerProgram program) {
        return assertThrows(IOException.class, () -> program.start(folder)).getMessage();
    }

    private static boolean isInstalled(String program) throws Exception {
        String found = "PATH=$PATH:$(echo /usr/lib/postgresql/*/bin) command -v " + program;
        return new ProcessBuilder("sh", "-c", found).start().waitFor() == 0;
    }

    /** JUnit's folders are for their owner only, and PostgreSQL runs as another user where the tests are root's. */
    private static Path reachable(Path folder) throws IOException {
        return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    }
}
