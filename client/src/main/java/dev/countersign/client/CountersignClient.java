package dev.countersign.client;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HeaderElements;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.apache.hc.core5.io.CloseMode;

/**
 * A client of one Countersign server: registers ids and sends messages, each of them once.
 *
 * <p>Safe for use by many threads: each call takes a connection of a pool for as long as it lasts, and the connection
 * stays open for the next. A call that fails is tried again for 30 s; it carries a key, by which the server knows a
 * repeat, so that nothing is logged twice. No more than 8 requests of an id are under way at a time, as the server
 * remembers so many of them; further calls wait. Two clients, in one process or two, must not send as the same id at the
 * same time: let each register its own. An interrupt ends the waiting.
 *
 * <p>Where the program itself may die and has to go on later it gives each request a key of its own making, keeps it with
 * the texts before it sends them, and after a restart sends what has no answer again, with the same key.
 *
 * <p>No log shows a code, HttpClient's wire log included.
 */
public final class CountersignClient implements AutoCloseable {

    private static final ContentType JSON = ContentType.create("application/json");

    /** A server that refuses a larger body cuts it off, and its answer with it, unless it was asked first. */
    private static final int MAX_UNASKED_BYTES = 64 * 1024;

    private final CloseableHttpClient http;
    private final HttpHost registerPort;
    private final HttpHost messagePort;
    private final int maxBodyBytes;
    private final Supplier<Retries> retries;
    private final Windows windows = new Windows();
    private final Outbox outbox = new Outbox(this);

    CountersignClient(
            CloseableHttpClient http,
            HttpHost registerPort,
            HttpHost messagePort,
            int maxBodyBytes,
            Supplier<Retries> retries) {
        this.http = http;
        this.registerPort = registerPort;
        this.messagePort = messagePort;
        this.maxBodyBytes = maxBodyBytes;
        this.retries = retries;
    }

    /** A client of the server on this machine, at its default ports; one step each changes that. */
    public static CountersignClientBuilder builder() {
        return new CountersignClientBuilder();
    }

    /** Registers an id with a key of its own: see {@link #register(String, String)}. */
    public Credentials register(String id) throws CountersignException {
        return register(id, Key.random());
    }

    /**
     * Registers an id, for good.
     *
     * @param id 1 to 64 of {@code A-Z a-z 0-9 . _ -}
     * @param key 16 to 64 visible ASCII characters that nobody can guess: for an hour, whoever knows it gets the id by
     *     registering it again, and a new code in place of the first
     * @throws RefusedException as {@link Refusal#ID_TAKEN} where someone registered it before
     * @throws UnknownFateException where no answer came in time: the id may be taken now
     */
    public Credentials register(String id, String key) throws CountersignException {
        Objects.requireNonNull(id, "id");
        Key.check(key, 16);
        return credentials("/register", id, Body.registration(id), key);
    }

    /**
     * Gives the id a new code. The old one works until the new one has been used for the first time, so where the answer is
     * lost the same call may be made again.
     *
     * @throws RefusedException as {@link Refusal#WRONG_CODE} where the credentials are not those of a registration
     */
    public Credentials rotate(Credentials credentials) throws CountersignException {
        Objects.requireNonNull(credentials, "credentials");
        return credentials("/rotate", credentials.id(), Body.credentials(credentials), Key.random());
    }

    /** Sends a message with a key of its own: see {@link #send(Credentials, String, String)}. */
    public Receipt send(Credentials credentials, String message) throws CountersignException {
        return send(credentials, message, Key.random());
    }

    /**
     * Sends a message and waits until the server has it in its log.
     *
     * @param message any text, the empty one too; the server bounds its length
     * @param key 1 to 64 visible ASCII characters that no other request of this id has
     * @throws RefusedException as {@link Refusal#WRONG_CODE} where the credentials are not those of a registration
     * @throws UnknownFateException where no answer came in time: the message may be logged
     * @throws IllegalArgumentException where the message is no text: it holds half of a surrogate pair
     */
    public Receipt send(Credentials credentials, String message, String key) throws CountersignException {
        Objects.requireNonNull(credentials, "credentials");
        byte[] text = Body.text(Objects.requireNonNull(message, "message"));
        Key.check(key, 1);
        return postMessage(
                credentials,
                Body.message(credentials, text),
                key,
                answer -> new Receipt(answer.text("receipt").orElseThrow(), time(answer)));
    }

    /** Sends texts with a key of their own: see {@link #sendAll(Credentials, List, String)}. */
    public List<Receipt> sendAll(Credentials credentials, List<String> texts) throws CountersignException {
        return sendAll(credentials, texts, Key.random());
    }

