package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.message.BasicHttpRequest;
import org.apache.hc.core5.http.message.BasicHttpResponse;
import org.junit.jupiter.api.Test;

class RetryWhereNothingWasDoneTest {

    private final BasicHttpRequest request = new BasicHttpRequest("POST", "/message");
    private final HttpClientContext context = HttpClientContext.create();
    private final RetryWhereNothingWasDone retry =
            new RetryWhereNothingWasDone(3, Duration.ofMillis(100), new SplittableRandom(1));

    @Test
    void aRefusedConnectionIsTriedAgainSoManyTimes() {
        assertTrue(retry.retryRequest(request, new ConnectException(), 3, context));
        assertFalse(retry.retryRequest(request, new ConnectException(), 4, context));
    }

    @Test
    void whatATryLaterWillNotMendIsNotTriedAgain() {
        assertFalse(retry.retryRequest(request, new NoRouteToHostException(), 1, context));
    }

    @Test
    void thePausesDoubleAndAreStretchedByUpToAHalf() {
        assertWithin(100, 150, attempt -> refusedPauseMillis(1));
        assertWithin(200, 300, attempt -> refusedPauseMillis(2));
        assertWithin(400, 600, attempt -> refusedPauseMillis(3));
    }

    @Test
    void aPauseIsNeverShorterThanTheServerAsksFor() {
        BasicHttpResponse busy = new BasicHttpResponse(503);
        busy.setHeader(HttpHeaders.RETRY_AFTER, "2");

        assertWithin(
                2000, 3000, attempt -> retry.getRetryInterval(busy, 1, context).toMilliseconds());
    }

    @Test
    void clientsThatFailTogetherDoNotReturnTogether() {
        assertTrue(LongStream.range(0, 20)
                        .map(n -> refusedPauseMillis(3))
                        .distinct()
                        .count()
                > 10);
    }

    private long refusedPauseMillis(int attempts) {
        return retry.getRetryInterval(request, new ConnectException(), attempts, context)
                .toMilliseconds();
    }

    private static void assertWithin(long least, long most, LongUnaryOperator pauseMillis) {
        LongStream.range(0, 100).map(pauseMillis).forEach(millis -> {
            assertTrue(millis >= least && millis <= most, () -> millis + " is not " + least + " to " + most);
        });
    }
}
