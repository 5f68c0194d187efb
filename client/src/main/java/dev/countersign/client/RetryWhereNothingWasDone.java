package dev.countersign.client;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.apache.hc.client5.http.impl.DefaultHttpRequestRetryStrategy;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.TimeValue;

/**
 * Tries a request again, whatever its method, where the server did nothing: it refused the connection, or answered 503
 * with {@code Retry-After}. A request whose answer was lost is tried again only where its {@link Delivery} says so.
 *
 * <p>A refused connection is followed by the first pause, the next by twice that, and so on; a 503 by what it asks for,
 * if that is no longer than a caller may be held up. Every pause is stretched by up to a half, at random, so that clients
 * that failed together don't return together.
 */
final class RetryWhereNothingWasDone extends DefaultHttpRequestRetryStrategy {

    private static final int MAX_DOUBLINGS = 6;
    private static final TimeValue LONGEST_ASKED_FOR = TimeValue.ofSeconds(10);

    private final int retries;
    private final Duration firstPause;
    private final RandomGenerator random;

    RetryWhereNothingWasDone(int retries, Duration firstPause, RandomGenerator random) {
        super(retries, TimeValue.of(firstPause));
        this.retries = retries;
        this.firstPause = firstPause;
        this.random = random;
    }

    /** Has lost exchanges of the call in this context tried again, or not. */
    static void setDelivery(HttpContext context, Delivery delivery) {
        context.setAttribute(Delivery.class.getName(), delivery);
    }

    @Override
    public boolean retryRequest(HttpRequest request, IOException failure, int attempts, HttpContext context) {
        boolean harmless = LostExchanges.notedIn(context)
                ? context.getAttribute(Delivery.class.getName()) == Delivery.AT_LEAST_ONCE
                : failure instanceof ConnectException;
        return harmless && attempts <= retries;
    }

    @Override
    public boolean retryRequest(HttpResponse response, int attempts, HttpContext context) {
        return attempts <= retries
                && response.getCode() == HttpStatus.SC_SERVICE_UNAVAILABLE
                && response.containsHeader(HttpHeaders.RETRY_AFTER)
                && askedFor(response, attempts, context).compareTo(LONGEST_ASKED_FOR) <= 0;
    }

    @Override
    public TimeValue getRetryInterval(HttpRequest request, IOException failure, int attempts, HttpContext context) {
        return stretched(firstPause.multipliedBy(1L << Math.min(attempts - 1, MAX_DOUBLINGS)));
    }

    @Override
    public TimeValue getRetryInterval(HttpResponse response, int attempts, HttpContext context) {
        return stretched(askedFor(response, attempts, context).toDuration());
    }

    /** Seconds or a date, as {@code Retry-After} may have either; the first pause where it has neither, or no time. */
    private TimeValue askedFor(HttpResponse response, int attempts, HttpContext context) {
        return super.getRetryInterval(response, attempts, context);
    }

    private TimeValue stretched(Duration pause) {
        return TimeValue.of(pause.plusNanos(random.nextLong(pause.toNanos() / 2 + 1)));
    }
}
