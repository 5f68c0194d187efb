package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
        assertTrue(line.matches(".*\"id\":\"alice\",\"key\":\"[^\"]{22}\",\"message\":\"hi\"\\}"), line);
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
        assertNamed("credentials", () -> client.sendAll(null, List.of("hi")));
        assertNamed("credentials", () -> client.sendAsync(null, "hi"));
        assertNamed("text", () -> client.sendAsync(me, null));
        assertNamed("id", () -> new Credentials(null, "code"));
        assertNamed("code", () -> new Credentials("me", null));
        assertNamed("value", () -> new Receipt(null, Instant.EPOCH));
        assertNamed("time", () -> new Receipt("1", null));
        assertNamed("type", () -> new Problem(null, "title", 400, "detail"));
        assertNamed("title", () -> new Problem("type", null, 400, "detail"));
        assertNamed("detail", () -> new Problem("type", "title", 400, null));
    }

    @Test
    void theSameMessageWithTheSameKeyIsLoggedOnce() throws Exception {
        Credentials sender = client.register("keyed");

        Receipt first = client.send(sender, "once", "key-1");
        Receipt again = client.send(sender, "once", "key-1");
        List<Receipt> list = client.sendAll(sender, List.of("a", "b"), "key-2");
        List<Receipt> listAgain = client.sendAll(sender, List.of("a", "b"), "key-2");

        assertEquals(first, again);
        assertEquals(list, listAgain);
        assertEquals(List.of("once", "a", "b"), server.messagesOf("keyed"));
        RefusedException refused = assertThrows(RefusedException.class, () -> client.send(sender, "another", "key-1"));
        assertEquals(Refusal.KEY_REUSED, refused.problem().refusal());
    }

    @Test
    void whoRegistersAgainWithTheSameKeyGetsANewCode() throws Exception {
        Credentials lost = client.register("again", "nobody-guesses-this");

        Credentials kept = client.register("again", "nobody-guesses-this");

        client.send(kept, "hi");
        assertThrows(RefusedException.class, () -> client.send(lost, "hi"));
        assertEquals(List.of("hi"), server.messagesOf("again"));
    }

    @Test
    void aListIsLoggedInItsOrderWithAReceiptForEach() throws Exception {
        Credentials sender = client.register("list");
        List<String> texts =
                IntStream.range(0, 1000).mapToObj(n -> "\"" + n + "\n").toList();

        List<Receipt> receipts = client.sendAll(sender, texts);

        assertEquals(texts, server.messagesOf("list"));
        assertTrue(server.line(receipts.get(6)).endsWith("\"part\":\"7/1000\",\"message\":\"\\\"6\\u000a\"}"));
    }

    @Test
    void aListThatIsTooMuchForARequestIsRefusedWithTheLimitBeforeItIsSent() throws Exception {
        Credentials sender = client.register("excess");
        String empty = "{\"id\":\"excess\",\"code\":\"" + sender.code() + "\",\"messages\":[\"\",\"x\"]}";
        String rest = "x".repeat(65_536 - empty.length());

        assertRefused(
                "texts: 1001, but a request can have 1 to 1000",
                () -> client.sendAll(sender, Collections.nCopies(1001, "")));
        assertRefused("texts: 0, but a request can have 1 to 1000", () -> client.sendAll(sender, List.of()));
        assertRefused("over the limit of 65536", () -> client.sendAll(sender, List.of(rest + "x", "x")));
        assertRefused("over the limit of 65536", () -> client.sendAsync(sender, rest + "xxxxx"));
        assertRefused("half of a surrogate pair", () -> client.sendAll(sender, List.of("fine", "half \uD83D")));
        assertEquals(List.of(), server.messagesOf("excess"));

        client.sendAll(sender, List.of(rest, "x"));
        assertEquals(List.of(rest, "x"), server.messagesOf("excess"));
    }

    private static void assertRefused(String message, Executable call) {
        String said = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(said.contains(message), said);
    }

    @Test
    void whatIsSentInTheBackgroundIsLoggedInOrderEachOnceWithItsReceipt() throws Exception {
        Credentials sender = client.register("background");
        List<String> texts = IntStream.range(0, 20_000)
                .mapToObj(n -> n + (n % 500 == 0 ? "x".repeat(20_000) : "é\u0001"))
                .toList();

        List<CompletableFuture<Receipt>> receipts =
                texts.stream().map(text -> client.sendAsync(sender, text)).toList();

        CompletableFuture.allOf(receipts.toArray(CompletableFuture[]::new)).get();
        assertEquals(texts, server.messagesOf("background"));
        assertTrue(server.line(receipts.get(19_999).get()).endsWith("\"message\":\"19999é\\u0001\"}"));
    }

    @Test
    void manyThreadsSendInTheBackgroundAsManyIds() throws Exception {
        List<Credentials> senders = List.of(client.register("many-1"), client.register("many-2"));
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Void>> calls = IntStream.range(0, 4)
                    .mapToObj(thread -> (Callable<Void>) () -> {
                        for (int n = 0; n < 3000; n++) {
                            client.sendAsync(senders.get(n % 2), thread + ":" + n);
                            if (n % 100 == 99) {
                                client.sendAsync(senders.get(n % 2), thread + ":" + n + " waits")
                                        .get();
                            }
                        }
                        return null;
                    })
                    .toList();
            for (Future<Void> call : pool.invokeAll(calls)) {
                call.get();
            }
        } finally {
            pool.shutdown();
        }

        for (int thread = 0; thread < 4; thread++) {
            String from = thread + ":";
            for (int id = 0; id < 2; id++) {
                int first = id;
                assertEquals(
                        IntStream.range(0, 3000)
                                .filter(n -> n % 2 == first)
                                .boxed()
                                .flatMap(n ->
                                        n % 100 == 99 ? Stream.of(from + n, from + n + " waits") : Stream.of(from + n))
                                .toList(),
                        server.messagesOf("many-" + (id + 1)).stream()
                                .filter(message -> message.startsWith(from))
                                .toList());
            }
        }
    }

    @Test
    void aCallbackMaySendInTheBackgroundHoweverMuchWaits() throws Exception {
        Credentials sender = client.register("callback");

        CompletableFuture<Receipt> last = client.sendAsync(sender, "first").thenCompose(first -> {
            for (int n = 0; n < 10_000; n++) { // more than may wait
                client.sendAsync(sender, "next");
            }
            return client.sendAsync(sender, "last");
        });

        last.get();
        assertEquals(10_002, server.messagesOf("callback").size());
    }

    @Test
    void closingSendsWhatWaitsInTheBackground() throws Exception {
        Credentials sender = client.register("closing");
        CountersignClient closing = server.clientBuilder().build();
        for (int n = 0; n < 3000; n++) {
            closing.sendAsync(sender, "x");
        }

        closing.close();

        assertEquals(3000, server.messagesOf("closing").size());
        assertThrows(IllegalStateException.class, () -> closing.sendAsync(sender, "late"));
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
