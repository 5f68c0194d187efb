package dev.countersign.client;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/** The settings of a client. Each has a default. For use by one thread. */
public final class CountersignClientBuilder {

    private String host = "localhost";
    private int registerPort = 8000;
    private int messagePort = 8001;
    private boolean tls;
    private Optional<Path> trusted = Optional.empty();
    private int maxConnections = 64;
    private Duration connectTimeout = Duration.ofSeconds(5);
    private Duration answerTimeout = Duration.ofSeconds(30);
    private int maxBodyBytes = 64 * 1024;
    private Duration retryFor = Duration.ofSeconds(30);
    private Duration firstPause = Duration.ofMillis(100);
    private Consumer<CountersignException> waiting = failure -> {};

    CountersignClientBuilder() {}

    /** The server's host name or address; IPv6 with or without brackets. {@code localhost} by default. */
    public CountersignClientBuilder host(String host) {
        this.host = Objects.requireNonNull(host, "host");
        return this;
    }

    /** The port for registrations, 1 to 65535; 8000 by default. */
    public CountersignClientBuilder registerPort(int port) {
        registerPort = inRange("register port", port, 1, 65535);
        return this;
    }

    /** The port for messages, 1 to 65535; 8001 by default. */
    public CountersignClientBuilder messagePort(int port) {
        messagePort = inRange("message port", port, 1, 65535);
        return this;
    }

    /**
     * Uses TLS; Java must trust the issuer of the server's certificate. Without this call the client uses plain HTTP.
     */
    public CountersignClientBuilder tls() {
        tls = true;
        return this;
    }

    /**
     * Uses TLS, and trusts only the certificates in this file.
     *
     * @param pem PEM file with one or more certificates: of authorities, or the server's own
     */
    public CountersignClientBuilder trust(Path pem) {
        trusted = Optional.of(pem);
        return tls();
    }

    /** The most connections to each of the two ports; 64 by default. Further calls wait for a free connection. */
    public CountersignClientBuilder maxConnections(int connections) {
        maxConnections = inRange("connections", connections, 1, Integer.MAX_VALUE / 2);
        return this;
    }

    /** How long to wait for a connection; 5 s by default. */
    public CountersignClientBuilder connectTimeout(Duration timeout) {
        connectTimeout = positive("connect timeout", timeout);
        return this;
    }

    /** How long the server may send nothing before its answer counts as lost; 30 s by default. */
    public CountersignClientBuilder answerTimeout(Duration timeout) {
        answerTimeout = positive("answer timeout", timeout);
        return this;
    }

    /** The largest body that the server accepts, its {@code --max-body}; 65,536 by default, at least 1,024. */
    public CountersignClientBuilder maxBodyBytes(int bytes) {
        maxBodyBytes = inRange("body's bytes", bytes, 1024, Integer.MAX_VALUE / 4);
        return this;
    }

    /**
     * How long a call is retried, counted from its first failure; 30 s by default, zero for no retries. No attempt
     * begins later; the last one may take the connect timeout and the answer timeout. A call ends at once if retries
     * are pointless: the server refuses the request, its host name has no address, or it asks for a longer pause than
     * is left.
     */
    public CountersignClientBuilder retryFor(Duration time) {
        if (Objects.requireNonNull(time, "retry for").isNegative()) {
            throw new IllegalArgumentException("retry for: " + time + " is negative");
        }
        retryFor = time;
        return this;
    }

    /** The pause before the first retry; it doubles before each further one, up to 2 s. 100 ms by default. */
    public CountersignClientBuilder firstPause(Duration pause) {
        firstPause = positive("first pause", pause);
        return this;
    }

    /** Is told, before a call's first pause, why the call has to wait. */
    CountersignClientBuilder waiting(Consumer<CountersignException> told) {
        waiting = told;
        return this;
    }

    /**
     * Makes a client with these settings. It connects at its first call.
     *
     * @throws IllegalArgumentException if the host is neither a name nor an address, or the file of {@link #trust}
     *     can't be used
     */
    public CountersignClient build() {
        RetryPolicy policy = new RetryPolicy(retryFor, firstPause, new Random());
        Consumer<CountersignException> told = waiting;
        return new CountersignClient(
                httpClient(),
                serverAt(registerPort),
                serverAt(messagePort),
                maxBodyBytes,
                () -> new Retries(policy, told));
    }

    private HttpHost serverAt(int port) {
        String scheme = tls ? "https" : "http";
        String address = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        if (!address.contains(":")) {
            return new HttpHost(scheme, host, port);
        }
        try {
            // with brackets, which HttpClient omits for ::ffff:127.0.0.1; without the zone, which has a meaning on this
            // machine only
            String name = "[" + address.replaceFirst("%.*", "") + "]";
            return new HttpHost(scheme, InetAddress.getByName("[" + address + "]"), name, port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(
                    "host: " + host + " is neither a name nor an address; ports have settings of their own", e);
        }
    }

    private CloseableHttpClient httpClient() {
        PoolingHttpClientConnectionManagerBuilder connections = PoolingHttpClientConnectionManagerBuilder.create();
        if (tls) {
            connections.setTlsSocketStrategy(Tls.strategy(trusted));
        }
        return HttpClients.custom()
                .setConnectionManager(connections
                        .setConnectionFactory(unbound -> new UnloggedConnection())
                        .setMaxConnPerRoute(maxConnections)
                        .setMaxConnTotal(2 * maxConnections) // two ports are two routes
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.of(connectTimeout))
                                .setValidateAfterInactivity(TimeValue.ofSeconds(1))
                                .build())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setResponseTimeout(Timeout.of(answerTimeout))
                        .build())
                .disableAutomaticRetries() // Retries does that
                .setUserAgent("countersign-client")
                .disableRedirectHandling() // a code goes to nobody else
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching()
                .build();
    }

    private static int inRange(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + ": " + value + " is not " + min + " to " + max);
        }
        return value;
    }

    private static Duration positive(String name, Duration value) {
        if (Objects.requireNonNull(value, name).isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + ": " + value + " is not positive");
        }
        return value;
    }
}
