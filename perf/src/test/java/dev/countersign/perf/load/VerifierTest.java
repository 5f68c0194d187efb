package dev.countersign.perf.load;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import dev.countersign.perf.data.Results.Findings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that had three clients: each registered and sent a message, and the third also tried a wrong code. Each test
 * spoils what it kept in one way.
 */
class VerifierTest {

    @TempDir
    private Path home;

    private final List<Sample> samples = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private final List<String> rolled = new ArrayList<>();
    private final Map<String, String> table = new LinkedHashMap<>();

    @BeforeEach
    void threeClients() {
        for (int i = 1; i <= 3; i++) {
            samples.add(sample(Sample.REGISTER, "201", "client-" + i, "", "code-" + i, "null"));
            samples.add(
                    sample(Sample.MESSAGE, "201", "client-" + i, "text " + i + " \uD83D\uDE00", "code-" + i, "" + i));
            log.add(line("" + i, "client-" + i, "text " + i + " \uD83D\uDE00"));
            table.put("client-" + i, "code-" + i);
        }
        samples.add(sample(Sample.WRONG_CODE, "403", "client-3", "refused", "code-3", "3"));
    }

    @Test
    void nothingIsWrongWhereAllIsKept() throws Exception {
        assertEquals(new Findings(3, 3, 3, 0, 3, 3, 0, 0, 0, 0, 0, 1, 1), verify());
    }

    @Test
    void allFilesOfTheLogAreRead() throws Exception {
        rolled.add(log.remove(0));

        assertEquals(new Findings(3, 3, 3, 0, 3, 3, 0, 0, 0, 0, 0, 1, 1), verify());
    }

    @Test
    void aKeyAndAPartDoNotMakeALineAnotherOne() throws Exception {
        log.replaceAll(line -> line.replace(",\"message\"", ",\"key\":\"k-1\",\"part\":\"1/2\",\"message\""));

        assertEquals(new Findings(3, 3, 3, 0, 3, 3, 0, 0, 0, 0, 0, 1, 1), verify());
    }

    @Test
    void aMissingLineIsLost() throws Exception {
        log.remove(1);

        Findings findings = verify();

        assertEquals(1, findings.lost());
        assertEquals(1, wrongs(findings));
    }

    @Test
    void aRepeatedLineIsDoubled() throws Exception {
        log.add(log.get(1));

        Findings findings = verify();

        assertEquals(1, findings.doubled());
        assertEquals(1, wrongs(findings));
    }

    @Test
    void aMessageLoggedAgainUnderAnotherReceiptIsDoubled() throws Exception {
        log.add(log.get(1).replace("\"2\"", "\"4\""));

        Findings findings = verify();

        assertEquals(1, findings.doubled());
        assertEquals(1, wrongs(findings));
    }

    @Test
    void aLineThatNobodySentIsForged() throws Exception {
        log.add(line("4", "client-1", "not by me"));

        Findings findings = verify();

        assertEquals(1, findings.forged());
        assertEquals(1, wrongs(findings));
    }

    @Test
    void aLineThatIsNoRecordIsForged() throws Exception {
        log.add("not JSON");
        log.add("{\"receipt\":\"5\",\"time\":\"2026-11-23T00:00:00Z\",\"id\":\"client-1\"}");

        Findings findings = verify();

        assertEquals(2, findings.forged());
        assertEquals(2, wrongs(findings));
    }

    @Test
    void aLineWithAnotherTextIsAltered() throws Exception {
        log.set(1, log.get(1).replace("text 2", "text 2!"));

        Findings findings = verify();

        assertEquals(1, findings.altered());
        assertEquals(1, wrongs(findings));
    }

    @Test
    void aLineWithAnotherIdIsAltered() throws Exception {
        log.set(1, log.get(1).replace("client-2", "client-1"));

        Findings findings = verify();

        assertEquals(1, findings.altered());
        assertEquals(1, wrongs(findings));
    }

    @Test
    void aLineWithAnotherReceiptIsAltered() throws Exception {
        log.set(1, log.get(1).replace("\"2\"", "\"7\""));

        Findings findings = verify();

        assertEquals(1, findings.altered());
        assertEquals(1, wrongs(findings));
    }

