package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of what strace says of a server, the promises that were made too early are found, and no others. */
final class PromisesTest {

    private static final String HOME = "/home";
    private static final String JOURNAL = "5<" + hex(HOME + "/data/messages.journal") + ">";
    private static final String LOG_PATH = hex(HOME + "/logs/messages.jsonl");
    private static final String LOG = "6<" + LOG_PATH + ">";

    private static final String RECORD = "1 pwrite64(" + JOURNAL + ", \"" + hex(record()) + "\", 4096, 8192) = 4096";
    private static final String FLUSH = "1 fdatasync(" + JOURNAL + ") = 0";
    private static final String FAILED_FLUSH = "1 fdatasync(" + JOURNAL + ") = -1 EIO (Input/output error) (INJECTED)";
    private static final String LINE = "1 write(" + LOG + ", \"" + hex("{\"receipt\":\"7\"}\n") + "\", 16) = 16";
    private static final String LOG_FLUSH = "2 fdatasync(" + LOG + ") = 0";
    private static final String REMOVAL = "3 unlink(\"" + LOG_PATH + "\") = 0";
    private static final String ANSWER = "1 write(9<" + hex("socket:[1]") + ">, \""
            + hex("HTTP/1.1 201 Created\r\n\r\n{\"receipt\":\"7\",\"time\":\"now\"}") + "\", 60) = 60";

    @TempDir
    Path folder;

    private static String record() {
        ByteBuffer record = ByteBuffer.allocate(JournalBatch.BLOCK_BYTES);
        record.putLong(16, 8).putInt(36, 1); // the next receipt, and the number of lines
        return new String(record.array(), ISO_8859_1);
    }

    private static String hex(String bytes) {
        StringBuilder hex = new StringBuilder();
        bytes.chars().forEach(each -> hex.append(String.format(Locale.ROOT, "\\x%02x", each)));
        return hex.toString();
    }

    private Promises promises(String... calls) throws IOException {
        Files.write(folder.resolve("life-1"), List.of(calls));
        return new Promises(Recording.read(folder, Path.of(HOME)));
    }

    private List<String> faults(String... calls) throws IOException {
        return promises(calls).faults();
    }

    @Test
    void anAnswerAfterFlushAndLineIsNoFault() throws Exception {
        Promises promises = promises(RECORD, FLUSH, LINE, ANSWER);
        assertEquals(List.of(), promises.faults());
        assertEquals("now", promises.messages().get(7L).value());
    }

    @Test
    void anAnswerBeforeItsFlushOrItsLineIsFound() throws Exception {
        assertEquals(
                List.of("receipt 7 goes out before its line is in the log: step 3"), faults(RECORD, FLUSH, ANSWER));
        assertTrue(faults(RECORD, LINE, ANSWER, FLUSH).contains("receipt 7 goes out before it is on the disk: step 2"));
        assertEquals(List.of("a reader sees 7 before it is on the disk: step 1"), faults(RECORD, LINE, FLUSH, ANSWER));
    }

    @Test
    void aFlushCountsOnceItHasEndedAndForWhatCameBeforeIt() throws Exception {
        String begins = "2 fdatasync(" + JOURNAL + " <unfinished ...>";
        String ends = "2 <... fdatasync resumed>) = 0";
        assertEquals(2, faults(begins, RECORD, ends, LINE, ANSWER).size());
        assertEquals(2, faults(RECORD, begins, LINE, ANSWER, ends).size());
        assertEquals(List.of(), faults(RECORD, begins, ends, LINE, ANSWER));
        assertEquals(
                2,
                faults(RECORD, begins.replace("unfinished", "detached"), LINE, ANSWER)
                        .size());
    }

    @Test
    void aFlushAfterAFailedOneDoesNothingForWhatIsNotWrittenAgain() throws Exception {
        assertEquals(2, faults(RECORD, FAILED_FLUSH, FLUSH, LINE, ANSWER).size());
        assertEquals(List.of(), faults(RECORD, FAILED_FLUSH, RECORD, FLUSH, LINE, ANSWER));
    }

    @Test
    void aLogThatSomebodyRemovesBeforeTheAnswerHadTheLine() throws Exception {
        assertEquals(List.of(), faults(RECORD, FLUSH, LINE, REMOVAL, ANSWER));
    }

    @Test
    void somebodyMayTakeAwayOnlyWhatWasFlushed() throws Exception {
        String failed = "2 fdatasync(" + LOG + ") = -1 EIO (Input/output error) (INJECTED)";
        assertTrue(promises(RECORD, FLUSH, LINE, LOG_FLUSH, REMOVAL, ANSWER).isTakenAway(7, 9));
        assertFalse(promises(RECORD, FLUSH, LINE, REMOVAL, ANSWER).isTakenAway(7, 9));
        assertFalse(promises(RECORD, FLUSH, LINE, failed, REMOVAL, ANSWER).isTakenAway(7, 9));
    }
}
