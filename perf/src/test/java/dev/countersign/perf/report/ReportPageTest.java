package dev.countersign.perf.report;

import static dev.countersign.perf.report.ReportFixture.threshold;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.countersign.perf.data.Results;
import dev.countersign.perf.data.Results.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportPageTest {

    private static final Pattern WORD = Pattern.compile("<p class=\"answer\"><strong>(\\w+)</strong></p>");
    private static final Pattern POINTER = Pattern.compile("(?:src|href|action|srcset)\\s*=\\s*\"([^\"]*)\"");

    @TempDir
    private Path reports;

    private ReportFixture fixture;

    @BeforeEach
    void invent() throws Exception {
        fixture = new ReportFixture(reports);
    }

    @Test
    void aRunWhoseThresholdsAllHoldPasses() throws IOException {
        String html = fixture.html();

        assertEquals("PASS", word(html));
        assertTrue(html.contains("34 of 34 thresholds hold"));
        assertTrue(html.contains(
                "41,771 messages acknowledged to virtual users and new clients, 41,771 are in the log and 0 are lost"));
    }

    @Test
    void saysWhatTheServerReachesWithoutTheFlush() throws IOException {
        String html = fixture.html();

        assertTrue(
                html.contains("reaches 104\u00a0% (51 connections), 96\u00a0% (500 connections) of the empty servlet"));
        assertTrue(html.contains("Messages of 64 B, not flushed"));
    }

    @Test
    void saysNothingOfTheFlushWhereThatWasNotMeasured() throws IOException {
        String html = fixture.with("capacity.json", capacity -> capacity.add("unflushed", new JsonArray()))
                .html();

        assertFalse(html.contains("--sync os"));
        assertFalse(html.contains("not flushed"));
    }

    @Test
    void saysWhatTheServerReachesWithTlsAndNothingWhereThatWasNotMeasured() throws IOException {
        String html = fixture.html();
        assertTrue(html.contains("of 64 B, it reaches 81\u00a0% (51 connections)"));
        assertTrue(html.contains("Messages of 64 B, TLS"));

        String before = fixture.with("capacity.json", capacity -> capacity.add("encrypted", new JsonArray()))
                .html();

        assertFalse(before.contains("TLS"));
    }

    @Test
    void otherServersAreOnTheFirstScreenAndInATableForEachSetting() throws IOException {
        String html = fixture.html();

        assertTrue(html.contains("over 51 connections. Countersign: 60,000; Redis Streams 7.0.15: 40,000."));
        assertTrue(html.contains("<caption>500 connections, 100 messages a request</caption>"));
        assertTrue(html.contains(
                "<th scope=\"row\">Redis Streams 7.0.15</th><td>40,000</td><td>0.667 (0.65 to 0.7)</td>"));
        assertTrue(html.contains("Not measured: PostgreSQL: postgres is not installed</p>"));
    }

    @Test
    void withoutOtherServersTheFirstScreenIsSilentOfThem() throws IOException {
        String html = fixture.without("peers.json").html();

        assertFalse(html.contains("Messages/s on this disk"));
        assertTrue(html.contains("Not measured in this run."));
    }

    @Test
    void severalMachinesStandBesideOneHopByHop() throws IOException {
        String html = fixture.with("proof/ThreeServersTest.json", trial("KILL", "servers killed", 20, 0))
                .html();

        String ofMessages = html.substring(html.indexOf("<caption>A message</caption>"));
        assertTrue(ofMessages.contains("<tr><th scope=\"row\">one server, files and SQLite</th>"
                + "<td>0.38\u00a0ms</td><td>0.85\u00a0ms</td><td>6,500</td><td>47</td><td>–</td><td>–</td></tr>"));
        assertTrue(ofMessages.contains("<tr><th scope=\"row\">three servers, Kafka and PostgreSQL, behind HAProxy</th>"
                + "<td>0.81\u00a0ms</td><td>2.3\u00a0ms</td><td>2,500</td><td>154</td><td>53</td><td>437</td></tr>"));
        assertTrue(ofMessages.contains(
                "<tr class=\"pass\"><th scope=\"row\">servers killed</th><td>20</td><td>5,000</td><td>0</td>"));
    }

    @Test
    void withoutSeveralMachinesTheirSectionIsLeftOut() throws IOException {
        assertFalse(fixture.without("hops.json").html().contains("machines\""));
    }

    @Test
    void aRatioWhoseQuartilesOverlapIsNoiseAndOthersAreBetterOrWorse() throws IOException {
        String html = fixture.html();

        assertTrue(html.contains("Compared with the run of 20 November 2026, 10:00 UTC, commit 0abcdef01234."));
        assertTrue(html.contains("<th scope=\"row\">Messages of 64 B, 51 connections</th>"
                + "<td>0.8 (0.79 to 0.81)</td><td>0.878 (0.865 to 0.889)</td><td>+9.75\u00a0%, better</td>"
                + "<td>1.1 (1.09 to 1.11)</td><td>1.22 (1.2 to 1.24)</td><td>+10.9\u00a0%, worse</td>"));
        assertTrue(html.contains("<td>−0.682\u00a0%, noise</td>"));
        assertTrue(html.contains("<td>−9.6\u00a0%, worse</td>")); // registrations over 51 connections
        assertTrue(html.contains("Throughput over the runs"));
    }

    @Test
    void aRunOnAnotherCpuIsSaidToBe() throws IOException {
        String other = fixture.history().replace("Invented CPU of a test fixture", "Older CPU");

        assertTrue(fixture.with("history.json", other).html().contains(", on another CPU: Older CPU."));
    }

    @Test
    void withoutAnEarlierRunThereIsNothingToCompareWith() throws IOException {
        for (String history : List.of("[]", "null")) {
            assertTrue(
                    fixture.with("history.json", history).html().contains("There is no earlier run to compare with."));
        }
        assertTrue(fixture.without("history.json").html().contains("There is no earlier run to compare with."));
    }

    @Test
    void aRunIsKeptBeforeItIsWrittenOver() throws IOException {
        Path data = reports.resolve("data");
        List<Results.PastRun> runs = ReportPage.runs(data);

        assertEquals(2, runs.size());
        assertEquals("2026-11-20T10:00:00Z", runs.get(0).startedAt());
        assertTrue(runs.get(1).ratios().containsKey("Registrations, 500 connections"));
        assertFalse(runs.get(1).ratios().containsKey("Registrations, 8 connections"), "without a control");
        fixture.with("history.json", new Gson().toJson(runs));
        assertEquals(runs, ReportPage.runs(data));
    }

    @Test
    void saysWhatTheServerDidUnderVirtualUsersWhereItWasAsked() throws IOException {
        String title = "51 virtual users: In the server: p99";
        assertTrue(fixture.html().contains(title));

        String html = fixture.with("51.json", load -> load.add("own", new JsonArray()))
                .html();

        assertFalse(html.contains(title));
    }

    @Test
    void saysWhatAFlushTakesAndWhereThatIsNotKnown() throws IOException {
        assertTrue(
                fixture.html().contains("takes 0.146\u00a0ms (p50) and 0.301\u00a0ms (p99), 6,512 of them a second."));

        assertTrue(fixture.without("disk.json").html().contains("The disk alone: not measured."));
    }

    @Test
    void saysWhatTheServerDidAtTheFixedRatesWhereItWasAsked() throws IOException {
        String title = "<h3>In the server: p99 of five seconds each</h3>";
        assertTrue(fixture.html().contains(title));

        String html = fixture.with(
                        "open.json",
                        open -> open.getAsJsonArray("rates")
                                .forEach(rate -> rate.getAsJsonObject().add("own", new JsonArray())))
                .html();

        assertFalse(html.contains(title));
    }

    @Test
    void theProofIsASentenceOnTopAndATrialALine() throws IOException {
        fixture.with("proof/kills.json", trial("KILL", "server <killed>", 200, 0))
                .with("proof/client.json", trial("KILL", "client killed", 100, 0));
        String html = fixture.with("proof/power.json", trial("POWER_CUT", "power cut", 100_000, 0))
                .html();

        assertTrue(
                html.contains("pass\"><strong>Killed 300 times, cut off from power 100,000 times: 0 lost, 0 doubled."));
        assertTrue(html.contains(
                "<tr class=\"pass\"><th scope=\"row\">server &lt;killed&gt;</th><td>200</td><td>5,000</td><td>0</td>"));
        assertTrue(html.contains("<a href=\"data/proof/power.json\">proof/power</a>"));
    }

    @Test
    void aTrialThatLostSomethingIsSaid() throws IOException {
        String html = fixture.with("proof/kills.json", trial("KILL", "server killed", 1, 3))
                .html();

        assertTrue(html.contains("fail\"><strong>Killed 1 times: 3 lost, 0 doubled."));
    }

    /** {@code ProofTest} in web holds the tests that leave such files to this one. */
    @Test
    void aFileThatATestHasLeftIsShownWithItsFailures() throws Exception {
        Path left = Path.of(
                ReportPageTest.class.getResource("/report/proof/CrashTest.json").toURI());
        String html =
                fixture.with("proof/CrashTest.json", Files.readString(left)).html();

        assertTrue(html.contains("fail\"><strong>Killed 100 times: 2 lost, 1 doubled; failed tests: 1.</strong>"));
        assertTrue(html.contains("<tr class=\"fail\"><th scope=\"row\">server killed</th><td>100</td><td>10,000</td>"
                + "<td>2</td><td>1</td><td>1</td><td>2026-11-26</td><td class=\"words\"><code>"
                + "<span>mvn</span> <span>-pl</span> <span>web</span> <span>test</span>"
                + " <span>-Dtest&#x3D;CrashTest</span> <span>-Dcrash.rounds&#x3D;100</span> </code></td></tr>"));
    }

    @Test
    void aTrialThatFailedBeforeItDidAnythingIsNoProof() throws IOException {
        String failed = trial("KILL", "server killed", 0, 0).replace("\"doubled\":0", "\"doubled\":0,\"failed\":1");

        String html = fixture.with("proof/kills.json", failed).html();

        assertTrue(html.contains("fail\"><strong>Not harmed at all: 0 lost, 0 doubled; failed tests: 1."));
    }

    static String trial(String harm, String what, int times, int lost) {
        return """
                {"harm":"%s","what":"%s","times":%d,"checked":5000,"lost":%d,"doubled":0,
                 "command":"mvn test","finishedAt":"2026-11-26T19:00:00Z"}""".formatted(harm, what, times, lost);
    }

    @Test
    void oneLostMessageFailsAndIsNamed() throws IOException {
        String html = fixture.with("51.json", load -> {
                    JsonObject findings = load.getAsJsonObject("findings");
                    findings.addProperty("inLog", 1215);
                    findings.addProperty("lost", 1);
                    threshold("nothing lost", 1, Verdict.FAIL).accept(load);
                })
                .html();

        assertEquals("FAIL", word(html));
        assertTrue(html.contains("33 of 34 thresholds hold"));
        assertTrue(html.contains("<strong>FAIL</strong> 51 virtual users: nothing lost 1 (limit 0)"));
        assertTrue(html.contains(
                "41,771 messages acknowledged to virtual users and new clients, 41,770 are in the log and 1 are lost"));
    }

    @Test
    void goalsStandApartFromTheThresholds() throws IOException {
        String html = fixture.html();

        assertTrue(html.contains("<p>34 of 34 thresholds hold</p>"));
        assertTrue(html.matches("(?s).*<p>\\d+ of \\d+ goals are met; goals don’t affect the verdict</p>.*"));
        assertTrue(html.contains("<th scope=\"col\">goal</th>"));
        assertTrue(html.contains("<td class=\"pass\">MET</td>"));
    }

    @Test
    void aLoadSideThatFellShortIsInvalid() throws IOException {
        String html = fixture.with("500.json", threshold("load side CPU", 91, Verdict.INVALID))
                .html();

        assertEquals("INVALID", word(html));
        assertTrue(html.contains("<strong>INVALID</strong> 500 virtual users: load side CPU 91\u00a0% (limit 80)"));
    }

    @Test
    void aFailureOutweighsWhatCannotBeTold() throws IOException {
        String html = fixture.with("500.json", threshold("load side CPU", 91, Verdict.INVALID))
                .with("51.json", threshold("nothing forged", 1, Verdict.FAIL))
                .html();

        assertEquals("FAIL", word(html));
    }

    @Test
    void theVerdictDependsOnTheThresholdsAlone() throws IOException {
        String html = fixture.with(
                        "51.json",
                        load -> served(load).getAsJsonObject("latency").addProperty("p99", 9_000_000))
                .html();

        assertEquals("PASS", word(html));
    }

    @Test
    void withoutTheLoadOf500UsersNothingIsPassed() throws IOException {
        String html = fixture.without("500.json").html();

        assertEquals("INVALID", word(html));
        assertTrue(html.contains("<strong>INVALID</strong> 500 virtual users: not measured"));
    }

    @Test
    void aRunThatNoThresholdJudgedIsNotPassed() throws IOException {
        String html = fixture.with(
                        "51.json",
                        load -> load.getAsJsonArray("thresholds").asList().clear())
                .html();

        assertEquals("INVALID", word(html));
    }

    @Test
    void withoutDataThePageSaysThatNothingWasMeasured() throws IOException {
        String html =
                fixture.without(ReportFixture.allFiles().toArray(String[]::new)).html();

        assertEquals("INVALID", word(html));
        assertTrue(html.contains("Neither 51 nor 500 virtual users were measured."));
        assertEquals(6, count(html, "<p class=\"missing\">Not measured.</p>"));
    }

    @Test
    void fullDataLeavesNoSectionEmpty() throws IOException {
        assertFalse(fixture.html().toLowerCase().contains("not measured."));
    }

    @Test
    void aQuickRunIsMarked() throws IOException {
        String mark = "<strong>Quick run</strong>";
        assertFalse(fixture.html().contains(mark));

        String html = fixture.with("environment.json", place -> place.addProperty("quick", true))
                .html();

        assertTrue(html.contains(mark));
    }

    @Test
    void uncommittedChangesAreMarked() throws IOException {
        String html = fixture.with("environment.json", place -> place.addProperty("dirty", true))
                .html();

        assertTrue(html.contains("0123456789ab with uncommitted changes"));
    }

    @Test
    void whatTheDataSayCannotBecomeMarkup() throws IOException {
        String attack = "\"><script>alert('x')</script>";
        String html = fixture.with("environment.json", place -> place.addProperty("cpu", attack))
                .with("open.json", rates -> renameTargets(rates, attack))
                .with(
                        "51.json",
                        load -> served(load)
                                .getAsJsonArray("steps")
                                .get(0)
                                .getAsJsonObject()
                                .addProperty("name", attack))
                .html();

        assertFalse(html.contains("<script"));
        assertTrue(html.contains("&lt;script&gt;"));
    }

    private static JsonObject served(JsonObject load) {
        return load.getAsJsonObject("served");
    }

    private static void renameTargets(JsonObject rates, String name) {
        rates.getAsJsonArray("rates").forEach(rate -> rate.getAsJsonObject().addProperty("target", name));
    }

    @Test
    void nothingOnThePagePointsElsewhere() throws IOException {
        String html = fixture.html();

        List<String> targets =
                POINTER.matcher(html).results().map(match -> match.group(1)).toList();
        assertTrue(targets.containsAll(List.of("51/index.html", "500/index.html", "data/51.json", "#thresholds")));
        assertEquals(
                List.of(),
                targets.stream()
                        .filter(target -> target.matches("(\\w+:|//|/).*"))
                        .toList());
        assertFalse(html.matches("(?s).*(@import|url\\(|<link|<script|<iframe|<img|https?://).*"));
    }

    @Test
    void everyPlaceOnThePageHasANameOfItsOwn() throws IOException {
        List<String> ids = Pattern.compile(" id=\"([^\"]+)\"")
                .matcher(fixture.html())
                .results()
                .map(match -> match.group(1))
                .toList();

        assertEquals(ids.stream().distinct().toList(), ids);
    }

    @Test
    void theSameDataGiveTheSamePage() throws IOException {
        assertEquals(fixture.html(), fixture.html());
    }

    @Test
    void digitsAreAsciiWhateverTheLocale() throws IOException {
        String expected = fixture.html();
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            assertEquals(expected, fixture.html());
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void aDamagedFileIsNamedAndLeavesTheOldPage() throws IOException {
        String before = fixture.html();
        for (String damaged : List.of("{\"virtualUsers\": \"many\"}", "{\"users\": 500, \"gates\": []}")) {
            fixture.with("500.json", damaged);

            IOException refusal = assertThrows(IOException.class, fixture::page);

            assertTrue(refusal.getMessage().contains("500.json"), refusal.getMessage());
        }
        assertEquals(before, Files.readString(reports.resolve("index.html")));
    }

    private static String word(String html) {
        return WORD.matcher(html)
                .results()
                .map(match -> match.group(1))
                .reduce((one, other) -> one + " and " + other)
                .orElse("no word");
    }

    private static long count(String html, String part) {
        return Pattern.compile(part, Pattern.LITERAL)
                .matcher(html)
                .results()
                .map(MatchResult::group)
                .count();
    }
}