    @Test
    void twoMessagesWithEachOthersReceiptAreAltered() throws Exception {
        log.set(0, line("2", "client-1", "text 1 \uD83D\uDE00"));
        log.set(1, line("1", "client-2", "text 2 \uD83D\uDE00"));

        Findings findings = verify();

        assertEquals(2, findings.altered());
        assertEquals(2, wrongs(findings));
    }

    @Test
    void aLoggedMessageWithAWrongCodeIsSeen() throws Exception {
        log.add(line("4", "client-3", "refused"));

        Findings findings = verify();

        assertEquals(1, findings.refusedLogged());
        assertEquals(1, wrongs(findings));
    }

    @Test
    void anAcceptedWrongCodeIsNotRefused() throws Exception {
        samples.set(6, sample(Sample.WRONG_CODE, "201", "client-3", "refused", "code-3", "4"));
        log.add(line("4", "client-3", "refused"));

        Findings findings = verify();

        assertEquals(0, findings.refused());
        assertEquals(1, findings.refusedLogged());
    }

    @Test
    void aMessageWithoutAnAnswerMayBeInTheLogOnce() throws Exception {
        samples.set(3, sample(Sample.MESSAGE, "503", "client-2", "text 2 \uD83D\uDE00", "code-2", "none"));
        assertEquals(0, wrongs(verify()));

        log.remove(1);
        assertEquals(0, wrongs(verify()));

        log.add(line("2", "client-2", "text 2 \uD83D\uDE00"));
        log.add(line("2", "client-2", "text 2 \uD83D\uDE00"));
        assertEquals(1, verify().doubled());
    }

    @Test
    void aRowTooFewTooManyOrOfAnotherCodeIsStray() throws Exception {
        table.remove("client-1");
        table.put("client-2", "another code");
        table.put("client-4", "code-4");

        assertEquals(3, verify().stray());
    }

    @Test
    void oneCodeForTwoClientsIsSeen() throws Exception {
        samples.set(2, sample(Sample.REGISTER, "201", "client-2", "", "code-1", "null"));
        table.put("client-2", "code-1");

        Findings findings = verify();

        assertEquals(3, findings.registered());
        assertEquals(2, findings.distinctCodes());
    }

    @Test
    void theWarmUpIsLeftOut() throws Exception {
        log.add(0, line("0", Verifier.WARM_UP + "1", "text"));
        table.put(Verifier.WARM_UP + "1", "code");

        assertEquals(new Findings(3, 3, 3, 0, 3, 3, 0, 0, 0, 0, 0, 1, 1), verify());
    }

    private static long wrongs(Findings findings) {
        return findings.lost()
                + findings.doubled()
                + findings.altered()
                + findings.forged()
                + findings.refusedLogged()
                + findings.stray();
    }

    private static Sample sample(String step, String status, String id, String text, String code, String receipt) {
        return new Sample(0, 1, step, status, true, 1, id, text, code, receipt);
    }

    private static String line(String receipt, String id, String text) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("receipt", receipt);
        line.put("time", "2026-11-23T00:00:00.000Z");
        line.put("id", id);
        line.put("message", text);
        return new Gson().toJson(line);
    }

    private Findings verify() throws Exception {
        Files.createDirectories(home.resolve("logs"));
        Files.createDirectories(home.resolve("data"));
        Files.write(home.resolve("logs/messages.jsonl"), log);
        Files.write(home.resolve("logs/messages-0000000000000000001-0000000000000000001.jsonl"), rolled);
        Path database = home.resolve("data/countersign.db");
        Files.deleteIfExists(database);
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database)) {
            connection.createStatement().execute("CREATE TABLE registration (id TEXT, code_sha256 BLOB)");
            for (Map.Entry<String, String> row : table.entrySet()) {
                try (PreparedStatement insert = connection.prepareStatement("INSERT INTO registration VALUES (?, ?)")) {
                    insert.setString(1, row.getKey());
                    insert.setBytes(
                            2,
                            MessageDigest.getInstance("SHA-256")
                                    .digest(row.getValue().getBytes(UTF_8)));
                    insert.execute();
                }
            }
        }
        return Verifier.verify(samples, home);
    }
}
