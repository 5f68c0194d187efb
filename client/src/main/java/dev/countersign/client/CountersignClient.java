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
 * A client of one Countersign server. It registers ids and sends messages; each message is logged once.
 *
 * <p>Safe for use by many threads. Each call takes a connection from a pool; the connection stays open for the next
 * call. A call that fails is retried for 30 s. It carries a key by which the server recognizes a repeat, so nothing is
 * logged twice. At most 8 requests of an id are in flight, because the server remembers only the last keys; further
 * calls wait. An interrupt ends the waiting. Two clients, in the same process or not, must not send with the same id at
 * the same time: register an id for each.
 *
 * <p>A program that must continue after its own crash gives each request a key of its own. It stores the key with the
 * texts before it sends them. After a restart it sends the requests that have no answer again, with the same keys.
 *
 * <p>No log shows a code, not even HttpClient's wire log.
 */
public final class CountersignClient implements AutoCloseable {

    private static final ContentType JSON = ContentType.create("application/json");

    /**
     * Larger bodies are sent with {@code Expect: 100-continue}. Otherwise a server that refuses the body would close
     * the connection, and its answer would be lost.
     */
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

    /** A builder for a client. By default the client uses the server on this machine with its default ports. */
    public static CountersignClientBuilder builder() {
        return new CountersignClientBuilder();
    }

    /** Registers an id with a random key: see {@link #register(String, String)}. */
    public Credentials register(String id) throws CountersignException {
        return register(id, Key.random());
    }

    /**
     * Registers an id, for good.
     *
     * @param id 1 to 64 of {@code A-Z a-z 0-9 . _ -}
     * @param key 16 to 64 visible ASCII characters that nobody can guess: for an hour, whoever knows the key can
     *     register the id again and gets a new code, which replaces the first
     * @throws RefusedException with {@link Refusal#ID_TAKEN} if someone registered the id before
     * @throws UnknownFateException if no answer came in time: the id may be taken now
     */
    public Credentials register(String id, String key) throws CountersignException {
        Objects.requireNonNull(id, "id");
        Key.check(key, 16);
        return credentials("/register", id, Body.registration(id), key);
    }

    /**
     * Gives the id a new code. The old code works until the new one is used for the first time. So if the answer is
     * lost, the same call can be made again.
     *
     * @throws RefusedException with {@link Refusal#WRONG_CODE} if the id is not registered or the code is not its code
     */
    public Credentials rotate(Credentials credentials) throws CountersignException {
        Objects.requireNonNull(credentials, "credentials");
        return credentials("/rotate", credentials.id(), Body.credentials(credentials), Key.random());
    }

    /** Sends a message with a random key: see {@link #send(Credentials, String, String)}. */
    public Receipt send(Credentials credentials, String message) throws CountersignException {
        return send(credentials, message, Key.random());
    }

    /**
     * Sends a message and waits until it is in the server's log.
     *
     * @param message any text, including the empty one; the server limits its length
     * @param key 1 to 64 visible ASCII characters that no other request of this id has
     * @throws RefusedException with {@link Refusal#WRONG_CODE} if the id is not registered or the code is not its code
     * @throws UnknownFateException if no answer came in time: the message may be logged
     * @throws IllegalArgumentException if the message is not valid text: it contains half of a surrogate pair
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

    /** Sends texts with a random key: see {@link #sendAll(Credentials, List, String)}. */
    public List<Receipt> sendAll(Credentials credentials, List<String> texts) throws CountersignException {
        return sendAll(credentials, texts, Key.random());
    }

    /**
     * Sends texts in one request and waits until they are in the server's log: next to each other in this order, all of
     * them or none.
     *
     * @param texts 1 to 1,000
     * @param key 1 to 64 visible ASCII characters that no other request of this id has
     * @return a receipt for each text, in the same order
     * @throws IllegalArgumentException if there are no texts, or too many or too large ones for one request (the
     *     message names the limit), or if one contains half of a surrogate pair
     */
    public List<Receipt> sendAll(Credentials credentials, List<String> texts, String key) throws CountersignException {
        Objects.requireNonNull(credentials, "credentials");
        Key.check(key, 1);
        if (texts.isEmpty() || texts.size() > Gathering.MAX_TEXTS) {
            throw new IllegalArgumentException(
                    "texts: " + texts.size() + ", but a request can have 1 to " + Gathering.MAX_TEXTS);
        }
        List<byte[]> bytes = texts.stream().map(Body::text).toList();
        checkSize(Body.messages(credentials, bytes).length);
        return logged(credentials, bytes, key);
    }

    /**
     * Queues a text and returns before it is sent. Texts with the same credentials that are queued while a request is
     * in flight go out together in the next request, in the order of the calls. This method waits while the queue holds
     * the texts of four requests: 4,000 texts, or four times the limit of a body.
     *
     * <p>A sending thread completes the future, so dependent stages must not block. The future fails with a
     * {@link CountersignException}. When the outcome of a request is unknown, or the server can't be reached, the texts
     * that are queued behind it fail, too, and are not sent.
     *
     * @throws IllegalArgumentException if the text contains half of a surrogate pair, or is too large for a request
     *     (the message names the limit)
     * @throws IllegalStateException if the client is closed
     */
    public CompletableFuture<Receipt> sendAsync(Credentials credentials, String text) {
        Objects.requireNonNull(credentials, "credentials");
        byte[] bytes = Body.text(Objects.requireNonNull(text, "text"));
        checkSize(Body.messages(credentials, List.of(bytes)).length);
        return outbox.add(credentials, bytes);
    }

    /**
     * Sends the texts that {@link #sendAsync} queued and closes the connections. Other calls in progress fail, and so do
     * later ones, with an {@link UnreachableException}.
     */
    @Override
    public void close() {
        outbox.close();
        http.close(CloseMode.GRACEFUL);
    }

    /** A queue for a sender's texts, whose requests fit into the limit of a body. */
    <T> Gathering<T> gathering(Credentials sender, Function<T, byte[]> text) {
        return new Gathering<>(
                maxBodyBytes - Body.messages(sender, List.of()).length, item -> text.apply(item).length + 1);
    }

    /** Sends texts that are encoded as JSON already, in one request. */
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
            } catch (IllegalStateException e) { // from HttpClient's pool
                throw attempts.outcome(new UnreachableException("the client is closed", e, false));
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
        HttpClientContext context = HttpClientContext.create();
        // not execute(): HttpClient would read an endless answer of some other server to its end before it closed the
        // connection
        try (ClassicHttpResponse response = http.executeOpen(port, request, context)) {
            Answer answer = Answer.read(response);
            if (!answer.isDone()) {
                throw answer.failure();
            }
            return reading.apply(answer.members());
        } catch (NoSuchElementException | DateTimeParseException e) { // a success, but not in Countersign's form
            throw new UnknownFateException("the answer is not Countersign's", e, true, Duration.ZERO);
        } catch (IOException e) {
            throw CountersignException.broken(e, wasSent(context));
        }
    }

    /** HttpClient names the connection just before it sends a request on it. */
    private static boolean wasSent(HttpClientContext context) {
        return context.getEndpointDetails() != null;
    }
}
