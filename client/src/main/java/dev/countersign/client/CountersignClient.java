package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HeaderElements;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.apache.hc.core5.io.CloseMode;

/**
 * A client of one Countersign server: registers ids and sends messages.
 *
 * <p>Safe for use by many threads: each call takes a connection of a pool for as long as it lasts, and the connection
 * stays open for the next. A call that the server did nothing for, because it refused the connection or was overloaded,
 * is tried again for 30 s; one whose fate is unknown is not, unless asked for with {@link Delivery#AT_LEAST_ONCE}. An
 * interrupt ends the waiting.
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
    private final Delivery delivery;
    private final RetryPolicy retryPolicy;
    private final Consumer<CountersignException> waiting;

    /** @param waiting told why before a call's first pause */
    CountersignClient(
            CloseableHttpClient http,
            HttpHost registerPort,
            HttpHost messagePort,
            Delivery delivery,
            RetryPolicy retryPolicy,
            Consumer<CountersignException> waiting) {
        this.http = http;
        this.registerPort = registerPort;
        this.messagePort = messagePort;
        this.delivery = delivery;
        this.retryPolicy = retryPolicy;
        this.waiting = waiting;
    }

    /** A client of the server on this machine, at its default ports; one step each changes that. */
    public static CountersignClientBuilder builder() {
        return new CountersignClientBuilder();
    }

    /**
     * Registers an id, for good.
     *
     * @param id 1 to 64 of {@code A-Z a-z 0-9 . _ -}
     * @throws RefusedException as {@link Refusal#ID_TAKEN} where someone registered it before
     * @throws UnknownFateException where the answer was lost: the id may be taken now by nobody who knows its code
     */
    public Credentials register(String id) throws CountersignException {
        Objects.requireNonNull(id, "id");
        JsonObject request = new JsonObject();
        request.addProperty("id", id);
        return post(
                registerPort,
                "/register",
                request,
                Delivery.AT_MOST_ONCE,
                answer -> new Credentials(id, answer.text("code")));
    }

    /**
     * Sends a message and waits until the server has it in its log.
     *
     * @param message any text, the empty one too; the server bounds its length
     * @throws RefusedException as {@link Refusal#WRONG_CODE} where the credentials are not those of a registration
     * @throws IllegalArgumentException where the message is no text: it holds half of a surrogate pair
     */
    public Receipt send(Credentials credentials, String message) throws CountersignException {
        Objects.requireNonNull(credentials, "credentials");
        Objects.requireNonNull(message, "message");
        JsonObject request = new JsonObject();
        request.addProperty("id", credentials.id());
        request.addProperty("code", credentials.code());
        request.addProperty("message", message);
        return post(
                messagePort,
                "/message",
                request,
                delivery,
                answer -> new Receipt(answer.text("receipt"), Instant.parse(answer.text("time"))));
    }

    /** Closes the connections; calls that other threads have under way fail. */
    @Override
    public void close() {
        http.close(CloseMode.GRACEFUL);
    }

    private <T> T post(HttpHost port, String path, JsonObject body, Delivery delivery, Function<Answer, T> reading)
            throws CountersignException {
        HttpEntity entity = entity(body);
        Retries retries = new Retries(retryPolicy, delivery, waiting);
        while (true) {
            try {
                return reading.apply(attempt(port, path, entity));
            } catch (FailedAttemptException e) {
                retries.pauseAfter(e);
            } catch (NoSuchElementException | DateTimeParseException e) {
                throw UnknownFateException.lost("the answer is none of Countersign's", e);
            }
        }
    }

    private Answer attempt(HttpHost port, String path, HttpEntity entity) throws FailedAttemptException {
        ClassicHttpRequest request =
                ClassicRequestBuilder.post(path).setEntity(entity).build();
        if (entity.getContentLength() > MAX_UNASKED_BYTES) {
            request.setHeader(HttpHeaders.EXPECT, HeaderElements.CONTINUE);
        }
        // open, as HttpClient's execute would read a stranger's endless answer to its end before it closed the
        // connection
        try (ClassicHttpResponse response = open(port, request)) {
            Answer answer = Answer.read(response);
            if (!answer.isCreated()) {
                throw FailedAttemptException.answered(answer);
            }
            return answer;
        } catch (IOException e) {
            throw FailedAttemptException.lost(e);
        }
    }

    private ClassicHttpResponse open(HttpHost port, ClassicHttpRequest request) throws FailedAttemptException {
        HttpClientContext context = HttpClientContext.create();
        try {
            return http.executeOpen(port, request, context);
        } catch (IOException e) {
            throw LostExchanges.notedIn(context)
                    ? FailedAttemptException.lost(e)
                    : FailedAttemptException.unreachable(e);
        }
    }

    private static HttpEntity entity(JsonObject body) {
        try {
            ByteBuffer bytes = UTF_8.newEncoder().encode(CharBuffer.wrap(body.toString()));
            return new ByteArrayEntity(bytes.array(), 0, bytes.limit(), JSON);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("no text: it holds half of a surrogate pair", e);
        }
    }
}
