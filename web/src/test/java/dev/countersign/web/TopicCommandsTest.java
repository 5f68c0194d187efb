package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.web.operator.OperatorClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the operator sees of messages that go to a Kafka topic, by the same commands as of files. */
@Tag("cluster")
final class TopicCommandsTest {

    @TempDir
    private static Path home;

    @RegisterExtension
    private static final RunningServer SERVER = new RunningServer(() -> home);

    private static Answer first;
    private static Answer second;

    @TempDir
    private Path folder;

    @BeforeAll
    static void send() throws IOException {
        first = SERVER.service().send("alice", SERVER.service().register("alice"), "hello");
        second = SERVER.service().send("bob", SERVER.service().register("bob"), "two\nlines");
    }

    private static CommandsTest.Outcome run(String... arguments) {
        return CommandsTest.runAt(home, arguments);
    }

    private static String log() {
        return "--log=" + Engines.environment(home).get("COUNTERSIGN_LOG");
    }

    @Test
    void logPrintsTheMessagesByTime() throws IOException {
        String ofAlice = first.member("time") + " alice hello\n";
        String ofBob = second.member("time") + " bob two\\u000alines\n";
        assertEquals(ofAlice + ofBob, run("log", log()).out());
        assertEquals(ofBob, run("log", log(), "--last=1").out());
        assertEquals(
                ofBob, run("log", log(), "--since=" + second.member("time")).out());
        assertEquals(
                ofAlice, run("log", log(), "--until=" + first.member("time")).out());
        assertEquals(ofBob, run("log", log(), "--id=bob").out());
        assertTrue(run("log", log(), "--raw")
                .out()
                .startsWith("{\"receipt\":\"" + first.member("receipt") + "\",\"time\":\"" + first.member("time")
                        + "\",\"id\":\"alice\",\"message\":\"hello\"}\n"));
    }

    @Test
    void aReceiptIsNoPlaceToBeginWith() {
        CommandsTest.Outcome refused = run("log", log(), "--from-receipt=2");
        assertEquals(1, refused.exitCode());
        assertEquals("countersign: messages of a Kafka topic are chosen by time, not by receipt\n", refused.err());
    }

    @Test
    void verifySaysThatItReadsNoTopic() {
        CommandsTest.Outcome refused = run("verify", log());
        assertEquals(1, refused.exitCode());
        assertTrue(refused.err().contains("verify reads the files of a home; what kafka://"), refused.err());
    }

    @Test
    void backupSaysWhatItDoesNotCopy() {
        String database = "--database=" + Engines.environment(home).get("COUNTERSIGN_DATABASE");
        CommandsTest.Outcome backup =
                run("backup", log(), database, folder.resolve("copy").toString());
        assertEquals(0, backup.exitCode(), backup.err());
        assertTrue(backup.out().contains(", and no messages of kafka://"), backup.out());
        assertTrue(backup.out().contains(", and no registrations: copy them from jdbc:postgresql://"), backup.out());
        assertFalse(Files.exists(LoggedMessage.file(folder.resolve("copy"))));
    }

    @Test
    void aTopicThatIsMissingIsNotMadeByACommand() {
        CommandsTest.Outcome refused = run("log", log() + "-other");
        assertEquals(1, refused.exitCode());
        assertTrue(refused.err().contains("there is no such topic"), refused.err());
    }

    @Test
    void theOperatorSeesTheNewestAndWhatA201Means() throws IOException {
        OperatorClient operator = new OperatorClient(home);
        OperatorClient.Answer newest = operator.ask("GET", "/messages?last=1");
        assertEquals(200, newest.status());
        assertTrue(newest.body().startsWith("{\"receipt\":\"" + second.member("receipt")), newest.body());
        assertEquals(400, operator.ask("GET", "/messages?after=1").status());
        String status = operator.ask("GET", "/status").body();
        assertTrue(status.contains("each in-sync replica") && !status.contains("freeDiskBytes"), status);
        assertFalse(operator.ask("GET", "/metrics").body().contains("countersign_disk_free_bytes"));
    }
}
