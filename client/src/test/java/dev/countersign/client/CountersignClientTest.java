package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class CountersignClientTest {

    @TempDir
    private static Path home;

    private static RealServer server;
    private static CountersignClient client;

    @BeforeAll
    static void start() {
        server = new RealServer(home);
        client = server.clientBuilder().build();
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
    }

    @Test
    void theReceiptNamesTheMessagesLineInTheLog() throws Exception {
        Credentials alice = client.register("alice");

        Receipt receipt = client.send(alice, "hi");

        String line = server.line(receipt);
        assertTrue(line.endsWith("\"id\":\"alice\",\"message\":\"hi\"}"), line);
        assertTrue(line.contains(receipt.time().toString().substring(0, 19)), line);
    }

    @Test
    void anyTextArrivesAsItWas() throws Exception {
        List<String> texts = List.of(
                "",
                "\"quoted\" \\ <&>",
                "two\nlines\r\n",
                "\0\u0007\u001b[2J",
                "Grüße, 你好, \u202Eשלום",
                "\uD83D\uDE00\uFFFD\uFEFF",
                "${sys:user.home} $$");
        Credentials sender = client.register("texts");

        for (String text : texts) {
            client.send(sender, text);
        }

        assertEquals(texts, server.messagesOf("texts"));
    }

    @Test
    void halfOfASurrogatePairIsNotSentAsSomethingElse() throws Exception {
        Credentials sender = client.register("surrogate");

        assertThrows(IllegalArgumentException.class, () -> client.send(sender, "half \uD83D"));

        assertEquals(List.of(), server.messagesOf("surrogate"));
    }

    @Test
    void aSecondRegistrationIsRefused() throws Exception {
        client.register("taken");

        RefusedException refused = assertThrows(RefusedException.class, () -> client.register("taken"));

        assertEquals(Refusal.ID_TAKEN, refused.problem().refusal());
        assertEquals(409, refused.problem().status());
        assertFalse(refused.problem().title().isEmpty());
        assertFalse(refused.problem().detail().isEmpty());
    }

    @Test
    void anIdOutsideTheAlphabetIsRefused() {
        RefusedException refused = assertThrows(RefusedException.class, () -> client.register("no blanks"));

        assertEquals(Refusal.INVALID_ID, refused.problem().refusal());
    }

    @Test
    void aWrongCodeIsRefusedAndNotLogged() throws Exception {
        client.register("honest");

        RefusedException refused =
                assertThrows(RefusedException.class, () -> client.send(new Credentials("honest", "guessed"), "forged"));

        assertEquals(Refusal.WRONG_CODE, refused.problem().refusal());
        assertEquals(List.of(), server.messagesOf("honest"));
    }

    @Test
    void aMessageFarTooLargeIsRefusedNotLost() throws Exception {
        Credentials sender = client.register("large");

        RefusedException refused =
                assertThrows(RefusedException.class, () -> client.send(sender, "x".repeat(5_000_000)));

        assertEquals(Refusal.BODY_TOO_LARGE, refused.problem().refusal());
    }

    @Test
    void thePortThatIsNotForMessagesRefusesThem() throws Exception {
        Credentials sender = client.register("lost-its-way");
        try (CountersignClient crossed =
                server.clientBuilder().messagePort(server.registerPort()).build()) {

            RefusedException refused = assertThrows(RefusedException.class, () -> crossed.send(sender, "hi"));

            assertEquals(Refusal.NOT_FOUND, refused.problem().refusal());
        }
    }

    @Test
    void manyThreadsShareOneClient() throws Exception {
        int threads = 100; // more than the client's connections
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<Receipt>> calls = IntStream.range(0, threads)
                    .mapToObj(n -> (Callable<Receipt>) () -> client.send(client.register("thread-" + n), "from " + n))
                    .toList();

            for (Future<Receipt> call : pool.invokeAll(calls)) {
                call.get();
            }
        } finally {
            pool.shutdown();
        }

        for (int n = 0; n < threads; n++) {
            assertEquals(List.of("from " + n), server.messagesOf("thread-" + n));
        }
    }

    @Test
    void anArgumentThatIsNullIsNamedAndNothingSent() {
        Credentials me = new Credentials("me", "code");
        CountersignClientBuilder builder = CountersignClient.builder();

        assertNamed("message", () -> client.send(me, null));
        assertNamed("credentials", () -> client.send(null, "hi"));
        assertNamed("id", () -> client.register(null));
        assertNamed("host", () -> builder.host(null));
        assertNamed("connect timeout", () -> builder.connectTimeout(null));
        assertNamed("answer timeout", () -> builder.answerTimeout(null));
        assertNamed("first pause", () -> builder.firstPause(null));
        assertNamed("retry for", () -> builder.retryFor(null));
        assertNamed("delivery", () -> builder.delivery(null));
        assertNamed("id", () -> new Credentials(null, "code"));
        assertNamed("code", () -> new Credentials("me", null));
        assertNamed("value", () -> new Receipt(null, Instant.EPOCH));
        assertNamed("time", () -> new Receipt("1", null));
        assertNamed("type", () -> new Problem(null, "title", 400, "detail"));
        assertNamed("title", () -> new Problem("type", null, 400, "detail"));
        assertNamed("detail", () -> new Problem("type", "title", 400, null));
    }

    private static void assertNamed(String argument, Executable call) {
        assertEquals(argument, assertThrows(NullPointerException.class, call).getMessage());
    }

    @Test
    void theCodeIsInNoText() throws Exception {
        Credentials sender = client.register("discreet");
        RefusedException refused =
                assertThrows(RefusedException.class, () -> client.send(new Credentials("nobody", sender.code()), "hi"));

        assertFalse(sender.toString().contains(sender.code()));
        assertFalse(refused.toString().contains(sender.code()));
    }
}
