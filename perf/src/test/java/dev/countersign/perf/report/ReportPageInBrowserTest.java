package dev.countersign.perf.report;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.perf.data.Results.Harm;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page as a reader opens it: from disk, in a real browser. */
@Tag("once")
class ReportPageInBrowserTest {

    @TempDir
    private static Path folder;

    private static final String WHAT = "power cut at any point of what a real server was recorded to do, or a start";

    private static URI page;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        Optional<Path> chromium = Browser.installed();
        assumeTrue(chromium.isPresent(), "no Chromium on this machine: the page was not opened");
        ReportFixture fixture = new ReportFixture(Files.createDirectory(folder.resolve("reports")));
        for (Harm harm : Harm.values()) {
            fixture.with("proof/" + harm + ".json", ReportPageTest.trial(harm.name(), WHAT, 123_456, 0));
        }
        fixture.with("proof/ThreeServersTest.json", ReportPageTest.trial("KILL", WHAT, 20, 0));
        page = fixture.page().toUri();
        browser = new Browser(chromium.get(), folder.resolve("profile"));
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"390, light", "390, dark", "1440, light", "1440, dark"})
    void opensWithoutErrorOrRequestAndWithoutOverflow(int width, String scheme) throws Exception {
        browser.open(page, width, 900, scheme);

        String tooWide =
                browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assertAll(
                () -> assertEquals(List.of(), browser.console()),
                () -> assertEquals(List.of(page.toString()), browser.requests()),
                () -> assertEquals("0", tooWide, "pixels to scroll sideways"));
    }

    @Test
    void theFirstScreenHoldsTheWordTheTableAndTheLinks() throws Exception {
        browser.open(page, 1440, 900, "light");

        assertEquals("\"PASS\"", browser.evaluate("document.querySelector('.verdict strong').textContent"));
        double end = Double.parseDouble(
                browser.evaluate("document.getElementById('reference').getBoundingClientRect().bottom"));
        assertTrue(end <= 900, "ends at " + end);
    }

    @ParameterizedTest
    @ValueSource(ints = {390, 1440})
    void noTextOfAChartIsCutOff(int width) throws Exception {
        browser.open(page, width, 900, "light");

        assertEquals("[]", browser.evaluate("""
                        [...document.querySelectorAll('svg text')]
                            .map(text => [text.getBoundingClientRect(), text.textContent])
                            .filter(([box]) => box.left < 0 || box.right > document.documentElement.clientWidth)
                            .map(([, text]) => text)"""));
    }

    @Test
    void onAWideScreenNoTableHasToBeScrolled() throws Exception {
        browser.open(page, 1440, 900, "light");

        assertEquals("[]", browser.evaluate("""
                        [...document.querySelectorAll('.scroll')]
                            .filter(box => box.scrollWidth > box.clientWidth)
                            .map(box => box.getAttribute('aria-label'))"""));
    }

    @Test
    void theThemeFollowsTheReader() throws Exception {
        String paper = "getComputedStyle(document.body).backgroundColor";
        browser.open(page, 1440, 900, "light");
        String light = browser.evaluate(paper);

        browser.open(page, 1440, 900, "dark");

        assertNotEquals(light, browser.evaluate(paper));
    }

    @Test
    void everyBoxThatScrollsCanBeReachedByKeyboard() throws Exception {
        browser.open(page, 390, 900, "light");

        assertEquals("0", browser.evaluate("""
                        [...document.querySelectorAll('body *')]
                            .filter(box => ['auto', 'scroll'].includes(getComputedStyle(box).overflowX))
                            .filter(box => box.tabIndex !== 0)
                            .length"""));
    }
}