    /**
     * Sends texts in one request and waits until the server has them in its log: next to each other in this order, all
     * of them or none.
     *
     * @param key 1 to 64 visible ASCII characters that no other request of this id has
     * @return a receipt for each, in the same order
     * @throws IllegalArgumentException where they are none, or too many or too large for one request, whose limits it
     *     names; or where one is no text
     */
    public List<Receipt> sendAll(Credentials credentials, List<String> texts, String key) throws CountersignException {
        Objects.requireNonNull(credentials, "credentials");
        Key.check(key, 1);
        if (texts.isEmpty() || texts.size() > Gathering.MAX_TEXTS) {
            throw new IllegalArgumentException(
                    "texts: " + texts.size() + " is not 1 to " + Gathering.MAX_TEXTS + ", a request's limit");
        }
        List<byte[]> bytes = texts.stream().map(Body::text).toList();
        checkSize(Body.messages(credentials, bytes).length);
        return logged(credentials, bytes, key);
    }

    /**
     * Sends a text, together with others of the same credentials, and returns before that is done. What this method took
     * while a request was under way is the next one, in the order of the calls. It waits while four requests' worth of
     * texts do: 4,000 of them, or four times a body's limit.
     *
     * <p>The stage completes by a thread that sends, so what depends on it must not block; it fails with a {@link
     * CountersignException}. After one whose fate is unknown, or a server that can't be reached, the texts that wait
     * behind it fail, too, and are not sent.
     *
     * @throws IllegalArgumentException where it is no text, or too large for a request, whose limit is named
     * @throws IllegalStateException where the client is closed
     */
    public CompletableFuture<Receipt> sendAsync(Credentials credentials, String text) {
        Objects.requireNonNull(credentials, "credentials");
        byte[] bytes = Body.text(Objects.requireNonNull(text, "text"));
        checkSize(Body.messages(credentials, List.of(bytes)).length);
        return outbox.add(credentials, bytes);
    }

    /** Sends what {@link #sendAsync} took and closes the connections; other calls that threads have under way fail. */
    @Override
    public void close() {
        outbox.close();
        http.close(CloseMode.GRACEFUL);
    }

    /** A gathering of what a sender has to send, whose requests fit into the limit of a body. */
    <T> Gathering<T> gathering(Credentials sender, Function<T, byte[]> text) {
        return new Gathering<>(
                maxBodyBytes - Body.messages(sender, List.of()).length, item -> text.apply(item).length + 1);
    }

    /** Sends texts that are JSON in one request. */
    List<Receipt> logged(Credentials sender, List<byte[]> texts, String key) throws CountersignException {
        return postMessage(sender, Body.messages(sender, texts), key, answer -> receipts(answer, texts.size()));
    }

    private static List<Receipt> receipts(Members answer, int number) {
        List<String> receipts = answer.texts("receipts");
        Instant time = time(answer);
        if (receipts.size() != number) {
            throw new NoSuchElementException(receipts.size() + " receipts for " + number + " texts");
        }
        return receipts.stream().map(receipt -> new Receipt(receipt, time)).toList();
    }

    private static Instant time(Members answer) {
        return Instant.parse(answer.text("time").orElseThrow());
    }

    private void checkSize(int bodyBytes) {
        if (bodyBytes > maxBodyBytes) {
            throw new IllegalArgumentException(
                    "too large: a body of " + bodyBytes + " bytes is over the limit of " + maxBodyBytes);
        }
    }

    private Credentials credentials(String path, String id, byte[] body, String key) throws CountersignException {
        return post(
                registerPort,
                path,
                body,
                key,
                answer -> new Credentials(id, answer.text("code").orElseThrow()));
    }

    private <T> T postMessage(Credentials sender, byte[] body, String key, Function<Members, T> reading)
            throws CountersignException {
        Windows.Place place;
        try {
            place = windows.enter(sender.id());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw UnreachableException.interrupted(e);
        }
        try {
            return post(messagePort, "/message", body, key, reading);
        } finally {
            windows.leave(sender.id(), place);
        }
    }

    private <T> T post(HttpHost port, String path, byte[] body, String key, Function<Members, T> reading)
            throws CountersignException {
        Retries attempts = retries.get();
        while (true) {
            try {
                return attempt(port, path, body, key, reading);
            } catch (CountersignException e) {
                attempts.pauseAfter(e);
            }
        }
    }

    private <T> T attempt(HttpHost port, String path, byte[] body, String key, Function<Members, T> reading)
            throws CountersignException {
        ClassicHttpRequest request = ClassicRequestBuilder.post(path)
                .setHeader("Idempotency-Key", key)
                .setEntity(new ByteArrayEntity(body, JSON))
                .build();
        if (body.length > MAX_UNASKED_BYTES) {
            request.setHeader(HttpHeaders.EXPECT, HeaderElements.CONTINUE);
        }
        // open, as HttpClient's execute would read a stranger's endless answer to its end before it closed the
        // connection
        try (ClassicHttpResponse response = http.executeOpen(port, request, HttpClientContext.create())) {
            Answer answer = Answer.read(response);
            if (!answer.isDone()) {
                throw answer.failure();
            }
            return reading.apply(answer.members());
        } catch (NoSuchElementException | DateTimeParseException e) { // it says yes, and not as Countersign says it
            throw new UnknownFateException("the answer is none of Countersign's", e, true, Duration.ZERO);
        } catch (IOException e) {
            throw CountersignException.broken(e);
        }
    }
}
