package dev.countersign.web;

import dev.countersign.core.ClientId;
import dev.countersign.core.StartupException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.InetAddressSet;

/** What one address and one id may still take. Kept in memory: a restart forgives. Safe for use by many threads. */
final class Quotas {

    private static final Pattern FOR = Pattern.compile("(?i)(?<![^;,\\s])for=(\"[^\"]*\"|[^;,\\s]*)");
    private static final Pattern ADDRESS = Pattern.compile("[0-9a-fA-F:.]{2,45}");
    private static final Duration DAY = Duration.ofDays(1);

    private final Optional<RateLimit> requestsOfAddress;
    private final Optional<RateLimit> requestsOfId;
    private final Optional<RateLimit> bytesOfId;
    private final InetAddressSet proxies = new InetAddressSet();

    /** @throws StartupException where the proxies are not said as addresses are */
    Quotas(QuotaSettings settings) {
        long seconds = settings.burst().toSeconds();
        requestsOfAddress = limit(settings.ratePerAddress() * seconds, settings.burst());
        requestsOfId = limit(settings.ratePerId() * seconds, settings.burst());
        bytesOfId = limit(settings.bytesPerId(), DAY);
        try {
            if (!settings.forwardedFrom().isEmpty()) {
                proxies.addAll(List.of(settings.forwardedFrom().strip().split("\\s*,\\s*")));
            }
        } catch (IllegalArgumentException e) {
            throw new StartupException("--forwarded-from: " + e.getMessage(), e);
        }
    }

    private static Optional<RateLimit> limit(long burst, Duration period) {
        return burst == 0 ? Optional.empty() : Optional.of(new RateLimit(burst, period, System::nanoTime));
    }

    /** @throws RefusalException {@link Problem#TOO_MANY_REQUESTS} where its address has none left */
    void takeRequest(Request request) {
        requestsOfAddress.ifPresent(limit -> sender(request).ifPresent(address -> take(limit, key(address), 1)));
    }

    /** To be called once the code was right: else anybody could use up what an id has. Throws as the other. */
    void takeRequest(ClientId id, int bytes) {
        requestsOfId.ifPresent(limit -> take(limit, id, 1));
        bytesOfId.ifPresent(limit -> take(limit, id, bytes));
    }

    private static void take(RateLimit limit, Object key, long units) {
        Duration wait = limit.take(key, units);
        if (!wait.isZero()) {
            throw new RefusalException(wait);
        }
    }

    /** Who has one address of IPv6 has all of its /64. */
    private static Object key(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? address : ByteBuffer.wrap(bytes).getLong();
    }

    /** Who sent it, as far as the proxies are believed; empty for a connection that is gone, and for a Unix socket's. */
    Optional<InetAddress> sender(Request request) {
        return request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress from
                ? Optional.of(sender(from.getAddress(), request.getHeaders()))
                : Optional.empty();
    }

    /**
     * The nearest that is none of the proxies. Jetty's ForwardedRequestCustomizer would take the farthest, which a client
     * may have made up, and of any proxy. With both headers one may be the client's: then neither is believed.
     */
    private InetAddress sender(InetAddress from, HttpFields headers) {
        if (!proxies.test(from)) {
            return from;
        }
        InetAddress sender = from;
        List<String> byName = headers.getValuesList("X-Forwarded-For");
        List<String> byRfc = headers.getValuesList("Forwarded");
        Stream<String> path = !byName.isEmpty() && !byRfc.isEmpty()
                ? Stream.empty()
                : byRfc.isEmpty()
                        ? Stream.of(String.join(",", byName).split(","))
                        : FOR.matcher(String.join(",", byRfc)).results().map(each -> each.group(1));
        List<String> hops = path.toList();
        for (int i = hops.size() - 1; i >= 0 && proxies.test(sender); i--) {
            Optional<InetAddress> next = address(hops.get(i));
            if (next.isEmpty()) {
                break;
            }
            sender = next.get();
        }
        return sender;
    }

    /** Of an IP address, which may have a port and quotes; looks up no names. */
    private static Optional<InetAddress> address(String hop) {
        String text = hop.strip().replace("\"", "");
        int colon = text.indexOf(':');
        String host = text.startsWith("[") // as IPv6 is written with a port
                ? text.substring(1, Math.max(1, text.indexOf(']')))
                : colon > 0 && colon == text.lastIndexOf(':') ? text.substring(0, colon) : text;
        if (!ADDRESS.matcher(host).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    InetAddress.getByName(host.contains(":") ? host : "::ffff:" + host)); // Java makes that IPv4
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }
}
