package dev.countersign.perf.report;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.client.CountersignClient;
import dev.countersign.client.Credentials;
import dev.countersign.core.Home;
import dev.countersign.web.CountersignServer;
import dev.countersign.web.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operator's page as an operator opens it: in a real browser, through the forwarded socket, while a client sends. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
@Tag("once")
class OperatorPageInBrowserTest {

    private static final String HOSTILE = "<img src=x onerror=alert(1)>\u202e\n";
    private static final String LIST = "document.querySelectorAll('#list li')";

    @TempDir
    private static Path folder;

    private static CountersignServer server;
    private static CountersignClient client;
    private static ServerSocketChannel forwarded;
    private static URI page;
    private static Browser browser;
    private static FutureTask<Void> load;
    private static volatile boolean stopped;

    @BeforeAll
    static void start() throws Exception {
        Optional<Path> chromium = Browser.installed();
        assumeTrue(chromium.isPresent(), "no Chromium on this machine: the page was not opened");
        Home home = Home.open(folder.resolve("home"));
        server = CountersignServer.start(home, Settings.local());
        client = CountersignClient.builder()
                .registerPort(server.registerPort())
                .messagePort(server.messagePort())
                .build();
        Credentials alice = client.register("alice");
        load = new FutureTask<>(() -> {
            while (!stopped) {
                client.sendAll(alice, List.of(HOSTILE, HOSTILE));
            }
            return null;
        });
        daemon(load);
        forwarded = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        daemon(() -> forward(home.operatorSocket()));
        page = URI.create("http://127.0.0.1:" + forwarded.socket().getLocalPort() + "/");
        browser = new Browser(chromium.get(), folder.resolve("profile"));
    }

    @AfterAll
    static void stop() throws Exception {
        if (browser != null) {
            browser.close();
            forwarded.close();
            stopped = true;
            load.get();
            client.close();
            server.close();
        }
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
    }

    /** Passes on what comes to a port, as {@code ssh -L} does. */
    private static void forward(Path socket) {
        try {
            while (true) {
                SocketChannel one = forwarded.accept();
                SocketChannel other = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                daemon(() -> copy(one, other));
                daemon(() -> copy(other, one));
            }
        } catch (IOException e) {
            // closed: the test is over
        }
    }

    private static void copy(SocketChannel from, SocketChannel to) {
        ByteBuffer buffer = ByteBuffer.allocate(16 * 1024);
        try (from;
                to) {
            while (from.read(buffer.clear()) >= 0) {
                to.write(buffer.flip());
            }
        } catch (IOException e) {
            // one of them has gone, and so does the other
        }
    }

    private static void open(int width, String scheme) throws Exception {
        browser.open(page, width, 900, scheme);
        await("document.querySelectorAll('path.line').length === 2 && " + LIST + ".length > 0");
    }

    private static void await(String condition) throws Exception {
        while (!browser.evaluate(condition).equals("true")) {
            Thread.sleep(50);
        }
    }

    @ParameterizedTest
    @CsvSource({"390, light", "390, dark", "1440, light", "1440, dark"})
    void showsTheLoadWithoutErrorOverflowOrRequestToAnother(int width, String scheme) throws Exception {
        open(width, scheme);

        String tooWide =
                browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        String rate = browser.evaluate("document.getElementById('rate').textContent");
        assertAll(
                () -> assertEquals(List.of(), browser.console()),
                () -> assertTrue(
                        browser.requests().stream().allMatch(url -> url.startsWith(page.toString())),
                        () -> browser.requests().toString()),
                () -> assertEquals("0", tooWide, "pixels to scroll sideways"),
                () -> assertEquals("\"takes work\"", browser.evaluate("document.getElementById('health').textContent")),
                () -> assertTrue(rate.matches("\"[1-9][0-9,.]*\""), rate));
    }

    @Test
    void aMessageIsTextWhateverItSays() throws Exception {
        open(1440, "light");

        assertEquals("0", browser.evaluate("document.querySelectorAll('#list img').length"));
        assertEquals(
                "\"<img src=x onerror=alert(1)>\\\\u202e\\\\u000a\"",
                browser.evaluate("document.querySelector('#list bdi').innerText"));
    }

    @Test
    void theListHasTheMessagesOfTheIdThatIsTypedOnly() throws Exception {
        open(1440, "light");

        String type = "document.getElementById('id').value = '%s';"
                + "document.getElementById('id').dispatchEvent(new Event('input'));" + LIST + ".length";
        assertEquals("0", browser.evaluate(type.formatted("bob")));
        assertNotEquals("0", browser.evaluate(type.formatted("alice")));
    }

    @Test
    void whilePausedTheListStands() throws Exception {
        open(1440, "light");

        String press = "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'p' })); ";
        String content = "document.getElementById('list').textContent";
        String about = browser.evaluate("document.getElementById('about').textContent");

        String list = browser.evaluate(press + content);
        await("document.getElementById('about').textContent !== " + about);

        assertEquals(list, browser.evaluate(content));
        browser.evaluate(press);
        await(content + " !== " + list);
    }
}
